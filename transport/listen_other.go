//go:build !linux

package transport

import (
	"syscall"
	"time"
)

func socketOptions(int, time.Duration) error { return nil }

var _ = syscall.EMFILE
