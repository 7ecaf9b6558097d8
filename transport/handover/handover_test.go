package handover

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

func somePast(t testing.TB, n int) actor.Past {
	own, err := sse.ParseID("order 7")
	require.NoError(t, err)
	var events []actor.PastEvent
	for i := range n {
		e := sse.Event{Data: fmt.Sprint("event ", i), TTL: time.Duration(i) * time.Second, Persistent: i%3 == 0, Priority: sse.Priority(i % 3)}
		if i%5 == 0 {
			e.ID = own
		}
		f := sse.NewFrame(e)
		id := sse.Sequence{Milliseconds: 1_700_000_000_000, N: uint64(i)}
		f.Seal(id.String())
		to := actor.Target{}
		switch i % 4 {
		case 0:
			to = actor.Target{UserID: "u", SessionID: "s", Topics: []string{"a", "b"}}
		case 1:
			to = actor.Target{ClientIDs: []string{"c1", "c2"}}
		}
		events = append(events, actor.PastEvent{ID: id, Frame: f, Target: to, At: time.UnixMilli(1_700_000_000_000 + int64(i)).UTC()})
	}
	return actor.Past{
		Floor:  sse.Sequence{Milliseconds: 1_600_000_000_000},
		LastID: sse.Sequence{Milliseconds: 1_700_000_000_001},
		Events: slices.Values(events),
	}
}

func TestWhatIsSavedIsLoadedOnce(t *testing.T) {
	dir := t.TempDir()
	want := somePast(t, 20)
	require.NoError(t, Save(dir, want))
	got, err := Load(dir)
	require.NoError(t, err)
	assert.Equal(t, want.Floor, got.Floor)
	assert.Equal(t, want.LastID, got.LastID)
	assert.Equal(t, slices.Collect(want.Events), slices.Collect(got.Events))
	got, err = Load(dir)
	assert.NoError(t, err)
	assert.Nil(t, got, "a second process begins without")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

func TestAHubWithoutAHistoryLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Save(dir, actor.Past{}))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// TestDamageIsFound cuts the file at every byte, and flips every one.
func TestDamageIsFound(t *testing.T) {
	var file bytes.Buffer
	require.NoError(t, write(&file, somePast(t, 3)))
	whole := file.Bytes()
	_, err := read(whole)
	require.NoError(t, err)
	for i := range whole {
		_, err := read(whole[:i])
		assert.Error(t, err, "cut at %d", i)
		flipped := slices.Clone(whole)
		flipped[i] ^= 0x10
		_, err = read(flipped)
		assert.Error(t, err, "flipped at %d", i)
	}
	_, err = read(append(slices.Clone(whole), 0))
	assert.Error(t, err, "something behind the end")
}

func TestADamagedFileIsRemovedAndReported(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("sseactor history 2\n"), 0o600))
	past, err := Load(dir)
	assert.Nil(t, past)
	assert.ErrorContains(t, err, "another version")
	_, err = Load(dir)
	assert.NoError(t, err)
}

func TestADirectoryThatIsNotThereIsAnError(t *testing.T) {
	assert.Error(t, Save(filepath.Join(t.TempDir(), "none"), somePast(t, 1)))
}

func FuzzRead(f *testing.F) {
	var file bytes.Buffer
	require.NoError(f, write(&file, somePast(f, 5)))
	f.Add(file.Bytes())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		past, err := read(b)
		if err != nil {
			return
		}
		var again bytes.Buffer
		require.NoError(t, write(&again, *past))
		once, err := read(again.Bytes())
		require.NoError(t, err)
		require.Equal(t, slices.Collect(past.Events), slices.Collect(once.Events))
	})
}

// FuzzRecord reads records whose checksums are right.
func FuzzRecord(f *testing.F) {
	for e := range somePast(f, 5).Events {
		f.Add(appendEvent(nil, e))
	}
	f.Fuzz(func(t *testing.T, record []byte) {
		r := reader{b: record}
		if e := r.event(); r.err == nil {
			again := reader{b: appendEvent(nil, e)}
			require.Equal(t, e, again.event())
			require.NoError(t, again.err)
		}
	})
}
