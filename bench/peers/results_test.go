//go:build linux

package main

import (
	"strings"
	"testing"
)

func someResults() *results {
	r := &results{Systems: []*outcome{
		{Name: "sseactor", Figures: map[metric]series{}},
		{Name: "floor", Figures: map[metric]series{}, Baseline: true},
		{Name: "slow", Figures: map[metric]series{}}, {Name: "fast", Figures: map[metric]series{}},
	}}
	for round := range 3 {
		for name, f := range map[string]figures{
			"sseactor": {cpu: 6 + float64(round), publishes: 900}, "floor": {cpu: 5, publishes: 1000},
			"slow": {cpu: 20, publishes: 100}, "fast": {cpu: 14, publishes: 600},
		} {
			r.add(round, system{name: name}, work{}, f, nil)
		}
	}
	return r
}

func TestRatiosAreOfMedians(t *testing.T) {
	s := someResults().find("sseactor").Figures[cpu]
	if s.Median != 7 || s.Least != 6 || s.Most != 8 {
		t.Errorf("median, least and most are %v", s)
	}
	if s.ToFloor != 7.0/5 || s.ToBestPeer != 0.5 {
		t.Errorf("ratios are %v", s)
	}
}

// What was lost in one piece of work of one round must not vanish in a median.
func TestMishapsAreSummedUpAndTheWorstRoundIsShown(t *testing.T) {
	r := someResults()
	for round, events := range [][]float64{{0, 0, 0}, {0, 5000, 7}, {0, 1, 0}} {
		for _, n := range events {
			r.add(round, system{name: "sseactor"}, work{}, figures{lost: n}, nil)
		}
	}
	if s := r.find("sseactor").Figures[lost]; s.Median != 5007 || len(s.Each) != 3 {
		t.Errorf("lost is %v", s)
	}
	if table := r.judge(); !strings.Contains(table, "| lost and not told | none | 5007 | **missed** |") {
		t.Error(table)
	}
}

func TestBarsThatAreMissedAreMarked(t *testing.T) {
	table := someResults().judge()
	for _, row := range []string{
		"| CPU a delivery | at most 1.15 × the floor | 1.40 | **missed** |",
		"| CPU a delivery | less than every peer | 0.50 | kept |",
		"| targeted | at least 0.8 × the floor | 0.90 | kept |",
		"| targeted | at least 1.2 × the best peer | 1.50 | kept |",
	} {
		if !strings.Contains(table, row) {
			t.Errorf("%s\nis not in\n%s", row, table)
		}
	}
}
