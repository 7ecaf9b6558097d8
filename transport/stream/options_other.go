//go:build !linux

package stream

import "time"

// SocketOptions is for Linux.
func SocketOptions(int, time.Duration) error { return nil }
