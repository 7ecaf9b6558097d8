package monitor

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Kind is what happened.
type Kind uint8

// The kinds.
const (
	Connect    Kind = iota // a stream was opened
	Disconnect             // it ended
	Send                   // an event was sent
	Refuse                 // a stream was not let in, or an event not sent
	kinds
)

var kindNames = [kinds]string{"connect", "disconnect", "send", "refuse"}

// String gives the kind as a viewer reads it.
func (k Kind) String() string { return kindNames[k] }

// Kinds is a set of them.
type Kinds uint8

// ParseKinds reads a list of kinds.
func ParseKinds(list string) (set Kinds, ok bool) {
	for name := range strings.SplitSeq(list, ",") {
		k := slices.Index(kindNames[:], name)
		if k < 0 {
			return 0, false
		}
		set |= 1 << k
	}
	return set, true
}

// Item is what a viewer is told of something that happened.
type Item struct {
	Time int64  `json:"t"` // milliseconds since 1970
	Kind string `json:"kind"`

	ClientID  string   `json:"clientId,omitempty"` // of the stream, as the next five
	UserID    string   `json:"userId,omitempty"`
	SessionID string   `json:"sessionId,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	Address   string   `json:"address,omitempty"`
	Agent     string   `json:"agent,omitempty"`

	Reason string `json:"reason,omitempty"` // why it ended, or was refused
	OpenMs *int64 `json:"openMs,omitempty"` // how long it was open

	ID         string `json:"id,omitempty"` // of the event, as what follows
	Event      string `json:"event,omitempty"`
	To         *To    `json:"to,omitempty"`
	Queued     *int   `json:"queued,omitempty"` // for how many streams
	By         string `json:"by,omitempty"`
	Bytes      *int   `json:"bytes,omitempty"` // of its data
	Priority   string `json:"priority,omitempty"`
	Persistent bool   `json:"persistent,omitempty"`
	Data       string `json:"data,omitempty"` // the first MaxPreview bytes of it
	Clipped    bool   `json:"clipped,omitempty"`
}

// To is who an event is for.
type To struct {
	Everybody bool     `json:"everybody,omitempty"`
	UserID    string   `json:"userId,omitempty"`
	SessionID string   `json:"sessionId,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	ClientIDs []string `json:"clientIds,omitempty"` // the first MaxNames
	More      int      `json:"moreClientIds,omitempty"`
}

// MaxNames is how many clients an item names: an event may be for a thousand.
const MaxNames = 16

// MaxPreview is how much of an event's data a viewer sees, in bytes.
const MaxPreview = 512

// Preview clips data between two characters. It is a copy: the rest is not kept for it.
func Preview(data string) (text string, clipped bool) {
	if len(data) <= MaxPreview {
		return strings.Clone(data), false
	}
	end := MaxPreview
	for end > MaxPreview-utf8.UTFMax && !utf8.RuneStart(data[end]) {
		end--
	}
	return strings.Clone(data[:end]), true
}

// News is what filters look at. Of a stream it says whose it is, of an event who it is for.
type News struct {
	Kind              Kind
	Event             string // an event's name
	ClientID          string // a stream's
	ClientIDs         []string
	UserID, SessionID string
	Topics            []string
}

// Filter chooses what a viewer is told: what has all of the properties given.
type Filter struct {
	Kinds                                     Kinds // zero: all
	Event, UserID, SessionID, Topic, ClientID string
}

func (f *Filter) passes(n *News) bool {
	return (f.Kinds == 0 || f.Kinds&(1<<n.Kind) != 0) &&
		(f.Event == "" || f.Event == n.Event) &&
		(f.UserID == "" || f.UserID == n.UserID) &&
		(f.SessionID == "" || f.SessionID == n.SessionID) &&
		(f.ClientID == "" || f.ClientID == n.ClientID || slices.Contains(n.ClientIDs, f.ClientID)) &&
		(f.Topic == "" || slices.Contains(n.Topics, f.Topic))
}

// A viewer is shown so many items a second, given out in tenths so that they are a sample
// of the whole second. What it did not need it saves, up to so many: a few events at once
// are all shown.
const (
	perTenth = 5
	maxSaved = 25
)

// Viewer is somebody who looks on.
type Viewer struct {
	id      string
	filter  Filter
	allowed atomic.Int32  // items until the next tenth
	over    atomic.Uint64 // items that were too many
	shown   []*Item       // Collect's
}

// ID is what NewViewer was given.
func (v *Viewer) ID() string { return v.id }

// NewViewer makes a viewer with a name of its own.
func NewViewer(id string, f Filter) *Viewer {
	v := &Viewer{id: id, filter: f}
	v.allowed.Store(maxSaved)
	return v
}

// take reports whether one more item may be shown, and counts it if not.
func (v *Viewer) take() bool {
	if v.allowed.Load() > 0 && v.allowed.Add(-1) >= 0 {
		return true
	}
	v.over.Add(1)
	return false
}

// MaxViewers is how many there should be. Some may be there that have left and are not yet
// taken out, so there are twice as many places.
const (
	MaxViewers = 16
	places     = 2 * MaxViewers
)

// Activity brings what happens to those who look on. Whoever tells it something never
// waits, and pays one atomic load while nobody looks.
type Activity struct {
	viewers atomic.Pointer[[]*Viewer] // not changed once it is there; nil: nobody looks
	change  sync.Mutex                // of the viewers
	waiting chan entry                // what is shown at the next tenth
}

// entry is an item and for whom of those who looked then.
type entry struct {
	item    *Item
	viewers []*Viewer
	who     uint32 // one bit for each
}

// room is what all may save, and what a late tenth brings. When it is full, items are only
// counted.
const room = places * (maxSaved + 8*perTenth)

// NewActivity has no viewers.
func NewActivity() *Activity { return &Activity{waiting: make(chan entry, room)} }

// Watch adds a viewer. It reports false if there is no place left.
func (a *Activity) Watch(v *Viewer) bool {
	a.change.Lock()
	defer a.change.Unlock()
	now := a.watching()
	if len(now) == places {
		return false
	}
	a.set(append(slices.Clone(now), v))
	return true
}

// Leave takes a viewer out, if it is there.
func (a *Activity) Leave(id string) {
	a.change.Lock()
	defer a.change.Unlock()
	a.set(slices.DeleteFunc(slices.Clone(a.watching()), func(v *Viewer) bool { return v.id == id }))
}

func (a *Activity) watching() []*Viewer {
	if all := a.viewers.Load(); all != nil {
		return *all
	}
	return nil
}

func (a *Activity) set(viewers []*Viewer) {
	if len(viewers) == 0 {
		a.viewers.Store(nil)
		return
	}
	a.viewers.Store(&viewers)
}

// Watched reports whether somebody looks. It is asked before anything is worked out.
func (a *Activity) Watched() bool { return a.viewers.Load() != nil }

// Place is who is to be shown an item; the zero Place is nobody.
type Place struct {
	viewers []*Viewer
	who     uint32
}

// Any reports whether somebody is.
func (p Place) Any() bool { return p.who != 0 }

// Offer asks who is to be shown something. Only if there is anybody an item has to be
// made, for Show.
func (a *Activity) Offer(n *News) (p Place) {
	p.viewers = a.watching()
	for i, v := range p.viewers {
		if v.filter.passes(n) && v.take() {
			p.who |= 1 << i
		}
	}
	return p
}

// Show shows an item.
func (a *Activity) Show(p Place, item *Item) {
	select {
	case a.waiting <- entry{item, p.viewers, p.who}:
	default:
		for i, v := range p.viewers {
			if p.who&(1<<i) != 0 {
				v.over.Add(1)
			}
		}
	}
}

// Batch is what a viewer is told at a time.
type Batch struct {
	Items []*Item `json:"items"`
	Shown int     `json:"shown"`
	Seen  uint64  `json:"seen"` // that passed the filter; those that are not shown were too many
}

// Collect gives each viewer its batch, if there is news for it, and its allowance for the
// next tenth of a second. One goroutine at a time calls it.
func (a *Activity) Collect(tell func(*Viewer, Batch)) {
	for range len(a.waiting) {
		e := <-a.waiting
		for i, v := range e.viewers {
			if e.who&(1<<i) != 0 {
				v.shown = append(v.shown, e.item)
			}
		}
	}
	for _, v := range a.watching() {
		v.allowed.Store(min(max(v.allowed.Load(), 0)+perTenth, maxSaved))
		if over := v.over.Swap(0); over > 0 || len(v.shown) > 0 {
			tell(v, Batch{Items: append([]*Item{}, v.shown...), Shown: len(v.shown), Seen: uint64(len(v.shown)) + over})
			v.shown = nil
		}
	}
}
