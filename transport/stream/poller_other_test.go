//go:build !linux || 386 || s390x

package stream

func staleNews(*rig) {}
