package monitor

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tell offers news, and shows it to who wants it.
func tell(a *Activity, n News, id string) {
	if p := a.Offer(&n); p.Any() {
		a.Show(p, &Item{ID: id})
	}
}

// collected is what Collect tells each viewer: the items' ids, and how many it has seen.
func collected(a *Activity) map[string]string {
	told := map[string]string{}
	a.Collect(func(v *Viewer, b Batch) {
		var ids []string
		for _, item := range b.Items {
			ids = append(ids, item.ID)
		}
		told[v.ID()] = fmt.Sprintf("%s (%d of %d)", strings.Join(ids, " "), b.Shown, b.Seen)
	})
	return told
}

func TestEachViewerIsToldWhatItsFilterChooses(t *testing.T) {
	sendTo7 := News{Kind: Send, Event: "note", UserID: "7", Topics: []string{"news"}}
	for name, f := range map[string]struct {
		filter Filter
		want   string
	}{
		"all":                      {Filter{}, "in out to7 single refused (5 of 5)"},
		"two kinds":                {Filter{Kinds: 1<<Connect | 1<<Disconnect}, "in out (2 of 2)"},
		"an event":                 {Filter{Event: "note"}, "to7 (1 of 1)"},
		"a user":                   {Filter{UserID: "7"}, "in out to7 (3 of 3)"},
		"a session":                {Filter{SessionID: "s"}, "in out (2 of 2)"},
		"a topic":                  {Filter{Topic: "news"}, "to7 (1 of 1)"},
		"a stream":                 {Filter{ClientID: "c"}, "in out single (3 of 3)"},
		"what has both properties": {Filter{UserID: "7", Topic: "news"}, "to7 (1 of 1)"},
		"nothing there is":         {Filter{UserID: "8"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := NewActivity()
			require.True(t, a.Watch(NewViewer("v", f.filter)))
			tell(a, News{Kind: Connect, ClientID: "c", UserID: "7", SessionID: "s"}, "in")
			tell(a, News{Kind: Disconnect, ClientID: "c", UserID: "7", SessionID: "s"}, "out")
			tell(a, sendTo7, "to7")
			tell(a, News{Kind: Send, Event: "other", ClientIDs: []string{"b", "c"}}, "single")
			tell(a, News{Kind: Refuse, ClientID: "d"}, "refused")
			assert.Equal(t, f.want, collected(a)["v"])
			assert.Empty(t, collected(a), "once")
		})
	}
}

// Beyond its budget a viewer is told how many they were; what it had not needed before, it
// has saved; and another viewer has a budget of its own.
func TestABudgetIsGivenOutInTenths(t *testing.T) {
	a := NewActivity()
	require.True(t, a.Watch(NewViewer("all", Filter{})))
	require.True(t, a.Watch(NewViewer("few", Filter{Event: "rare"})))
	burst := func(n int) {
		for range n {
			tell(a, News{Kind: Send, Event: "often"}, "x")
		}
		tell(a, News{Kind: Send, Event: "rare"}, "rare")
	}
	count := func() (all, few string) {
		told := collected(a)
		return told["all"][strings.Index(told["all"], "("):], told["few"]
	}
	burst(99)
	all, few := count()
	assert.Equal(t, "(25 of 100)", all)
	assert.Equal(t, "rare (1 of 1)", few)
	for range 10 {
		burst(99)
		all, few = count()
		assert.Equal(t, "(5 of 100)", all)
		assert.Equal(t, "rare (1 of 1)", few)
	}
	for range 3 {
		assert.Empty(t, collected(a), "a quiet tenth")
	}
	burst(99)
	all, _ = count()
	assert.Equal(t, "(20 of 100)", all)
}

func TestNobodyIsToldAfterLeaving(t *testing.T) {
	a := NewActivity()
	assert.False(t, a.Watched())
	assert.False(t, a.Offer(&News{}).Any())
	for i := range places {
		require.True(t, a.Watch(NewViewer(fmt.Sprint(i), Filter{})))
	}
	assert.False(t, a.Watch(NewViewer("one more", Filter{})))
	tell(a, News{}, "x")
	a.Leave("3")
	a.Leave("3")
	a.Leave("nobody")
	told := collected(a)
	assert.Len(t, told, places-1)
	assert.NotContains(t, told, "3")
	assert.Equal(t, "x (1 of 1)", told["31"], "the bits are those of the viewers that were")
	for i := range places {
		a.Leave(fmt.Sprint(i))
	}
	assert.False(t, a.Watched())
}

// "Whoever tells it something never waits": with nobody who collects, items are counted.
func TestWithoutRoomItemsAreCounted(t *testing.T) {
	a := NewActivity()
	v := NewViewer("v", Filter{})
	require.True(t, a.Watch(v))
	for range room + 10 {
		v.allowed.Store(1)
		tell(a, News{}, "x")
	}
	a.Collect(func(_ *Viewer, b Batch) {
		assert.Equal(t, room, b.Shown)
		assert.EqualValues(t, room+10, b.Seen)
	})
}

// However many tell and come and go at the same time, each item is shown or counted.
func TestEachItemIsShownOrCounted(t *testing.T) {
	const tellers, each = 4, 5000
	a := NewActivity()
	require.True(t, a.Watch(NewViewer("stays", Filter{})))
	var at sync.WaitGroup
	for range tellers {
		at.Go(func() {
			for range each {
				tell(a, News{Kind: Send}, "x")
			}
		})
	}
	at.Go(func() {
		for i := range 500 {
			id := fmt.Sprint(i)
			a.Watch(NewViewer(id, Filter{}))
			a.Leave(id)
		}
	})
	told := make(chan struct{})
	go func() { at.Wait(); close(told) }()
	var shown, seen uint64
	count := func(v *Viewer, b Batch) {
		if v.ID() == "stays" {
			shown += uint64(b.Shown)
			seen += b.Seen
		}
	}
	for done := false; !done; {
		select {
		case <-told:
			done = true
		default:
		}
		a.Collect(count)
	}
	assert.EqualValues(t, tellers*each, seen)
	assert.Positive(t, shown)
}

func TestWhatIsOfferedToNobodyCostsNoMemory(t *testing.T) {
	a := NewActivity()
	item := News{Kind: Send, Event: "x", UserID: "7", Topics: []string{"news"}}
	offer := func() {
		n := item
		if a.Watched() && a.Offer(&n).Any() {
			t.Fatal("nobody wants it")
		}
	}
	assert.Zero(t, testing.AllocsPerRun(100, offer))
	require.True(t, a.Watch(NewViewer("v", Filter{UserID: "8"})))
	assert.Zero(t, testing.AllocsPerRun(100, offer))
}

func TestAPreviewEndsBetweenCharacters(t *testing.T) {
	for name, data := range map[string]string{
		"ASCII":                   strings.Repeat("x", 1000),
		"two bytes":               "x" + strings.Repeat("é", 500),
		"three bytes":             strings.Repeat("日", 500),
		"four bytes":              "xy" + strings.Repeat("😀", 500),
		"one more than there may": strings.Repeat("x", MaxPreview-1) + "é",
	} {
		text, clipped := Preview(data)
		assert.True(t, clipped, name)
		assert.True(t, utf8.ValidString(text), name)
		assert.True(t, strings.HasPrefix(data, text), name)
		assert.Greater(t, len(text), MaxPreview-utf8.UTFMax, name)
		assert.LessOrEqual(t, len(text), MaxPreview, name)
	}
	text, clipped := Preview(strings.Repeat("x", MaxPreview))
	assert.Len(t, text, MaxPreview)
	assert.False(t, clipped)
}

func TestKindsByName(t *testing.T) {
	set, ok := ParseKinds("send,connect")
	assert.True(t, ok)
	assert.Equal(t, Kinds(1<<Send|1<<Connect), set)
	for _, list := range []string{"", "sent", "send,", "send connect", "Send"} {
		_, ok := ParseKinds(list)
		assert.False(t, ok, "%q", list)
	}
	for k := range kinds {
		set, ok := ParseKinds(k.String())
		assert.True(t, ok)
		assert.Equal(t, Kinds(1<<k), set)
	}
}

// BenchmarkOffer is what an event costs its publisher beside its way to the hub.
func BenchmarkOffer(b *testing.B) {
	for _, viewers := range []int{0, 1, MaxViewers} {
		b.Run(fmt.Sprint(viewers, "-viewers"), func(b *testing.B) {
			a := NewActivity()
			for i := range viewers {
				a.Watch(NewViewer(fmt.Sprint(i), Filter{}))
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if a.Watched() {
						n := News{Kind: Send, Event: "update", UserID: "user-1"}
						if p := a.Offer(&n); p.Any() {
							a.Show(p, &Item{})
						}
					}
				}
			})
		})
	}
}
