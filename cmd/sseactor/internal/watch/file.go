package watch

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// maxBytes bounds a file. Ten thousand keys are one megabyte.
const maxBytes = 8 << 20

// state is what can be seen of a file without reading it; links are followed.
type state struct {
	info  fs.FileInfo // nil: there is none
	fault string      // why
}

type states []state

func look(paths []string) states {
	all := make(states, len(paths))
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			all[i].fault = err.Error()
			continue
		}
		all[i].info = info
	}
	return all
}

func (s states) same(as states) bool { return slices.EqualFunc(s, as, state.same) }

// same reports whether nobody has touched the file. Another file in its place may have
// its time and its size; who may read it decides whether it can be read.
func (s state) same(as state) bool {
	if s.info == nil || as.info == nil {
		return s.info == as.info && s.fault == as.fault
	}
	return os.SameFile(s.info, as.info) && s.info.ModTime().Equal(as.info.ModTime()) &&
		s.info.Size() == as.info.Size() && s.info.Mode() == as.info.Mode()
}

func readAll(paths []string) ([][]byte, error) {
	contents := make([][]byte, len(paths))
	for i, path := range paths {
		content, err := read(path)
		if err != nil {
			return nil, err
		}
		contents[i] = content
	}
	return contents, nil
}

// read reads a file and nothing else: to open a pipe could wait for ever, and what was
// read from it can't be read again.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxBytes {
		return nil, fmt.Errorf("%s: more than %d bytes", path, maxBytes)
	}
	return content, nil
}
