//go:build linux

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// results is everything that was measured, as results.json has it.
type results struct {
	Date     string            `json:"date"` // of the start, UTC
	Machine  machine           `json:"machine"`
	Versions map[string]string `json:"versions"`
	Streams  int               `json:"streams"`
	Rounds   int               `json:"rounds"`
	Systems  []*outcome        `json:"systems"`
}

// outcome is what one system showed.
type outcome struct {
	Name    string            `json:"name"`
	About   string            `json:"about"`
	Figures map[metric]series `json:"figures"`
	Failed  []string          `json:"failed,omitempty"`

	// Baseline: not one of the peers but what they are all compared with.
	Baseline bool `json:"baseline,omitempty"`
}

// series is one metric over the rounds.
type series struct {
	Median float64   `json:"median"`
	Least  float64   `json:"least"`
	Most   float64   `json:"most"`
	Each   []float64 `json:"each"`
	// ToFloor and ToBestPeer are this median divided by theirs; absent where there
	// is none, and in the floor's own.
	ToFloor    float64 `json:"toFloor,omitempty"`
	ToBestPeer float64 `json:"toBestPeer,omitempty"`
}

func newResults(ctx context.Context, p *prepared, o *options) *results {
	r := &results{Date: time.Now().UTC().Format(time.DateOnly), Machine: thisMachine(), Versions: versions(ctx, p, o.systems), Streams: o.streams, Rounds: o.rounds}
	for _, s := range o.systems {
		r.Systems = append(r.Systems, &outcome{Name: s.name, About: s.about, Figures: map[metric]series{}, Baseline: s.baseline})
	}
	return r
}

// add enters what a piece of work showed in a round.
func (r *results) add(round int, s system, w work, f figures, err error) {
	o := r.find(s.name)
	if err != nil {
		o.Failed = append(o.Failed, w.name+": "+err.Error())
	}
	for m, v := range f {
		one := o.Figures[m]
		mishap := columnOf(m).mishap
		if mishap && len(one.Each) > round {
			one.Each[round] += v
		} else {
			one.Each = append(one.Each, v)
		}
		one.Median, one.Least, one.Most = median(one.Each), slices.Min(one.Each), slices.Max(one.Each)
		if mishap {
			one.Median = one.Most
		}
		o.Figures[m] = one
	}
	r.compare()
}

func (r *results) find(name string) *outcome {
	if i := slices.IndexFunc(r.Systems, func(o *outcome) bool { return o.Name == name }); i >= 0 {
		return r.Systems[i]
	}
	return &outcome{Name: name} // it took no part
}

// compare works out the ratios.
func (r *results) compare() {
	for _, c := range columns {
		if c.bare {
			continue
		}
		floor, best := r.floor(c), r.bestPeer(c)
		for _, o := range r.Systems {
			s, ok := o.Figures[c.metric]
			if !ok {
				continue
			}
			s.ToFloor, s.ToBestPeer = 0, 0
			if floor > 0 && !o.Baseline {
				s.ToFloor = s.Median / floor
			}
			if best > 0 {
				s.ToBestPeer = s.Median / best
			}
			o.Figures[c.metric] = s
		}
	}
}

func (r *results) floor(c column) float64 {
	for _, o := range r.Systems {
		if o.Baseline {
			return o.Figures[c.metric].Median
		}
	}
	return 0
}

// bestPeer is the best median of those that are neither the floor nor sseactor.
func (r *results) bestPeer(c column) (best float64) {
	for _, o := range r.Systems {
		s, ok := o.Figures[c.metric]
		if ok && !o.Baseline && o.Name != "sseactor" && (best == 0 || c.better(s.Median, best)) {
			best = s.Median
		}
	}
	return best
}

// redraw draws the charts of results that were written before.
func redraw(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if err != nil {
		return err
	}
	r := &results{}
	if err := json.Unmarshal(text, r); err != nil {
		return err
	}
	return r.draw(dir)
}

// write writes results.json and the charts.
func (r *results) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return r.draw(dir)
}
