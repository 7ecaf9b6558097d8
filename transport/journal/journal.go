// Package journal is what is kept for receivers that are away: the events marked
// persistent, in boxes, one for each user, session or topic and one for everybody.
//
// A Store keeps them. Package disk has the one that a single server uses, package
// memory the one for a server without a directory; one on Redis Streams fits as well
// (a box is a stream, Append is XADD with ids given, ReadAfter is XRANGE, Trim is
// XTRIM and XDEL, the cursors of a box are a hash). A Committer stands between
// publishers, a store and the hub: it writes what waits in one go, and only then are
// the events sent.
package journal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// Kind is what a box belongs to.
type Kind uint8

// The kinds. They are part of what is stored: new ones go to the end.
const (
	_         Kind = iota
	User           // Box.Name is the user's id
	Session        // Box.Name is the session's id
	Topic          // Box.Name is the topic
	Everybody      // Box.Name is empty
)

// Box names a mailbox. Those of users and sessions are emptied by acknowledgements,
// all by age and size.
type Box struct {
	Kind Kind
	Name string
}

// Record is a persistent event.
type Record struct {
	ID      sse.Sequence // its place in the order of all events
	Event   sse.Event    // Event.ID is the publisher's own id, if it gave one
	Boxes   []Box        // at least one; each once
	Expires time.Time    // whole milliseconds; it is neither kept nor read from then on
}

// Size is what a record counts for in the bounds of a box, in bytes.
func (r Record) Size() int {
	const rest = 64 // its id, its times, and what a store adds
	return len(r.Event.Name.String()) + len(r.Event.ID.String()) + len(r.Event.Data) + rest
}

// Limit bounds a page. A page has at least one record if there is one, however large.
type Limit struct {
	Records int
	Bytes   int // of the events' data
}

// Page is a part of what a box holds, oldest first.
type Page struct {
	Records []Record // without their Boxes
	More    bool     // there is more behind the last of them
	// Damaged: some of what is kept could not be read and is left out, here or elsewhere in
	// the store at that moment.
	Damaged bool
}

// Cursors is what is known of who has read a box.
type Cursors struct {
	// Devices is up to where each device has acknowledged.
	Devices map[string]sse.Sequence
	// Lost is the newest record that went before it was acknowledged or had expired,
	// because of the box's bounds or because the device that had not had it was forgotten:
	// who stands before it has missed something. Zero: none.
	Lost sse.Sequence
}

// Position is up to where a device has acknowledged what is in a box.
type Position struct {
	Box    Box
	Device string // empty: the one without a name
	ID     sse.Sequence
}

// Match is the records that have a publisher's own id. A client that has one of them may
// mean any, and has all before the oldest.
type Match struct {
	Oldest  sse.Sequence // zero: there is none
	Several bool         // there are others behind it
}

// Usage is what a store holds.
type Usage struct {
	Records uint64 // in boxes; a record in two boxes counts twice
	Bytes   uint64 // on disk, or in memory
	Boxes   uint64 // that are not empty; an estimate may do
	Damaged uint64 // times that what was kept could not be read, since the store was opened
}

// Trimmed is what a Trim, or the Appends since the one before, has removed.
type Trimmed struct {
	Expired      uint64
	Acknowledged uint64
	Pushed       uint64 // out of a full box, unacknowledged
	Devices      uint64 // forgotten
	More         bool   // there is more to do: call it again soon
}

// ErrFull is the error of an Append for which there is no room: the disk is full, or
// the store as large as it may be.
var ErrFull = errors.New("journal: no room")

// ErrTooLarge is the error of an Append for which there is no room, although there is for
// a smaller one; it is an ErrFull too. Nothing was tried with the disk, and the store is as
// well as before.
var ErrTooLarge = fmt.Errorf("%w for so much", ErrFull)

// ErrNotAbove is the error of an Append whose ids do not increase.
var ErrNotAbove = errors.New("journal: the ids do not increase")

// Store keeps records. Its methods may be called from any goroutine, but Append only
// from one at a time. A context ends the waiting, not what is under way.
type Store interface {
	// Append keeps records, in the order of their ids, which are above those of earlier
	// Appends and above what Newest was when the store was opened. When it returns nil,
	// they are as safe as Durable says, and readers find them; with an error (ErrTooLarge,
	// ErrFull or another) none of them is ever read, not after a restart either, unless the process
	// dies before it returns. The store may be tried again at any time; with no records it
	// is only that: a try whether Append would do what it says. What makes a box exceed its
	// bounds pushes the oldest out of it, but only what earlier Appends have brought: by what
	// one brings a box may exceed them, until the next.
	Append(ctx context.Context, records []Record) error
	// ReadAfter gives what a box holds with ids above after and not above through, without
	// what has expired by the store's clock. What can't be read whole is left out: the page
	// says so, it is counted in Usage, and the store reports it.
	ReadAfter(ctx context.Context, box Box, after, through sse.Sequence, limit Limit) (Page, error)
	// Find gives the records in a box that have a publisher's own id; the zero Match if
	// there is none.
	Find(ctx context.Context, box Box, own string) (Match, error)
	// Cursors gives a box's cursors; without any, an empty map or none.
	Cursors(ctx context.Context, box Box) (Cursors, error)
	// Advance notes acknowledgements, and makes known devices that are new; a box that
	// has too many loses the one that was not seen for longest, and what goes because that
	// one is forgotten is Lost. Without room, the first device of an empty box is not noted,
	// and the error is ErrFull; the other positions are. A position below the one
	// that is known moves nothing, but the device was seen. Only boxes of users and
	// sessions have devices. It is safe with the next Append or Trim: after a crash, what
	// was acknowledged last may be read again.
	Advance(ctx context.Context, positions []Position, now time.Time) error
	// Trim removes a bounded part of what has expired or is acknowledged by all devices,
	// and devices that were not seen for long.
	Trim(ctx context.Context, now time.Time) (Trimmed, error)
	// Clear removes all records, devices and what boxes have lost: a development server is
	// begun anew. Newest stays.
	Clear(ctx context.Context) error
	// Newest is the highest id ever appended, or given to Reach; it survives a restart.
	Newest() sse.Sequence
	// Reach says that ids up to this one may have been given to other events, so that
	// after a restart none is given again. It is safe with the next Append or Trim.
	Reach(id sse.Sequence) error
	// Sync makes what Advance and Reach have noted as safe as records are. It is called about
	// once a second, and does nothing if there is nothing new.
	Sync() error
	// Durable reports whether what Append has kept survives the end of the process.
	Durable() bool
	// Usage is what the store holds now.
	Usage() Usage
	// Close waits a while for what is under way; an error says that it has not ended. After
	// it each method that has an error gives one, and changes nothing; Close may be called
	// again, and says the same.
	Close() error
}
