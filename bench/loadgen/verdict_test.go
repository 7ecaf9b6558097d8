package loadgen

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReadResume(t *testing.T) {
	tests := []struct {
		name, data string
		want       Resume
		to         Sequence
		said       bool
	}{
		{
			"all of it is queued", `{"status":"connected","clientId":"c","resume":{"status":"resumed","from":"5-1","to":"9-2","replayed":3},"timestamp":"x"}`,
			Resume{Resumed, "5-1", "9-2", 3}, Sequence{9, 2}, true,
		},
		{
			"how much it is comes at the end", `{"status":"connected","resume":{"status":"partial","from":"5-1","to":"9-2"},"replayed":3}`,
			Resume{Partial, "5-1", "9-2", -1}, Sequence{9, 2}, true,
		},
		{
			"the id is not known", `{"resume":{"status":"reset","from":"abc","to":"9-2","replayed":0}}`,
			Resume{Reset, "abc", "9-2", 0}, Sequence{9, 2}, true,
		},
		{"no id was given", `{"status":"connected","clientId":"c"}`, Resume{}, Sequence{}, false},
		{"a word of no contract", `{"resume":{"status":"fine"}}`, Resume{Verdict: OddVerdict, Replayed: -1}, Sequence{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, to, said := readResume([]byte(tt.data))
			assert.Equal(t, tt.want, r)
			assert.Equal(t, tt.to, to)
			assert.Equal(t, tt.said, said)
		})
	}
}

func TestReplayIsAsLongAsTheServerSays(t *testing.T) {
	const atTheEnd = -1
	mark := Sequence{9, 0}
	old, late := Sequence{8, 0}, Sequence{10, 0}
	tests := []struct {
		name   string
		said   int
		events []Sequence
		told   int // at the end; below zero: nothing
		wrong  bool
	}{
		{"as many as it said, then live ones", 2, []Sequence{old, old, late, late}, -1, false},
		{"none, then live ones", 0, []Sequence{late}, -1, false},
		{"one is lost", 2, []Sequence{old, late}, -1, true},
		{"one too many", 1, []Sequence{old, old}, -1, true},
		{"the last one is the mark itself", 1, []Sequence{mark, late}, -1, false},
		{"not over yet", 2, []Sequence{old}, -1, false},
		{"told at the end", atTheEnd, []Sequence{old, old, old}, 3, false},
		{"told at the end, one is lost", atTheEnd, []Sequence{old, old}, 3, true},
		{"told at the end, with what came meanwhile", atTheEnd, []Sequence{old, late}, 2, false},
		{"told at the end, without what came meanwhile", atTheEnd, []Sequence{old, late}, 1, true},
		{"told twice", 1, []Sequence{old}, 1, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p replay
			p.begin(mark, tt.said)
			faults := 0
			for _, id := range tt.events {
				faults += p.event(id, true)
			}
			if tt.told >= 0 {
				faults += p.told(tt.told)
			}
			assert.Equal(t, tt.wrong, faults > 0, faults)
		})
	}
	t.Run("an event with its publisher's id may be on either side", func(t *testing.T) {
		var p replay
		p.begin(mark, 1)
		assert.Zero(t, p.event(Sequence{}, false)+p.event(late, true))
	})
	t.Run("told without a replay", func(t *testing.T) {
		var p replay
		assert.Equal(t, 1, p.told(0))
	})
}
