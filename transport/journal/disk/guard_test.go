package disk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

func TestAFrozenGuardShowsChangesAndMakesNone(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"a", "b", "000001.log", "MANIFEST-000001"} {
		require.NoError(t, os.WriteFile(path(name), []byte("before"), 0o600))
	}
	before := contents(t, dir)
	g := newGuard(vfs.Default, dir)
	log := must(g.OpenReadWrite(path("000001.log"), vfs.WriteCategoryUnspecified))
	other := must(g.OpenReadWrite(path("a"), vfs.WriteCategoryUnspecified))
	fault := errors.New("the disk is gone")
	g.freeze(fault)
	g.freeze(errors.New("what comes later is of no account"))
	require.Equal(t, fault, g.failed())

	n, err := log.Write([]byte("x"))
	require.NoError(t, err, "who can't live without it must not learn of it")
	assert.Equal(t, 1, n)
	require.NoError(t, errors.Join(log.Sync(), log.SyncData(), log.Preallocate(0, 10), log.Close()))
	_, err = other.Write([]byte("x"))
	require.ErrorIs(t, err, fault)
	_, err = other.WriteAt([]byte("x"), 0)
	require.ErrorIs(t, err, fault)
	require.NoError(t, other.Close())

	created := must(g.Create(path("new"), vfs.WriteCategoryUnspecified))
	_ = must(created.Write([]byte("in memory")))
	require.NoError(t, created.Close())
	require.NoError(t, g.Rename(path("new"), path("newer")))
	require.NoError(t, g.Link(path("newer"), path("linked")))
	require.NoError(t, errors.Join(g.Remove(path("b")), g.RemoveAll(path("none")), g.MkdirAll(path("made"), 0o700)))
	assert.Equal(t, "in memory", string(must(readFile(g, path("newer")))))
	assert.Equal(t, "in memory", string(must(readFile(g, path("linked")))))
	_, err = g.Open(path("b"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = g.Stat(path("b"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, []string{"000001.log", "MANIFEST-000001", "a", "linked", "made", "newer"}, must(g.List(dir)))
	assert.Equal(t, before, contents(t, dir))
}

// Pebble calls Fatalf where it would end the process.
func TestWhatPebbleEndsItsProcessForClosesTheStoreAlone(t *testing.T) {
	l := newLedger(t, newFlaky())
	require.NoError(t, l.append(5, 100))
	l.store.guard.Fatalf("something is wrong: %d", 7)
	require.NoError(t, l.append(5, 100), "it is opened again")
	l.check("after that")
	assert.NotErrorIs(t, l.store.guard.failed(), errOnlyRead)
}

func TestReportsDoNotSayTheNamesOfSessions(t *testing.T) {
	secret := journal.Box{Kind: journal.Session, Name: "secret"}
	for want, key := range map[string][]byte{
		`record 1800000000001-0 of user "ann"`:         recordOf(box, id(1)),
		`record 1800000000001-0 of a session`:          recordOf(secret, id(1)),
		`record 1800000000001-0 of topic "news"`:       recordOf(journal.Box{Kind: journal.Topic, Name: "news"}, id(1)),
		`record 1800000000001-0 of everybody`:          recordOf(journal.Box{Kind: journal.Everybody}, id(1)),
		"a device":                                     cursorOf(secret, "secret"),
		"an own id":                                    ownOf(secret, "secret", id(1)),
		"the times from 2026-11-25 10:00:00 +0000 UTC": expiryOf(v1.now, secret, id(1)),
		"the times from 2026-11-25 10:00:01 +0000 UTC": seenOf(v1.now.Add(time.Second), secret, "secret"),
		"the state of a box":                           boxKey(lostKey, secret),
		"the counts":                                   countsKey,
		"the begin":                                    {},
		"the end":                                      {0xff},
	} {
		assert.Equal(t, want, describe(key))
	}
}

func TestCountsThatAreDamagedAreCountedAnew(t *testing.T) {
	l := newLedger(t, newFlaky())
	require.NoError(t, l.append(7, 100))
	usage := l.store.Usage()
	require.NoError(t, l.store.db.Set(countsKey, []byte("x"), pebble.Sync))
	require.NoError(t, l.store.db.Set(reachKey, []byte("x"), pebble.Sync))
	require.NoError(t, l.store.Close())
	s, told := l.open(t, l.store.options.Dir)
	assert.Len(t, told.all(), 2)
	assert.Equal(t, [2]uint64{usage.Records, usage.Boxes}, [2]uint64{s.Usage().Records, s.Usage().Boxes})
	assert.Equal(t, id(7), s.Newest())
	require.ErrorIs(t, s.Append(context.Background(), []journal.Record{{ID: id(7), Boxes: []journal.Box{box}}}), journal.ErrNotAbove)
	require.NoError(t, s.Close())
}

// A record that is not what was written is left out, and the rest is read.
func TestARecordWithAnotherChecksumIsLeftOut(t *testing.T) {
	l := newLedger(t, newFlaky())
	require.NoError(t, l.append(5, 100))
	var told reports
	l.store.damage.report = told.note
	key := recordOf(box, id(3))
	require.NoError(t, l.store.db.Set(key, encodeRecord(recordOf(box, id(2)), sse.Event{Data: "another one's"}, l.clock().Add(time.Hour)), pebble.Sync))
	for range 3 {
		assert.Equal(t, []sse.Sequence{id(1), id(2), id(4), id(5)}, readAll(t, l.store))
	}
	assert.Equal(t, []string{`record 1800000000003-0 of user "ann": the checksum is another one`}, told.all(), "it is said once")
	assert.Equal(t, uint64(3), l.store.Usage().Damaged)
	l.later(2 * time.Hour)
	_, err := l.store.Trim(context.Background(), l.clock())
	require.NoError(t, err)
	_, closer, err := l.store.db.Get(key)
	if err == nil {
		closer.Close()
	}
	require.ErrorIs(t, err, pebble.ErrNotFound, "it goes when it would have expired")
}
