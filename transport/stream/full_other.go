//go:build !unix

package stream

import "net"

// fullNotifier is for systems whose connections can say when they are full.
type fullNotifier interface{ onFull(func()) }

func noticing(conn net.Conn) net.Conn { return conn }
