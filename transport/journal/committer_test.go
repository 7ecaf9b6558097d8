package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/actor/sse"
)

func TestAnEventIsSentOnlyWhenItIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.store.gate = make(chan struct{})
		told := d.post(t.Context(), mail("a"))
		synctest.Wait()
		assert.Len(t, d.store.tried(), 1, "it is being written")
		assert.Empty(t, d.hub.data())
		close(d.store.gate)
		a := <-told
		require.NoError(t, a.err)
		assert.Equal(t, []string{"a"}, d.hub.data())
		require.Len(t, d.store.kept(), 1)
		assert.Equal(t, d.store.kept()[0].ID.String(), a.receipts[0].ID)
		assert.Equal(t, 1, a.receipts[0].Queued)
	})
}

// One sync for all that waits is what makes many publishers cheap.
func TestWhatWaitsIsWrittenInOneGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		gate := make(chan struct{})
		d.store.gate = gate
		var all []<-chan answer
		for i := range 100 {
			all = append(all, d.post(t.Context(), mail(fmt.Sprint(i))))
			if i == 0 {
				synctest.Wait() // it is being written while the others come
			}
		}
		synctest.Wait()
		close(gate)
		for _, told := range all {
			assert.NoError(t, (<-told).err)
		}
		assert.Equal(t, []int{1, 99}, d.store.batches)
		assert.EqualValues(t, 2, d.Stats().Commits)
		assert.EqualValues(t, 100, d.Stats().Events)
	})
}

func TestARequestKeepsItsOrderWhateverIsInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		receipts := d.mustPost(live("1"), mail("2"), live("3"), mail("4"), live("5"))
		assert.Equal(t, []string{"1", "2", "3", "4", "5"}, d.hub.data())
		assert.Equal(t, []string{"2", "4"}, texts(d.store.kept()))
		assert.Equal(t, []int{2}, d.store.batches)
		for i, r := range d.store.kept() {
			assert.Equal(t, receipts[1+2*i].ID, r.ID.String(), "it is kept under the id that it is sent with")
		}
	})
}

func TestEachEventHasItsReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		own := mail("b")
		own.Event.ID, _ = sse.ParseID("order 7")
		receipts := d.mustPost(mail("a"), own, mail("c"))
		assert.Equal(t, "order 7", receipts[1].ID)
		records := d.store.kept()
		assert.Equal(t, "order 7", records[1].Event.ID.String())
		assert.True(t, records[0].ID.Less(records[1].ID) && records[1].ID.Less(records[2].ID), "its place is between the others all the same")
		assert.Equal(t, records[2].ID.String(), receipts[2].ID)
	})
}

func TestTheBoxesOfATarget(t *testing.T) {
	for sentence, c := range map[string]struct {
		to   actor.Target
		want []Box
	}{
		"nobody named: everybody":      {actor.Target{}, []Box{{Everybody, ""}}},
		"a user":                       {actor.Target{UserID: "u"}, []Box{{User, "u"}}},
		"a session":                    {actor.Target{SessionID: "s"}, []Box{{Session, "s"}}},
		"topics":                       {actor.Target{Topics: []string{"b", "a"}}, []Box{{Topic, "a"}, {Topic, "b"}}},
		"a topic named twice":          {actor.Target{Topics: []string{"a", "b", "a"}}, []Box{{Topic, "a"}, {Topic, "b"}}},
		"all of them":                  {actor.Target{UserID: "x", SessionID: "x", Topics: []string{"x"}}, []Box{{User, "x"}, {Session, "x"}, {Topic, "x"}}},
		"a user and a topic, no other": {actor.Target{UserID: "u", Topics: []string{"t"}}, []Box{{User, "u"}, {Topic, "t"}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			before := fmt.Sprint(c.to)
			assert.Equal(t, c.want, Boxes(c.to))
			assert.Equal(t, before, fmt.Sprint(c.to), "the target is only read")
		})
	}
}

func TestHowLongAnEventIsKept(t *testing.T) {
	const age = 7 * 24 * time.Hour
	for sentence, c := range map[string]struct{ ttl, want time.Duration }{
		"without a ttl, as long as any": {0, age},
		"as long as its ttl":            {time.Minute, time.Minute},
		"not longer than any":           {30 * 24 * time.Hour, age},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(1234567 * time.Nanosecond)
				d := startDesk(t)
				e := mail("a")
				e.Event.TTL = c.ttl
				d.mustPost(e)
				expires := d.store.kept()[0].Expires
				assert.Equal(t, time.Now().Truncate(time.Millisecond).Add(c.want).UTC(), expires.UTC(), "to the millisecond")
			})
		})
	}
}

func TestAPersistentEventForStreamsIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		odd := mail("b")
		odd.Target = actor.Target{ClientIDs: []string{"c"}}
		assertRefused(t, <-d.post(t.Context(), mail("a"), odd), ErrNoBox)
		assert.Empty(t, d.hub.data())
		assert.Empty(t, d.store.kept())
	})
}

func TestABatchIsBounded(t *testing.T) {
	big := mail(strings.Repeat("x", 1<<20))
	everywhere := mail(strings.Repeat("x", 1<<20))
	everywhere.Target.Topics = []string{"a", "b", "c"}
	huge := mail(strings.Repeat("x", 5<<20))
	for sentence, c := range map[string]struct {
		events []Publication
		want   []int
	}{
		"nothing":            {nil, nil},
		"as many as may be":  {many(1024), []int{1024}},
		"one more":           {many(1025), []int{1024, 1}},
		"many more":          {many(3000), []int{1024, 1024, 952}},
		"as large as may be": {[]Publication{big, big, big, big}, []int{4}},
		"larger":             {[]Publication{big, big, big, big, big}, []int{4, 1}},
		"what goes into many boxes is written often": {[]Publication{everywhere, everywhere}, []int{1, 1}},
		"a single one that is larger":                {[]Publication{mail("a"), huge, mail("b")}, []int{1, 1, 1}},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := startDesk(t)
				d.mustPost(c.events...)
				assert.Equal(t, c.want, d.store.batches)
				assert.Equal(t, len(c.events), len(d.hub.data()))
			})
		})
	}
}

func many(n int) []Publication {
	all := make([]Publication, n)
	for i := range all {
		all[i] = mail(fmt.Sprint(i))
	}
	return all
}

// Requests are not cut to fill a commit up: each is kept and sent as a whole.
func TestARequestThatDoesNotFitWaitsForTheNextCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		gate := make(chan struct{})
		d.store.gate = gate
		first := d.post(t.Context(), mail("first"))
		synctest.Wait()
		var all []<-chan answer
		for range 3 {
			all = append(all, d.post(t.Context(), many(500)...))
			synctest.Wait()
		}
		close(gate)
		require.NoError(t, (<-first).err)
		for _, told := range all {
			assert.NoError(t, (<-told).err)
		}
		assert.Equal(t, []int{1, 1000, 500}, d.store.batches)
	})
}

func TestAPublisherTakesItsEventBackWhenItsTimeIsUp(t *testing.T) {
	errLate := errors.New("too late")
	for sentence, c := range map[string]struct {
		begun bool
		want  error
	}{
		"before it is begun":                     {false, errLate},
		"not once it is begun: it is waited for": {true, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := startDesk(t)
				gate := make(chan struct{})
				d.store.gate = gate
				ctx, cancel := context.WithCancelCause(t.Context())
				var before <-chan answer
				if !c.begun {
					before = d.post(t.Context(), mail("before"))
					synctest.Wait()
				}
				told := d.post(ctx, mail("a"))
				synctest.Wait()
				cancel(errLate)
				synctest.Wait()
				close(gate)
				a := <-told
				assert.ErrorIs(t, a.err, c.want)
				if before != nil {
					require.NoError(t, (<-before).err)
				}
				d.mustPost(mail("after"))
				assert.Equal(t, c.begun, contains(d.hub.data(), "a"))
				assert.Equal(t, c.begun, contains(texts(d.store.kept()), "a"))
				assert.Contains(t, d.hub.data(), "after")
			})
		})
	}
}

// Nothing is written for them yet, so they need not wait for a hub that has stalled.
func TestPublishersGiveUpOnAHubThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.hub.behind = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		hasty := d.post(ctx, mail("hasty 1"), mail("hasty 2"))
		synctest.Wait()
		patient := d.post(t.Context(), mail("patient"))
		assertRefused(t, <-hasty, context.DeadlineExceeded)
		close(d.hub.behind)
		assert.NoError(t, (<-patient).err)
		d.mustPost(mail("after"))
		assert.Equal(t, []string{"patient", "after"}, d.hub.data())
		assert.Equal(t, []string{"patient", "after"}, texts(d.store.kept()))
	})
}

func TestStopWhileTheHubIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.hub.behind = make(chan struct{})
		told := d.post(t.Context(), mail("a"))
		synctest.Wait()
		d.Halt() // does not wait for it
		close(d.hub.done)
		close(d.hub.behind)
		d.Stop()
		assertRefused(t, <-told, actor.ErrStopped)
		assert.Empty(t, d.store.kept())
	})
}

func TestACommitterThatWasNeverStartedStops(t *testing.T) {
	d := newDesk(t)
	d.Stop()
	d.Stop()
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func TestAPublisherWaitsForRoomAsLongAsItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		gate := make(chan struct{})
		d.store.gate = gate
		var all []<-chan answer
		for i := range 1 + queued {
			all = append(all, d.post(t.Context(), mail("x")))
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		assert.Equal(t, queued, d.Stats().Waiting)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assertRefused(t, <-d.post(ctx, mail("late")), context.DeadlineExceeded)
		patient := d.post(t.Context(), mail("patient"))
		close(gate)
		for _, told := range append(all, patient) {
			assert.NoError(t, (<-told).err)
		}
		assert.NotContains(t, d.hub.data(), "late")
	})
}

func TestIdsDoNotRunAheadOfTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		began := time.Now()
		for i := range 100 {
			d.mustPost(mail(fmt.Sprint(i)))
			ahead := int64(d.store.Newest().Milliseconds) - time.Now().UnixMilli()
			require.LessOrEqual(t, ahead, maxAhead.Milliseconds())
		}
		assert.Equal(t, 100*perCommit-maxAhead-perCommit, time.Since(began), "one a millisecond, but for the first")
		time.Sleep(time.Minute)
		began = time.Now()
		d.mustPost(mail("after a pause"))
		assert.Zero(t, time.Since(began))
		assert.EqualValues(t, began.UnixMilli(), d.store.Newest().Milliseconds)
	})
}

func TestADrainingHubRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		d.hub.refusal = actor.ErrDraining
		assertRefused(t, <-d.post(t.Context(), mail("a")), actor.ErrDraining)
		assert.Empty(t, d.store.tried(), "nothing is written for an event that is not sent")
		assert.NoError(t, d.Fault())
		assert.Empty(t, d.log.said())
	})
}

// What is in the journal will be delivered, whatever happens to the hub: to deny it would
// make its publisher send it twice.
func TestWhatIsKeptWhenTheHubStopsIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		gate := make(chan struct{})
		d.store.gate = gate
		d.hub.mute = true
		own := mail("b")
		own.Event.ID, _ = sse.ParseID("own")
		told := d.post(t.Context(), mail("a"), own)
		synctest.Wait()
		close(gate)
		synctest.Wait()
		close(d.hub.done)
		a := <-told
		require.NoError(t, a.err)
		assert.Equal(t, []actor.Receipt{{ID: d.store.kept()[0].ID.String()}, {ID: "own"}}, a.receipts)
	})
}

func TestStopFinishesWhatIsBegunAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := startDesk(t)
		gate := make(chan struct{})
		d.store.gate = gate
		begun := d.post(t.Context(), mail("begun"))
		synctest.Wait()
		waiting := d.post(t.Context(), mail("waiting"))
		synctest.Wait()
		stopped := make(chan struct{})
		go func() {
			d.Stop()
			close(stopped)
		}()
		synctest.Wait()
		select {
		case <-stopped:
			require.Fail(t, "it waits for what is being written")
		default:
		}
		close(gate)
		<-stopped
		assert.NoError(t, (<-begun).err)
		assertRefused(t, <-waiting, actor.ErrStopped)
		assertRefused(t, <-d.post(t.Context(), mail("too late")), actor.ErrStopped)
		assert.Equal(t, []string{"begun"}, texts(d.store.kept()))
		assert.Equal(t, []string{"begun"}, d.hub.data())
		d.Stop() // again
	})
}

// Publishers come and go as they like, and a stop may come at any moment: each is told
// the truth.
func TestManyPublishersAndAStop(t *testing.T) {
	for round := range 20 {
		d := startDesk(t)
		var all []<-chan answer
		for i := range 200 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*time.Millisecond)
			defer cancel()
			all = append(all, d.post(ctx, mail(fmt.Sprintf("%d a", i)), live(fmt.Sprintf("%d b", i))))
			if i == 10*round {
				go d.Stop()
			}
		}
		told := map[string]bool{}
		for i, a := range all {
			if got := <-a; got.err == nil {
				require.Len(t, got.receipts, 2)
				told[fmt.Sprintf("%d a", i)], told[fmt.Sprintf("%d b", i)] = true, true
			}
		}
		d.Stop()
		assert.Len(t, d.hub.data(), len(told))
		for _, data := range d.hub.data() {
			assert.True(t, told[data], data)
		}
		for _, r := range d.store.kept() {
			assert.True(t, told[r.Event.Data])
		}
		assert.Len(t, d.store.kept(), len(told)/2)
	}
}
