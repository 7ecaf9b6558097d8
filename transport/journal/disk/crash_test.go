package disk

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/journal"
)

var crashes = flag.Int("crashes", 30, "how often a process that appends is killed")

// envVictim names the directory of the process that is killed.
const envVictim = "SSEACTOR_TEST_JOURNAL"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envVictim); dir != "" {
		fmt.Println("error:", victim(dir))
		os.Exit(1)
	}
	runTests(m)
}

// victim appends until it is killed, and says each id that is safe. Records go to two
// boxes; a device follows, so that records are removed as well.
func victim(dir string) error {
	bounds := journal.DefaultBounds()
	bounds.Records, bounds.Bytes = 1<<20, 1<<30
	s, err := Open(Options{Dir: dir, Bounds: bounds, fs: newFlaky(), Damaged: func(where string, err error) {
		fmt.Println("damaged:", where, err)
	}})
	if err != nil {
		return err
	}
	ctx := context.Background()
	n := int(s.Newest().Milliseconds - id(0).Milliseconds)
	if s.Newest().IsZero() {
		n = 0
	}
	for {
		var records []journal.Record
		for range 1 + rand.IntN(20) {
			n++
			records = append(records, journal.Record{ID: id(n), Event: sse.Event{Data: noise(n, 200+n%1000)}, Boxes: []journal.Box{box, bob}, Expires: time.Now().Add(time.Hour)})
		}
		if err := s.Append(ctx, records); err != nil {
			return err
		}
		fmt.Println("safe:", n)
		if err := s.Advance(ctx, []journal.Position{{Box: bob, Device: "phone", ID: id(n - 50)}}, time.Now()); err != nil {
			return err
		}
		if _, err := s.Trim(ctx, time.Now()); err != nil {
			return err
		}
	}
}

// Several stores, since each opening reads all that was kept through the kills before it.
func TestWhatIsSafeSurvivesAKill(t *testing.T) {
	const stores = 3
	for n := range stores {
		t.Run(fmt.Sprint("store ", n+1), func(t *testing.T) {
			t.Parallel()
			killAgainAndAgain(t, (*crashes+stores-1)/stores)
		})
	}
}

func killAgainAndAgain(t *testing.T, times int) {
	dir := t.TempDir()
	bounds := journal.DefaultBounds()
	bounds.Records, bounds.Bytes = 1<<20, 1<<30
	last := 0
	for range times {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), envVictim+"="+dir)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines := bufio.NewScanner(out)
		safe, wait := last, 1+rand.IntN(30)
		for said := 0; lines.Scan(); {
			var n int
			if _, err := fmt.Sscanf(lines.Text(), "safe: %d", &n); err != nil {
				// The end of a log that was being written to is no damage, but looks like it.
				assert.Contains(t, lines.Text(), "damaged: ", "the process says")
				assert.Contains(t, lines.Text(), ".log ", "the process says")
				continue
			}
			safe = n
			if said++; said == wait {
				go child.Process.Kill() // what it says until then counts
			}
		}
		assert.ErrorContains(t, child.Wait(), "killed")

		s := openTest(t, Options{Dir: dir, Bounds: bounds, fs: newFlaky(), Damaged: func(string, error) {}})
		got := readAll(t, s)
		require.GreaterOrEqual(t, len(got), safe, "what was safe is there")
		for i, one := range got {
			require.Equal(t, id(i+1), one, "in order, with nothing between")
		}
		bobs := readBox(t, s, bob)
		require.NotEmpty(t, bobs)
		first := int(bobs[0].ID.Milliseconds - id(0).Milliseconds)
		require.LessOrEqual(t, first, max(1, safe-49), "what was not acknowledged is there")
		for i, r := range bobs {
			require.Equal(t, id(first+i), r.ID)
		}
		require.Equal(t, uint64(len(got)+len(bobs)), s.Usage().Records)
		require.NoError(t, s.Close())
		last = len(got)
	}
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	aside := 0
	for _, name := range names {
		if strings.HasSuffix(name.Name(), damagedEnding) {
			aside++
			require.NotContains(t, name.Name(), "store-")
		}
	}
	t.Logf("%d records; %d ends of logs were set aside", last, aside)
}

// What is acknowledged is safe with the next Trim, whether or not there is more to keep.
func TestAnAcknowledgementIsSafeAfterATrim(t *testing.T) {
	l := newLedger(t, newFlaky())
	require.NoError(t, l.append(10, 100))
	require.NoError(t, l.store.Advance(context.Background(), []journal.Position{{Box: bob, Device: "phone", ID: id(7)}}, l.clock()))
	require.NoError(t, l.store.Reach(id(99)))
	_, err := l.store.Trim(context.Background(), l.clock())
	require.NoError(t, err)
	s, _ := l.open(t, copyOf(t, l.store.options.Dir))
	assert.Equal(t, map[string]sse.Sequence{"phone": id(7)}, must(s.Cursors(context.Background(), bob)).Devices)
	assert.Equal(t, id(99), s.Newest())
	require.NoError(t, s.Close())
}
