//go:build linux

package main

import (
	"bytes"

	"github.com/sseactor/sseactor/actor"
)

// stream stands for a connection: the sink that counts, and the way to its client,
// as the server's own sinks have it. With its place in rig.streams it is all that
// this program keeps of a client, 24 bytes.
//
// The client's owner writes to it, as to any sink; the counts may be read while
// nothing is under way.
type stream struct {
	client *actor.Client
	events uint32 // of publishers
	others uint32 // of the server
}

// twoBlocks is less than two blocks of which one is a publisher's event, and more
// than one: all events of this program are of one size.
const (
	eventBytes = 200 // of data
	twoBlocks  = eventBytes + 60
)

// Write counts the blocks; the publishers' begin with "data".
func (s *stream) Write(p []byte) (int, error) {
	if len(p) < twoBlocks {
		s.count(p)
		return len(p), nil
	}
	for block := range bytes.SplitAfterSeq(p, []byte("\n\n")) {
		if len(block) > 0 {
			s.count(block)
		}
	}
	return len(p), nil
}

func (s *stream) count(block []byte) {
	if block[0] == 'd' {
		s.events++
	} else {
		s.others++
	}
}

func (s *stream) Blocks() bool { return false }
func (s *stream) Interrupt()   {}
func (s *stream) Close()       {}
