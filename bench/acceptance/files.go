//go:build linux

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// sizes gives the bytes of each file below a directory. Files that go away meanwhile are
// left out.
func sizes(dir string) (map[string]int64, error) {
	all := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		if info, err := entry.Info(); err == nil {
			all[path] = info.Size()
		}
		return nil
	})
	return all, err
}

// dropCache has the kernel forget what it has in memory of the files below a directory,
// so that they are read from the disk.
func dropCache(dir string) error {
	files, err := sizes(dir)
	if err != nil {
		return err
	}
	for path := range files {
		if err := dropFile(path); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

func dropFile(path string) error {
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	// What is not on the disk yet would stay.
	if err := f.Sync(); err != nil {
		return err
	}
	if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
