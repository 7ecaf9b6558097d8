package disk

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

var writeJournal = flag.Bool("write-journal", false, "write testdata/journal-v1 anew: only while no release has its format")

const journalV1 = "testdata/journal-v1"

// v1 is what testdata/journal-v1 holds. Nothing of it may ever change.
var v1 = struct {
	now     time.Time
	records []journal.Record
}{
	time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC),
	[]journal.Record{
		{ID: sse.Sequence{Milliseconds: 1_795_600_000_000}, Event: sse.Event{Data: "pushed out"}, Boxes: []journal.Box{{Kind: journal.User, Name: "7"}}},
		{ID: sse.Sequence{Milliseconds: 1_795_600_000_001}, Event: sse.Event{Name: must(sse.ParseName("order")), ID: must(sse.ParseID("order-1")), Data: `{"a":1}`, Retry: 1500 * time.Millisecond, Priority: sse.High, TTL: 24 * time.Hour},
			Boxes: []journal.Box{{Kind: journal.User, Name: "7"}, {Kind: journal.Session, Name: "visit"}, {Kind: journal.Topic, Name: "news"}, {Kind: journal.Everybody}}},
		{ID: sse.Sequence{Milliseconds: 1_795_600_000_001, N: 1}, Event: sse.Event{Data: "two\nlines, ☃", Priority: sse.Low}, Boxes: []journal.Box{{Kind: journal.User, Name: "7"}}},
		{ID: sse.Sequence{Milliseconds: 1_795_600_000_002, N: 1 << 40}, Event: sse.Event{}, Boxes: []journal.Box{{Kind: journal.User, Name: "7"}, {Kind: journal.Topic, Name: "news"}}},
	},
}

func v1Options(dir string) Options {
	bounds := journal.DefaultBounds()
	bounds.Records, bounds.Age = 3, 100*365*24*time.Hour
	return Options{Dir: dir, Bounds: bounds, Now: func() time.Time { return v1.now }}
}

func TestAJournalOfTheFirstFormatIsRead(t *testing.T) {
	if *writeJournal {
		writeV1(t)
	}
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(journalV1)))
	s := openTest(t, v1Options(dir))
	ctx := context.Background()
	expires := v1.now.Add(v1Options("").Bounds.Age)
	for _, box := range v1.records[1].Boxes {
		var want []journal.Record
		for _, r := range v1.records[1:] {
			for _, of := range r.Boxes {
				if of == box {
					r.Boxes, r.Event.Persistent, r.Expires = nil, true, expires
					want = append(want, r)
				}
			}
		}
		assert.Equal(t, want, readBox(t, s, box), box)
	}
	user := v1.records[0].Boxes[0]
	assert.Equal(t, journal.Cursors{
		Devices: map[string]sse.Sequence{"phone": v1.records[1].ID, "": {}},
		Lost:    v1.records[0].ID,
	}, must(s.Cursors(ctx, user)))
	assert.Equal(t, journal.Match{Oldest: v1.records[1].ID}, must(s.Find(ctx, user, "order-1")))
	assert.Equal(t, sse.Sequence{Milliseconds: 1_795_600_000_009}, s.Newest())
	usage := s.Usage()
	assert.Equal(t, [3]uint64{7, 4, 0}, [3]uint64{usage.Records, usage.Boxes, usage.Damaged})

	require.NoError(t, s.Append(ctx, []journal.Record{{ID: sse.Sequence{Milliseconds: 1_795_600_000_010}, Boxes: []journal.Box{user}}}))
	require.NoError(t, s.Advance(ctx, []journal.Position{{Box: user, ID: v1.records[3].ID}, {Box: user, Device: "phone", ID: v1.records[3].ID}}, v1.now))
	trimmed, err := s.Trim(ctx, v1.now)
	require.NoError(t, err)
	assert.Equal(t, journal.Trimmed{Pushed: 1, Acknowledged: 2}, trimmed)
	assert.Len(t, readBox(t, s, user), 1)
}

// writeV1 makes the directory: what is older in a table, what is newer in a log.
func writeV1(t *testing.T) {
	require.NoError(t, os.RemoveAll(journalV1))
	require.NoError(t, os.MkdirAll(journalV1, 0o755))
	s := openTest(t, v1Options(journalV1))
	ctx := context.Background()
	require.NoError(t, s.Append(ctx, v1.records[:2]))
	user := v1.records[0].Boxes[0]
	require.NoError(t, s.Advance(ctx, []journal.Position{{Box: user}}, v1.now))
	require.NoError(t, s.db.Flush())
	require.NoError(t, s.Append(ctx, v1.records[2:3]))
	require.NoError(t, s.Append(ctx, v1.records[3:]))
	require.NoError(t, s.Advance(ctx, []journal.Position{{Box: user, Device: "phone", ID: v1.records[1].ID}}, v1.now))
	require.NoError(t, s.Reach(sse.Sequence{Milliseconds: 1_795_600_000_009}))
	require.NoError(t, s.Close())
}

func TestAJournalThatIsNoneOfOursIsRefused(t *testing.T) {
	for sentence, c := range map[string]struct {
		files map[string]string
		fault string
	}{
		"it is of a newer format":  {map[string]string{formatFile: "sseactor journal, format 2\n"}, "it has format 2, written by a newer sseactor; this one reads formats up to 1"},
		"its format can't be read": {map[string]string{formatFile: "sseactor journal, format x\n"}, "its file JOURNAL is damaged"},
		"its format is none":       {map[string]string{formatFile: "sseactor journal, format 0\n"}, "its file JOURNAL is damaged"},
		"its format is empty":      {map[string]string{formatFile: ""}, "its file JOURNAL is damaged"},
		"it is another program's":  {map[string]string{"MANIFEST-000001": "x", "marker.manifest.000001.MANIFEST-000001": ""}, "it holds a store, but no file JOURNAL that says of which format it is"},
	} {
		t.Run(sentence, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			for range 2 {
				_, err := Open(Options{Dir: dir})
				require.ErrorContains(t, err, c.fault)
				_, err = OpenArchive(dir, func(string, error) {})
				require.Error(t, err)
			}
			for name, text := range c.files {
				assert.Equal(t, text, string(must(os.ReadFile(filepath.Join(dir, name)))), "nothing is changed")
			}
		})
	}
	t.Run("its directory is a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
		_, err := Open(Options{Dir: file})
		require.Error(t, err)
	})
	t.Run("nothing is given", func(t *testing.T) {
		_, err := Open(Options{})
		require.ErrorContains(t, err, "no directory")
		_, err = Open(Options{Dir: t.TempDir(), Bounds: journal.Bounds{Records: 1}})
		require.ErrorContains(t, err, "bytes of a box: 0; at least 1")
	})
}

func TestOnlyOneHasAJournalOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := openTest(t, Options{Dir: dir})
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "it is its owner's alone")
	_, err = Open(Options{Dir: dir})
	require.ErrorIs(t, err, ErrInUse)
	_, err = OpenArchive(dir, func(string, error) {})
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, s.Append(context.Background(), []journal.Record{{ID: id(1), Boxes: []journal.Box{box}}}), "who has it is not disturbed")
	require.NoError(t, s.Close())
	require.NoError(t, openTest(t, Options{Dir: dir}).Close())
}

func TestAnArchiveShowsAllAndChangesNothing(t *testing.T) {
	l, dir := written(t)
	log := filesOf(t, dir, ".log")
	text := must(os.ReadFile(log[len(log)-1]))
	text[len(text)/2]++
	require.NoError(t, os.WriteFile(log[len(log)-1], text, 0o600))
	before := contents(t, dir)
	var told reports
	for range 2 {
		a, err := OpenArchive(dir, told.note)
		require.NoError(t, err)
		assert.Equal(t, formatVersion, a.Format())
		seen := 0
		require.NoError(t, a.Records(func(of journal.Box, r journal.Record) error {
			seen++
			assert.Equal(t, box, of)
			return nil
		}))
		assert.Greater(t, seen, 1_000)
		assert.Less(t, seen, len(l.kept))
		devices := map[string]sse.Sequence{}
		require.NoError(t, a.Devices(func(p journal.Position, when time.Time) error {
			devices[p.Box.Name+"'s "+p.Device] = p.ID
			assert.Equal(t, l.now, when)
			return nil
		}))
		assert.Equal(t, map[string]sse.Sequence{"bob's phone": id(421), "ann's desk": id(0)}, devices)
		whole, err := a.Verify()
		require.NoError(t, err)
		assert.Equal(t, uint64(seen), whole)
		assert.Positive(t, a.Usage().Damaged)
		assert.Equal(t, id(l.next), a.Newest())
		require.NoError(t, a.Close())
	}
	assert.Contains(t, strings.Join(told.all(), "\n"), filepath.Base(log[len(log)-1]))
	assert.Equal(t, before, contents(t, dir))
	s, _ := l.open(t, dir)
	require.NoError(t, s.Close())
}

func contents(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	for _, file := range filesOf(t, dir, "") {
		files[file] = string(must(os.ReadFile(file)))
	}
	return files
}

func TestAWholeArchiveVerifies(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(journalV1)))
	a, err := OpenArchive(dir, func(where string, err error) { assert.NoError(t, err, where) })
	require.NoError(t, err)
	whole, err := a.Verify()
	require.NoError(t, err)
	assert.Equal(t, uint64(7), whole)
	var lines []string
	require.NoError(t, a.Records(func(box journal.Box, r journal.Record) error {
		lines = append(lines, fmt.Sprint(box.Kind, " ", r.ID))
		return nil
	}))
	assert.Equal(t, []string{"user 1795600000001-0", "user 1795600000001-1", "user 1795600000002-1099511627776", "session 1795600000001-0", "topic 1795600000001-0", "topic 1795600000002-1099511627776", "everybody 1795600000001-0"}, lines)
	require.NoError(t, a.Close())
}
