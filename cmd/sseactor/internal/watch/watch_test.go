package watch

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a watcher of files in a directory of its own, and what it makes of them.
type rig struct {
	t       testing.TB
	dir     string
	watcher *Watcher
	log     bytes.Buffer
	clock   time.Time // of the files; it goes on with every write
	used    []string  // what was taken, in order
}

func newRig(t testing.TB, names ...string) *rig {
	r := &rig{t: t, dir: t.TempDir(), clock: time.Unix(1_700_000_000, 0)}
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = r.path(name)
	}
	r.watcher = New(slog.New(slog.NewTextHandler(&r.log, nil)), time.Hour, Source{
		Name: "setting x", Message: "x read again", Paths: paths,
		Use: func(contents [][]byte) ([]any, error) {
			text := string(bytes.Join(contents, []byte("|")))
			if strings.Contains(text, "bad") {
				return nil, errors.New("line 1: bad")
			}
			r.used = append(r.used, text)
			return []any{"bytes", len(text)}, nil
		},
	})
	return r
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// write writes in place, as most editors don't and a shell's > does.
func (r *rig) write(name, text string) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(r.path(name), []byte(text), 0o600))
	r.stamp(name)
}

// stamp gives a file a time of its own: two writes of a test may be in one of the file
// system's ticks.
func (r *rig) stamp(name string) {
	r.t.Helper()
	r.clock = r.clock.Add(10 * time.Second)
	require.NoError(r.t, os.Chtimes(r.path(name), r.clock, r.clock))
}

// rest is a change that comes to rest.
func (r *rig) rest() {
	r.watcher.Check()
	r.watcher.Check()
}

func (r *rig) faultsLogged() int { return strings.Count(r.log.String(), "level=ERROR") }

func TestChangesOfAFile(t *testing.T) {
	for sentence, change := range map[string]func(*rig){
		"written in place":              func(r *rig) { r.write("f", "new") },
		"written in place, as long":     func(r *rig) { r.write("f", "NEW") },
		"renamed into its place":        func(r *rig) { r.write("tmp", "new"); require.NoError(t, os.Rename(r.path("tmp"), r.path("f"))) },
		"removed and written":           func(r *rig) { require.NoError(t, os.Remove(r.path("f"))); r.write("f", "new") },
		"gone for a while, and another": func(r *rig) { require.NoError(t, os.Remove(r.path("f"))); r.rest(); r.write("f", "new") },
		"appended to": func(r *rig) {
			f, err := os.OpenFile(r.path("f"), os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString("new")
			require.NoError(t, errors.Join(err, f.Close()))
			r.stamp("f")
		},
		"the same time and size, another file": func(r *rig) {
			require.NoError(t, os.WriteFile(r.path("tmp"), []byte("new"), 0o600))
			require.NoError(t, os.Chtimes(r.path("tmp"), r.clock, r.clock))
			require.NoError(t, os.Rename(r.path("tmp"), r.path("f")))
		},
		"an older one in its place": func(r *rig) {
			r.write("tmp", "new")
			old := r.clock.Add(-time.Hour)
			require.NoError(t, os.Chtimes(r.path("tmp"), old, old))
			require.NoError(t, os.Rename(r.path("tmp"), r.path("f")))
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := newRig(t, "f")
			r.write("f", "old")
			require.NoError(t, r.watcher.Read())
			r.rest()
			require.Equal(t, []string{"old"}, r.used, "nothing has changed")
			change(r)
			r.rest()
			require.Len(t, r.used, 2)
			assert.Contains(t, strings.ToLower(r.used[1]), "new")
			assert.Contains(t, r.log.String(), `level=INFO msg="x read again" from="setting x" bytes=`)
			reads, _ := r.watcher.Counts()
			assert.EqualValues(t, 1, reads)
			r.rest()
			assert.Len(t, r.used, 2, "it is taken once")
		})
	}
}

// A secret that Kubernetes mounts: the file is a link into a link to a directory, and the
// middle one is replaced by a rename.
func TestAMountedSecretIsSwapped(t *testing.T) {
	r := newRig(t, "cert", "key")
	version := func(name, text string) {
		require.NoError(t, os.Mkdir(r.path(name), 0o700))
		r.write(name+"/cert", "c-"+text)
		r.write(name+"/key", "k-"+text)
	}
	swap := func(to string) {
		require.NoError(t, os.Symlink(to, r.path("..tmp")))
		require.NoError(t, os.Rename(r.path("..tmp"), r.path("..data")))
	}
	version("..1", "old")
	swap("..1")
	for _, name := range []string{"cert", "key"} {
		require.NoError(t, os.Symlink("..data/"+name, r.path(name)))
	}
	require.NoError(t, r.watcher.Read())
	r.rest()
	version("..2", "new")
	swap("..2")
	require.NoError(t, os.RemoveAll(r.path("..1")))
	r.rest()
	assert.Equal(t, []string{"c-old|k-old", "c-new|k-new"}, r.used)
	assert.Zero(t, r.faultsLogged())
}

func TestWhatIsBeingWrittenIsNotRead(t *testing.T) {
	r := newRig(t, "f")
	r.write("f", "app publish topics=orders")
	require.NoError(t, r.watcher.Read())
	r.rest()
	for _, text := range []string{"", "app", "app publish", "app publish topics"} {
		r.write("f", text)
		r.watcher.Check()
	}
	r.write("f", "app publish topics=orders,news")
	r.rest()
	assert.Equal(t, []string{"app publish topics=orders", "app publish topics=orders,news"}, r.used)
}

// What changes while it is read for the first time may have the time that was seen.
func TestAChangeRightBehindTheFirstReadIsSeen(t *testing.T) {
	r := newRig(t, "f")
	r.write("f", "old")
	require.NoError(t, r.watcher.Read())
	require.NoError(t, os.WriteFile(r.path("f"), []byte("new"), 0o600))
	require.NoError(t, os.Chtimes(r.path("f"), r.clock, r.clock))
	r.watcher.Check()
	assert.Equal(t, []string{"old", "new"}, r.used)
}

func TestATouchedFileIsNotTakenAgain(t *testing.T) {
	r := newRig(t, "f")
	r.write("f", "same")
	require.NoError(t, r.watcher.Read())
	r.write("f", "same")
	r.rest()
	assert.Equal(t, []string{"same"}, r.used)
	assert.Empty(t, r.log.String())
}

func TestWhatCannotBeUsedChangesNothing(t *testing.T) {
	for sentence, c := range map[string]struct {
		spoil func(*rig)
		fault string
	}{
		"what it holds is refused": {func(r *rig) { r.write("f", "bad") }, "line 1: bad"},
		"it is gone":               {func(r *rig) { require.NoError(t, os.Remove(r.path("f"))) }, "no such file"},
		"a folder is in its place": {func(r *rig) { require.NoError(t, errors.Join(os.Remove(r.path("f")), os.Mkdir(r.path("f"), 0o700))) }, "not a file"},
		"it is far too large":      {func(r *rig) { require.NoError(t, os.Truncate(r.path("f"), maxBytes+1)); r.stamp("f") }, "more than 8388608 bytes"},
		"it is a link to nothing": {func(r *rig) {
			require.NoError(t, errors.Join(os.Remove(r.path("f")), os.Symlink("nowhere", r.path("f"))))
		}, "no such file"},
		"it is a link to itself": {func(r *rig) { require.NoError(t, errors.Join(os.Remove(r.path("f")), os.Symlink("f", r.path("f")))) }, "too many levels of symbolic links"},
		"its folder is now something": {func(r *rig) {
			require.NoError(t, os.RemoveAll(r.dir))
			require.NoError(t, os.WriteFile(r.dir, nil, 0o600))
		}, "not a directory"},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := newRig(t, "f")
			r.write("f", "good")
			require.NoError(t, r.watcher.Read())
			r.rest()
			c.spoil(r)
			for range 5 {
				r.watcher.Check()
			}
			assert.Equal(t, []string{"good"}, r.used)
			assert.Equal(t, 1, r.faultsLogged(), "it is said once: %s", r.log.String())
			assert.Contains(t, r.log.String(), c.fault)
			assert.Contains(t, r.log.String(), r.path("f"))
			reads, faults := r.watcher.Counts()
			assert.EqualValues(t, 0, reads)
			assert.EqualValues(t, 1, faults)
		})
	}
}

func TestAFaultIsSaidOnceForEachChangeAndItsEndToo(t *testing.T) {
	r := newRig(t, "f")
	r.write("f", "good")
	require.NoError(t, r.watcher.Read())
	for n := range 3 {
		r.write("f", fmt.Sprint("bad", n))
		r.rest()
		r.rest()
		assert.Equal(t, n+1, r.faultsLogged())
	}
	r.write("f", "good")
	r.rest()
	assert.Equal(t, []string{"good", "good"}, r.used, "as it was before is right again, and the log says so")
	assert.Equal(t, 1, strings.Count(r.log.String(), "x read again"))
	r.write("f", "good")
	r.rest()
	assert.Equal(t, 1, strings.Count(r.log.String(), "x read again"))
}

// Two files that belong together: the one that was replaced waits for the other.
func TestFilesThatBelongTogetherAreReadTogether(t *testing.T) {
	r := newRig(t, "cert", "key")
	r.write("cert", "c1")
	r.write("key", "k1")
	require.NoError(t, r.watcher.Read())
	r.rest()
	r.write("cert", "bad while the key is the old one")
	r.rest()
	assert.Equal(t, []string{"c1|k1"}, r.used)
	r.write("cert", "c2")
	r.watcher.Check()
	r.write("key", "k2")
	r.watcher.Check()
	assert.Equal(t, []string{"c1|k1"}, r.used, "they have not come to rest")
	r.watcher.Check()
	assert.Equal(t, []string{"c1|k1", "c2|k2"}, r.used)

	r.write("cert", "c2k")
	r.write("key", "2")
	r.rest()
	assert.Equal(t, "c2k|2", r.used[2], "where one ends and the other begins is a difference")
}

func TestTheFirstReadTellsAllFaults(t *testing.T) {
	r := newRig(t, "f")
	r.watcher = New(slog.New(slog.DiscardHandler), time.Hour,
		Source{Name: "setting a", Paths: []string{r.path("a")}, Use: func([][]byte) ([]any, error) { return nil, errors.New("line 3: x") }},
		Source{Name: "setting b", Paths: []string{r.path("b")}, Use: func([][]byte) ([]any, error) { return nil, nil }},
		Source{Name: "setting c", Paths: []string{r.path("a")}, Use: func([][]byte) ([]any, error) { return nil, nil }},
	)
	r.write("a", "x")
	err := r.watcher.Read()
	assert.EqualError(t, err, "setting a: "+r.path("a")+": line 3: x\nsetting b: stat "+r.path("b")+": no such file or directory")
}

func TestTheWatcherChecksAtItsIntervalUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, "f")
		r.write("f", "old")
		require.NoError(t, r.watcher.Read())
		r.watcher.Start()
		time.Sleep(time.Hour + time.Minute)
		r.write("f", "new")
		time.Sleep(time.Hour) // seen
		synctest.Wait()
		reads, _ := r.watcher.Counts()
		assert.Zero(t, reads)
		time.Sleep(time.Hour) // at rest
		synctest.Wait()
		reads, _ = r.watcher.Counts()
		assert.EqualValues(t, 1, reads)
		r.watcher.Stop()
		r.watcher.Stop()
		r.write("f", "after the end")
		time.Sleep(10 * time.Hour)
		assert.Equal(t, []string{"old", "new"}, r.used)
	})
}

func TestAWatcherThatWasNeverStartedStops(t *testing.T) {
	New(slog.New(slog.DiscardHandler), time.Hour).Stop()
}
