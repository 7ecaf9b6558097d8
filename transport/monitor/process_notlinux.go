//go:build !linux

package monitor

func resident() uint64 { return 0 }
