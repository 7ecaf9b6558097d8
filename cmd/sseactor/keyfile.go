package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sseactor/sseactor/transport/auth"
)

// appendKey adds a line to a file of keys, which is made for its owner alone if there is
// none. After an error the file is as it was.
//
// The line goes there in one write at the end: a new file in the old one's place would
// be another user's if root ran this, would break the link if it is one, and would lose
// what somebody else adds at the same time.
func appendKey(path, line string) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	before, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	text := line + "\n"
	if len(before) > 0 && !bytes.HasSuffix(before, []byte("\n")) {
		text = "\n" + text // whoever adds a key to it takes it for whole
	}
	if _, err := auth.ParseKeys(append(before, text...)); err != nil {
		return fmt.Errorf("%s is faulty, and is left as it is: %w", path, err)
	}
	if _, err := f.WriteString(text); err != nil {
		return errors.Join(err, f.Truncate(int64(len(before)))) // half a line would make the file faulty
	}
	return f.Sync()
}
