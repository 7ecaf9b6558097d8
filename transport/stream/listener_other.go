//go:build !linux || 386 || s390x

package stream

import "net"

// NewListener is for Linux, where the streams of a listener can cost less.
func NewListener(ln net.Listener) (net.Listener, error) { return ln, nil }
