//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

const damageEvents = 300

// damageCase is something that befalls the file that the journal was written to last.
type damageCase struct {
	name string
	// at says from which of its bytes on it is no longer what it was. ends are its sizes
	// when the events were answered.
	at func(ends []int64) int64
	do func(f *os.File, at int64) error
	// reported: it can't be taken for the end of a file.
	reported bool
}

var damageCases = []damageCase{
	{"its last byte cut off", fromEnd(1), cutOff, true},
	{"the last event cut in two", within(damageEvents - 1), cutOff, true},
	{"the last 100 events cut off", within(damageEvents - 100), cutOff, true},
	{"a bit flipped in the last event", within(damageEvents - 1), flip, true},
	{"a bit flipped among the last 100 events", within(damageEvents - 100), flip, true},
	{"a bit flipped in the tenth event", within(10), flip, true},
	{"4 KiB overwritten among the last 100", within(damageEvents - 100), scribble, true},
	{"4 KiB of noise behind its end", fromEnd(0), scribble, true},
	{"4 KiB of zeros behind its end", fromEnd(0), zeros, false},
}

func fromEnd(n int64) func([]int64) int64 {
	return func(ends []int64) int64 { return ends[len(ends)-1] - n }
}

// within is a place in the midst of an event.
func within(n int) func([]int64) int64 {
	return func(ends []int64) int64 { return (ends[n-1] + ends[n]) / 2 }
}

func cutOff(f *os.File, at int64) error { return f.Truncate(at) }

func flip(f *os.File, at int64) error {
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		return err
	}
	b[0] ^= 1
	_, err := f.WriteAt(b, at)
	return err
}

func scribble(f *os.File, at int64) error {
	_, err := f.WriteAt([]byte(loadgen.Tag{N: 1}.Noise(4096)), at)
	return err
}

func zeros(f *os.File, at int64) error {
	_, err := f.WriteAt(make([]byte, 4096), at)
	return err
}

// damage has a server write a journal and kills it, damages copies of it near their
// ends, and looks at what the next server makes of each.
func damage(ctx context.Context, b *bench, r *report.Report) error {
	whole := b.path("whole")
	file, ends, err := writeJournal(ctx, b, whole)
	if err != nil {
		return err
	}
	r.Tell("written", "%d events, to %s", damageEvents, filepath.Base(file))
	_ = b.takeLog()
	for i, one := range damageCases {
		if err := one.try(ctx, b, r, i, whole, file, ends); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

// writeJournal publishes one event after the other and gives the file that they were
// written to, and its size after each answer.
func writeJournal(ctx context.Context, b *bench, dir string) (file string, ends []int64, err error) {
	s, err := b.start(ctx, "DATA_DIR="+dir)
	if err != nil {
		return "", nil, err
	}
	defer s.kill()
	var history []map[string]int64
	for n := range damageEvents {
		event := loadgen.Event{UserID: "ada", Persistent: true, Data: loadgen.Tag{N: n, At: loadgen.Now()}.Noise(200)}
		answer, err := s.Publish(ctx, event)
		if err == nil && !answer.Persisted {
			err = fmt.Errorf("event %d was not answered persisted", n)
		}
		if err != nil {
			return "", nil, err
		}
		now, err := sizes(dir)
		if err != nil {
			return "", nil, err
		}
		history = append(history, now)
	}
	grown := int64(0)
	for path, size := range history[damageEvents-1] {
		if more := size - history[0][path]; more > grown {
			file, grown = path, more
		}
	}
	if file == "" {
		return "", nil, fmt.Errorf("no file below %s has grown with the events", dir)
	}
	for n := range history {
		ends = append(ends, history[n][file])
	}
	return file, ends, nil
}

func (d damageCase) try(ctx context.Context, b *bench, r *report.Report, number int, whole, file string, ends []int64) error {
	dir := b.path(fmt.Sprint("altered-", number))
	if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
		return err
	}
	at := d.at(ends)
	f, err := os.OpenFile(filepath.Join(dir, strings.TrimPrefix(file, whole)), os.O_RDWR, 0)
	if err == nil {
		err = d.do(f, at)
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// What was answered when the file ended before the damage was whole then.
	safe := 0
	for safe < len(ends) && ends[safe] <= at {
		safe++
	}
	s, err := b.start(ctx, "DATA_DIR="+dir)
	if err != nil {
		r.Fail(d.name, err.Error(), "the server starts")
		return nil
	}
	defer s.kill()
	v, err := b.visitor(s, damageEvents)
	if err != nil {
		return err
	}
	got, err := v.visit(ctx, member{user: "ada"}.spec(), tags(damageEvents, 0, safe))
	if err != nil {
		return err
	}
	fine := got.missing == 0 && got.faults.Total() == 0
	r.Check(d.name+": there are", fine, got.count, fmt.Sprintf("the first %d, and what else is whole", safe))
	// It is usable as before.
	answer, err := s.Publish(ctx, loadgen.Event{UserID: "ada", Persistent: true, Data: loadgen.Tag{N: damageEvents - 1}.Text(100, false)})
	r.Check("  then an event is persisted", err == nil && answer.Persisted, fmt.Sprint(answer.Persisted, " ", err), "true")
	line := lineWith(b.takeLog(), "the journal is damaged")
	if d.reported {
		r.Check("  its log says so", line != "", line, "a line about damage")
	} else {
		r.Check("  its log says nothing", line == "", line, "")
	}
	return nil
}

// lineWith finds the first line of a log with a word in it, and gives what a table has
// room for.
func lineWith(log, word string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, word) {
			_, text, _ := strings.Cut(line, "msg=")
			return fmt.Sprintf("%.60s…", text)
		}
	}
	return ""
}
