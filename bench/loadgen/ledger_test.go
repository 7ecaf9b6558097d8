package loadgen

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// arrived is one application event as a stream got it.
type arrived struct {
	id   string
	data string
}

func event(id string, lane, n int) arrived {
	return arrived{id, Tag{N: n, Lane: lane, At: 5}.Text(80, false)}
}

func TestLedgerNotices(t *testing.T) {
	addressed := []int{0, 1, 2, 3}
	whole := []arrived{event("10-0", 0, 0), event("10-1", 1, 2), event("10-2", 0, 1), event("11-0", 1, 3)}
	tests := []struct {
		name             string
		events           []arrived
		want             Faults
		missing, foreign int
	}{
		{name: "nothing where all is well, publishers mixed", events: whole},
		{name: "a gap", events: []arrived{whole[0], whole[1], whole[3]}, missing: 1},
		{name: "a stream that got nothing", missing: 4},
		{
			name:   "a duplicate sent again under its id",
			events: []arrived{whole[0], whole[1], whole[1], whole[2], whole[3]},
			want:   Faults{Duplicates: 1, Disorder: 1},
		},
		{
			name:   "a duplicate under another id",
			events: []arrived{whole[0], whole[1], whole[2], whole[3], event("12-0", 1, 3)},
			want:   Faults{Duplicates: 1},
		},
		{
			name:   "two events that changed places, by their ids",
			events: []arrived{whole[0], whole[2], whole[1], whole[3]},
			want:   Faults{Disorder: 1},
		},
		{
			name:   "two events of one publisher that changed places although their ids rise",
			events: []arrived{event("10-0", 0, 1), event("10-1", 1, 2), event("10-2", 0, 0), event("11-0", 1, 3)},
			want:   Faults{Swapped: 1},
		},
		{name: "a foreign event", events: append([]arrived{event("9-0", 2, 40)}, whole...), foreign: 1},
		{
			name:   "an event of another run",
			events: append([]arrived{event("9-0", 2, 4000)}, whole...),
			want:   Faults{Untagged: 1},
		},
		{
			name:   "an event without a tag",
			events: append([]arrived{{"9-0", "hello #1"}}, whole...),
			want:   Faults{Untagged: 1},
		},
		{
			name:   "an event that was cut short",
			events: []arrived{{"9-0", whole[0].data[:70]}, whole[1], whole[2], whole[3]},
			want:   Faults{Damaged: 1},
		},
		{
			name:   "an event without an id",
			events: []arrived{whole[0], {"", whole[1].data}, whole[2], whole[3]},
			want:   Faults{NoID: 1},
		},
		{
			name:   "an id that comes again with another event",
			events: []arrived{whole[0], {"10-0", whole[1].data}, whole[2], whole[3]},
			want:   Faults{Disorder: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := NewLedger(100)
			var f Faults
			for _, e := range tt.events {
				l.receive([]byte(e.id), []byte(e.data), &f)
			}
			assert.Equal(t, tt.want, f)
			set := NewSet(100)
			for _, n := range addressed {
				set.Add(n)
			}
			missing, foreign := l.Against(set)
			assert.Equal(t, tt.missing, missing, "missing")
			assert.Equal(t, tt.foreign, foreign, "foreign")
		})
	}
}

func TestLedgerDoesNotAllocate(t *testing.T) {
	l := NewLedger(100)
	var f Faults
	e := event("10-0", 0, 7)
	id, data := []byte(e.id), []byte(e.data)
	assert.Zero(t, testing.AllocsPerRun(100, func() { l.receive(id, data, &f) }))
}

func TestTagComesBackFromWhatTheServerMakesOfIt(t *testing.T) {
	want := Tag{N: 123, Lane: 7, At: 9_876_543_210}
	for _, size := range []int{0, 60, 200, 1024, 60_000} {
		text := want.Text(size, false)
		lines := want.Text(size, true)
		noise := want.Noise(size)
		object, err := json.Marshal(want.Object(size))
		require.NoError(t, err)
		for _, data := range []string{text, lines, noise, string(object)} {
			tag, ok := FindTag([]byte(data))
			require.True(t, ok, data)
			assert.Len(t, data, tag.Size)
			assert.GreaterOrEqual(t, len(data), size)
			tag.Size = 0
			assert.Equal(t, want, tag)
		}
		assert.False(t, strings.HasSuffix(lines, "\n"))
		assert.Equal(t, noise, want.Noise(size))
	}
}

func TestTagIsNotFoundInOtherData(t *testing.T) {
	for _, data := range []string{"", "#", "#n=;p=1;t=1;z=1;", "#n=1;p=1;t=1;", "#n=x;p=1;t=1;z=1;", "#n=1,p=1,t=1,z=1,", "n=1;p=1;t=1;z=1;"} {
		_, ok := FindTag([]byte(data))
		assert.False(t, ok, data)
	}
}

func FuzzFindTag(f *testing.F) {
	f.Add([]byte(Tag{N: 1}.Text(0, false)))
	f.Fuzz(func(t *testing.T, data []byte) { FindTag(data) })
}

func TestParseSequence(t *testing.T) {
	for id, want := range map[string]Sequence{
		"0-0":              {},
		"1700000000000-12": {1700000000000, 12},
	} {
		got, ok := ParseSequence([]byte(id))
		assert.True(t, ok, id)
		assert.Equal(t, want, got)
	}
	for _, id := range []string{"", "-", "1", "1-", "-1", "1-2-3", "a-1", "1-b", " 1-1", "+1-1", strconv.Itoa(1<<62) + "9-1"} {
		_, ok := ParseSequence([]byte(id))
		assert.False(t, ok, id)
	}
	assert.Negative(t, Sequence{9, 9}.Compare(Sequence{10, 0}), "numbers, not text")
	assert.Negative(t, Sequence{10, 9}.Compare(Sequence{10, 10}))
	assert.Zero(t, Sequence{10, 9}.Compare(Sequence{10, 9}))
}

func TestArrivalSumsUpAndComparesIDs(t *testing.T) {
	a := Arrival{Count: 2, Last: 10, ID: Sequence{1, 1}}
	assert.True(t, a.Add(Arrival{}))
	assert.True(t, a.Add(Arrival{Count: 3, Last: 8, ID: Sequence{1, 1}}))
	assert.False(t, a.Add(Arrival{Count: 1, Last: 12, ID: Sequence{1, 2}}))
	assert.Equal(t, Arrival{Count: 6, Last: 12, ID: Sequence{1, 1}}, a)
}
