package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/journal/disk"
)

// envDataDir is the server's own setting: whoever inspects has what it writes to.
const envDataDir = "SSEACTOR_DATA_DIR"

// journalVerb is what can be done with a journal.
type journalVerb struct {
	name string
	help string
	do   func(ctx context.Context, a *disk.Archive, std stdio) error
}

func journalVerbs() []journalVerb {
	return []journalVerb{
		{"inspect", "say what is in it: format, records, boxes, devices, and the largest boxes", inspectJournal},
		{"verify", "read everything, and say what is damaged; exit 1 if anything is", verifyJournal},
		{"export", "print each record as a line of JSON, once for each box it is in", exportJournal},
	}
}

// readJournal reads a server's journal. It changes nothing in it.
func readJournal(ctx context.Context, args []string, std stdio) error {
	var verb journalVerb
	if len(args) > 0 {
		for _, v := range journalVerbs() {
			if v.name == args[0] {
				verb, args = v, args[1:]
				break
			}
		}
	}
	f := newFlags(strings.TrimSpace("journal "+verb.name), "", std)
	dir := f.String("dir", std.getenv(envDataDir), "the server's data directory, also from the environment as "+envDataDir)
	if verb.name == "" {
		f.Usage = func() { journalUsage(std.err) }
	}
	if err := parseFlags(f, args); err != nil {
		return err
	}
	if verb.name == "" || f.NArg() > 0 {
		f.Usage()
		return fmt.Errorf("%w: journal takes one of inspect, verify and export, and then flags", errUsage)
	}
	if *dir == "" {
		return fmt.Errorf("%w: --dir: it is not given; name the server's data directory", errUsage)
	}
	damages := 0
	a, err := disk.OpenArchive(*dir, func(where string, err error) {
		damages++
		fmt.Fprintf(std.err, "damaged: %s: %s\n", where, oneLine(err))
	})
	if errors.Is(err, disk.ErrInUse) {
		return fmt.Errorf("%w; stop the server, or copy the directory while it is stopped and name the copy", err)
	}
	if err != nil {
		return err
	}
	err = verb.do(ctx, a, std)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	if damages > 0 && verb.name == "verify" {
		return fmt.Errorf("%d places are damaged", damages)
	}
	return nil
}

func journalUsage(w io.Writer) {
	fmt.Fprintln(w, `usage: sseactor journal COMMAND --dir DIR

What a server keeps on disk for receivers that are away. The journal is read, and never
changed: what is damaged is said and left out, but stays as it is. Only one process can
have it open, so stop the server first, or read a copy that was made while it was stopped.

commands:`)
	for _, v := range journalVerbs() {
		fmt.Fprintf(w, "  %-12s %s\n", v.name, v.help)
	}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// boxSum is what inspect says of a box.
type boxSum struct {
	box     journal.Box
	records int
	bytes   int
	devices int
}

// largestBoxes bounds how many boxes inspect names.
const largestBoxes = 10

func inspectJournal(ctx context.Context, a *disk.Archive, std stdio) error {
	var oldest, newest sse.Sequence
	records, bytes, filled, devices := 0, 0, 0, 0
	largest := make([]boxSum, 0, 2*largestBoxes)
	var one boxSum
	next := func() {
		if one.records == 0 {
			return
		}
		filled++
		if largest = append(largest, one); len(largest) == cap(largest) {
			largest = keepLargest(largest)
		}
	}
	err := a.Records(func(box journal.Box, r journal.Record) error {
		if box != one.box {
			next()
			one = boxSum{box: box}
		}
		one.records++
		one.bytes += r.Size()
		records++
		bytes += r.Size()
		if oldest.IsZero() || r.ID.Less(oldest) {
			oldest = r.ID
		}
		if newest.Less(r.ID) {
			newest = r.ID
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	next()
	largest = keepLargest(largest)
	err = a.Devices(func(p journal.Position, _ time.Time) error {
		devices++
		for i := range largest {
			if largest[i].box == p.Box {
				largest[i].devices++
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	w := bufio.NewWriter(std.out)
	fmt.Fprintf(w, "format:   %d\n", a.Format())
	fmt.Fprintf(w, "records:  %d in %d boxes, %s; %s on disk\n", records, filled, size(bytes), size(int(a.Usage().Bytes)))
	fmt.Fprintf(w, "oldest:   %s\n", when(oldest))
	fmt.Fprintf(w, "newest:   %s\n", when(newest))
	fmt.Fprintf(w, "ids:      given up to %s\n", when(a.Newest()))
	fmt.Fprintf(w, "devices:  %d\n", devices)
	if len(largest) > 0 {
		fmt.Fprintln(w, "largest boxes:")
	}
	for _, b := range largest {
		fmt.Fprintf(w, "  %-40s %8d records %10s %4d devices\n", boxName(b.box), b.records, size(b.bytes), b.devices)
	}
	return w.Flush()
}

func keepLargest(boxes []boxSum) []boxSum {
	slices.SortStableFunc(boxes, func(a, b boxSum) int { return cmp.Compare(b.bytes, a.bytes) })
	return boxes[:min(len(boxes), largestBoxes)]
}

// boxName is for people, on screens that others see too: a session's name opens its
// streams, so there is only its begin.
func boxName(box journal.Box) string {
	const shown = 4
	switch {
	case box.Kind == journal.Everybody:
		return box.Kind.String()
	case box.Kind == journal.Session && len(box.Name) > shown:
		return fmt.Sprintf("%v %q…", box.Kind, box.Name[:shown])
	}
	return fmt.Sprintf("%v %q", box.Kind, box.Name)
}

func size(bytes int) string {
	switch {
	case bytes < 10<<10:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 10<<20:
		return fmt.Sprintf("%d KB", bytes>>10)
	}
	return fmt.Sprintf("%d MB", bytes>>20)
}

func when(id sse.Sequence) string {
	if id.IsZero() {
		return "none"
	}
	return fmt.Sprintf("%v (%s)", id, time.UnixMilli(int64(id.Milliseconds)).UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

func verifyJournal(_ context.Context, a *disk.Archive, std stdio) error {
	whole, err := a.Verify()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%d records are whole\n", whole)
	return err
}

// exported is a line of an export. The event's fields are those of a publish.
type exported struct {
	ID      string        `json:"id"`
	Box     exportedBox   `json:"box"`
	Expires string        `json:"expires"`
	Event   exportedEvent `json:"event"`
}

type exportedBox struct {
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"`
}

type exportedEvent struct {
	Event    string  `json:"event"`
	ID       string  `json:"id,omitempty"` // the publisher's own
	Data     string  `json:"data"`         // as a client gets it
	Retry    int64   `json:"retry,omitempty"`
	Priority string  `json:"priority"`
	TTL      float64 `json:"ttl,omitempty"`
}

func exportJournal(ctx context.Context, a *disk.Archive, std stdio) error {
	w := bufio.NewWriter(std.out)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	err := a.Records(func(box journal.Box, r journal.Record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return lines.Encode(exported{
			ID:      r.ID.String(),
			Box:     exportedBox{box.Kind.String(), box.Name},
			Expires: r.Expires.UTC().Format("2006-01-02T15:04:05.000Z07:00"),
			Event: exportedEvent{
				Event:    r.Event.Name.String(),
				ID:       r.Event.ID.String(),
				Data:     r.Event.Data,
				Retry:    r.Event.Retry.Milliseconds(),
				Priority: r.Event.Priority.String(),
				TTL:      r.Event.TTL.Seconds(),
			},
		})
	})
	return errors.Join(err, w.Flush())
}
