// Package handover keeps a hub's history in a file from the end of one process to the
// start of the next, so that streams resume across a deployment as if there had been
// none.
//
// The file is written whole when the hub has stopped, and removed when it is read: one
// that lay there while a server ran would miss what was sent meanwhile.
package handover

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sseactor/sseactor/actor"
)

// name is the file's, in the directory of the journal.
const name = "history"

// Save writes a history into a directory, which must be there. After an error there is no
// file.
func Save(dir string, past actor.Past) (err error) {
	if past.Events == nil {
		return nil
	}
	path := filepath.Join(dir, name)
	temporary := path + ".new"
	defer func() {
		if err != nil {
			_ = os.Remove(temporary) // the first error says more
			err = fmt.Errorf("handover: %w", err)
		}
	}()
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	err = errors.Join(write(w, past), w.Flush(), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	return errors.Join(err, syncDir(dir))
}

// Load reads the history that is in a directory, nil if there is none, and removes it. A
// file that is damaged, or that a newer version has written, is removed as well: the error
// says so, and the server begins without a history, which clients are told.
func Load(dir string) (*actor.Past, error) {
	path := filepath.Join(dir, name)
	_ = os.Remove(path + ".new") // of a process that was killed while it wrote
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	// Before it is used: who starts twice from one file would tell clients that they have
	// missed nothing of what the first has sent.
	if err := errors.Join(err, os.Remove(path), syncDir(dir)); err != nil {
		return nil, fmt.Errorf("handover: %w", err)
	}
	past, err := read(b)
	if err != nil {
		return nil, fmt.Errorf("handover: the history of the process before can't be used: %w", err)
	}
	return past, nil
}

// syncDir makes a file's coming or going last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
