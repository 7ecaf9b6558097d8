package journal

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// together posts requests that are committed in one go, and gives their answers.
func (d *desk) together(requests ...[]Publication) (told []answer) {
	gate := make(chan struct{})
	d.store.set(func(s *fakeStore) { s.gate = gate })
	before := d.post(d.t.Context(), mail("before"))
	synctest.Wait()
	var waiting []<-chan answer
	for _, request := range requests {
		waiting = append(waiting, d.post(d.t.Context(), request...))
		synctest.Wait()
	}
	close(gate)
	require.NoError(d.t, (<-before).err)
	for _, w := range waiting {
		told = append(told, <-w)
	}
	return told
}

func TestWhatIsTooLargeForTheRoomLeftIsRefusedAlone(t *testing.T) {
	const room = 10
	large := []Publication{live("with it"), mail(strings.Repeat("x", room+1))}
	for sentence, c := range map[string]struct {
		requests [][]Publication
		refused  []int
		sent     []string
	}{
		"it comes alone":           {[][]Publication{large}, []int{0}, nil},
		"it is the first":          {[][]Publication{large, {mail("a")}, {mail("b")}}, []int{0}, []string{"a", "b"}},
		"it is the last":           {[][]Publication{{mail("a")}, {mail("b")}, large}, []int{2}, []string{"a", "b"}},
		"it is in the middle":      {[][]Publication{{mail("a")}, large, {live("b"), mail("c")}}, []int{1}, []string{"a", "b", "c"}},
		"there are several":        {[][]Publication{large, {mail("a")}, large, large, {mail("b")}}, []int{0, 2, 3}, []string{"a", "b"}},
		"only together there is":   {[][]Publication{{mail("12345")}, {mail("67890")}, {mail("abcde")}}, nil, []string{"12345", "67890", "abcde"}},
		"what is only sent is not": {[][]Publication{large, {live("a")}, large}, []int{0, 2}, []string{"a"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := startDesk(t)
				d.store.set(func(s *fakeStore) { s.room = room })
				told := d.together(c.requests...)
				refused := map[int]bool{}
				for _, n := range c.refused {
					refused[n] = true
				}
				ids := map[string]string{} // by the data, as publishers were told
				for n, a := range told {
					if refused[n] {
						assertRefused(t, a, ErrFull)
						continue
					}
					require.NoError(t, a.err, n)
					require.Len(t, a.receipts, len(c.requests[n]), n)
					for i, receipt := range a.receipts {
						ids[c.requests[n][i].Event.Data] = receipt.ID
					}
				}
				assert.Equal(t, append([]string{"before"}, c.sent...), d.hub.data())
				for _, record := range d.store.kept()[1:] {
					assert.Equal(t, record.ID.String(), ids[record.Event.Data], "it is kept under the id that it is sent with")
				}
				assert.Empty(t, d.hub.open, "what was not needed is given back")
				assert.NoError(t, d.Fault(), "the store is well")
				assert.EqualValues(t, 2*len(c.refused), d.Stats().RefusedFull)
				assert.EqualValues(t, len(d.store.kept()), d.Stats().Events)
			})
		})
	}
}

// A fault that comes while halves are tried is everybody's, and the disk is left alone.
func TestAFaultBetweenTheHalvesIsAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.store.set(func(s *fakeStore) { s.room = 10 })
		d.took = func(time.Duration) {
			if len(d.store.tried()) == 3 { // before, all, and the first half
				d.store.set(func(s *fakeStore) { s.fault = errDisk })
			}
		}
		told := d.together([]Publication{mail("12345")}, []Publication{mail("67890")}, []Publication{mail("abc")}, []Publication{mail("defgh")}, []Publication{mail("ijklm")})
		for _, a := range told[:2] {
			require.NoError(t, a.err)
		}
		for _, a := range told[2:] {
			assertRefused(t, a, ErrFailed)
		}
		assert.ErrorIs(t, d.Fault(), ErrFailed)
		assert.Equal(t, []string{"before", "12345", "67890"}, d.hub.data())
		assert.Len(t, d.store.tried(), 4)
	})
}

func TestTheLogIsToldNowAndThenThatThereIsLittleRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.store.set(func(s *fakeStore) { s.room = 1 })
		for range 10 {
			assertRefused(t, <-d.post(t.Context(), mail("large")), ErrTooLarge)
			d.mustPost(mail("x"))
			time.Sleep(tightAgain / 5)
		}
		require.Len(t, d.log.said(), 2, "in two minutes")
		assert.Contains(t, d.log.said()[0], "level=WARN")
		assert.Contains(t, d.log.said()[0], ErrTooLarge.Error())
	})
}

func TestRoom(t *testing.T) {
	for _, c := range []struct {
		total, used, more uint64
		want              error
	}{
		{64 << 20, 0, 0, nil},
		{64 << 20, 0, 64 << 20, nil},
		{64 << 20, 0, 64<<20 + 1, ErrTooLarge},
		{64 << 20, 63 << 20, 1 << 20, nil},
		{64 << 20, 63 << 20, 1<<20 + 1, ErrTooLarge},
		{64 << 20, 64<<20 - 4096, 4096, nil},
		{64 << 20, 64<<20 - 4096, 4097, ErrTooLarge},
		{64 << 20, 64<<20 - 4095, 1, ErrFull}, // hardly any
		{64 << 20, 64<<20 - 4095, 0, ErrFull}, // a try
		{64 << 20, 1 << 40, 0, ErrFull},       // it may have grown behind the scenes
		{1600, 1500, 100, nil},
		{1600, 1501, 1, ErrFull},
		{1, 0, 1, nil},
		{1, 1, 0, ErrFull},
	} {
		err := Bounds{Total: c.total}.Room(c.used, c.more)
		if c.want == nil {
			assert.NoError(t, err, fmt.Sprint(c))
			continue
		}
		require.ErrorIs(t, err, c.want, fmt.Sprint(c))
		assert.ErrorIs(t, err, ErrFull)
		if c.want == ErrFull {
			assert.NotErrorIs(t, err, ErrTooLarge, fmt.Sprint(c))
		}
	}
}
