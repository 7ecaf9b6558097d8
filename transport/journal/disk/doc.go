// Package disk is the journal of a single server: a directory with a Pebble store.
//
// Each record is kept once in each of its boxes, in the order of its ids, so that a page
// of a box is a short scan. Beside it there are an index by expiry, one of publishers'
// own ids, the cursors of devices, and what full boxes have lost. Nothing is scanned at
// the start: how large a box is is learnt when it is first touched.
//
// Pebble ends its process when it can't write. Here it never learns that: a guard stands
// between it and the files. At the first write or sync that fails, save those of
// compactions, which may fail, the guard lets nothing more through to the disk, as if the
// machine had lost it at that moment, and Pebble goes on against memory until it is
// closed. It is then opened again from what the disk has, less what Append had not
// finished: that is a recovery after a crash, within the process. While the disk takes
// nothing, the store is still read.
//
// What is damaged is reported and recovered from: logs before and behind the damage,
// tables behind it, and without their list, all that is in them. What was damaged is set
// aside, in files and directories that end in ".damaged", and never removed. One end of a
// log can't be told from none: a last record of which every byte is missing.
package disk
