package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The directory says what it is, in a file that people can read too.
//
// A change of what is kept, or of how, is a new version: it opens journals of older ones,
// and testdata keeps one of each. Version 1 is the first.
const (
	formatFile    = "JOURNAL"
	formatVersion = 1
	formatText    = "sseactor journal, format %d\n"
)

// checkFormat reads the version, or writes it if the directory is new.
func checkFormat(files vfs.FS, dir string, create bool) (int, error) {
	name := files.PathJoin(dir, formatFile)
	text, err := readFile(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		names, err := files.List(dir)
		if err != nil {
			return 0, err
		}
		for _, other := range names {
			if tells(other) || strings.HasPrefix(other, "marker.") {
				return 0, fmt.Errorf("it holds a store, but no file %s that says of which format it is", formatFile)
			}
		}
		if !create {
			return 0, errors.New("there is no journal in it")
		}
		return formatVersion, writeFile(files, name, fmt.Appendf(nil, formatText, formatVersion))
	}
	if err != nil {
		return 0, fmt.Errorf("read its format: %w", err)
	}
	var version int
	if n, _ := fmt.Sscanf(string(text), formatText, &version); n != 1 || version < 1 {
		return 0, fmt.Errorf("its file %s is damaged: %.60q", formatFile, text)
	}
	if version > formatVersion {
		return 0, fmt.Errorf("it has format %d, written by a newer sseactor; this one reads formats up to %d", version, formatVersion)
	}
	return version, nil
}

func readFile(files vfs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// writeFile writes a file that is there whole or not at all.
func writeFile(files vfs.FS, name string, text []byte) error {
	return replaceFile(files, name, func(w vfs.File) error {
		_, err := w.Write(text)
		return err
	})
}

// replaceFile writes a file beside the one it replaces, and puts it in its place.
func replaceFile(files vfs.FS, name string, write func(vfs.File) error) error {
	const ending = ".new"
	f, err := files.Create(name+ending, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := files.Rename(name+ending, name); err != nil {
		return err
	}
	return syncDir(files, files.PathDir(name))
}

func syncDir(files vfs.FS, dir string) error {
	d, err := files.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
