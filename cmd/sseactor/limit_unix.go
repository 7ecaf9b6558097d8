//go:build unix

package main

import "syscall"

// descriptorLimit is how many descriptors the process may have; 0: unknown. The Go
// runtime has raised it to the hard limit.
func descriptorLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return uint64(limit.Cur)
}
