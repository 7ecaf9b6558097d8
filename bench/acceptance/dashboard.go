//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/process"
	"github.com/sseactor/sseactor/bench/report"
)

// How an operator looks on, in a part of a round.
type looking int

const (
	nobody    looking = iota
	watching          // one has an operator's stream
	searching         // and searches the list of streams each second
	lookings
)

// dashboard measures what it costs the server that somebody looks on: with nobody, with an
// operator's stream, and with one who searches besides, in turns; first while nothing is
// sent, then with a thousand events a second.
func dashboard(ctx context.Context, b *bench, r *report.Report) error {
	const rounds, quiet, busy, rate = 3, 20 * time.Second, 10 * time.Second, 1000
	s, err := b.start(ctx, maxClients(b.streams))
	if err != nil {
		return err
	}
	tags := rounds * int(searching) * rate * int(busy/time.Second)
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: tags})
	if err != nil {
		return err
	}
	if _, err := open(ctx, c, sessions(b.streams, "member")); err != nil {
		return err
	}
	d := &dashboardRun{server: s, streams: b.streams}
	still, err := d.compare(ctx, rounds, lookings, func() error { return process.Pause(ctx, quiet) })
	if err != nil {
		return err
	}
	lively, err := d.compare(ctx, rounds, searching, func() error { return d.publish(ctx, rate, busy) })
	if err != nil {
		return err
	}
	settle(ctx, c, func() bool { return c.Counts(0).Events >= tags })
	searches, err := d.searchMore(ctx, 200)
	if err != nil {
		return err
	}

	percent := func(v float64) string { return fmt.Sprintf("%.2f %% of one core", 100*v) }
	r.Tell("each in turns", "%d times %v, then %d times %v with %d events a second to single sessions", rounds, quiet, rounds, busy, rate)
	r.Tell("the server's CPU, nobody looks", "%s", percent(median(still[nobody])))
	r.Check("more with an operator's stream (median of the pairs)", median(more(still, watching)) < 0.02, percent(median(more(still, watching))), "less than 2 %")
	r.Tell("more with a search each second besides", "%s", percent(median(more(still, searching))))
	r.Within("from asking to the first metrics, worst", slices.Max(d.first), time.Second)
	r.Check("metrics came each second", d.slowest < 2*time.Second, d.slowest.Round(time.Millisecond), "at most 2s apart")
	r.Equal("streams that they said there are", d.said, b.streams)
	slices.Sort(d.searches)
	slices.Sort(searches)
	all := slices.Sorted(slices.Values(slices.Concat(d.searches, searches)))
	r.Tell("searches, one a second", "%d: p50 %v, max %v", len(d.searches), d.searches[len(d.searches)/2].Round(10*time.Microsecond), d.searches[len(d.searches)-1].Round(10*time.Microsecond))
	r.Tell("searches, one after the other", "%d: p50 %v, max %v", len(searches), searches[len(searches)/2].Round(10*time.Microsecond), searches[len(searches)-1].Round(10*time.Microsecond))
	r.Within("a search, p99 of all", all[len(all)*99/100], 200*time.Millisecond)
	r.Zero("searches that found something else", d.wrong)
	r.Equal("events that came, of those sent", c.Counts(0).Events, d.sent)
	r.Tell("the server's CPU with them, nobody looks", "%s", percent(median(lively[nobody])))
	r.Tell("more with an operator's stream", "%s, %.1f µs an event", percent(median(more(lively, watching))), 1e6*median(more(lively, watching))/rate)
	r.Tell("of the events in its activity", "%d of %d shown", d.shown, d.seen)
	r.Equal("streams open", c.Counts(0).Open, b.streams)
	faults(r, "streams", c.Counts(0))
	return nil
}

// more is the rises over nobody's, by rounds.
func more(shares [lookings][]float64, l looking) (rises []float64) {
	for i := range shares[l] {
		rises = append(rises, shares[l][i]-shares[nobody][i])
	}
	return rises
}

// dashboardRun is what the parts of the scenario share.
type dashboardRun struct {
	server  *server
	streams int

	first    []time.Duration // from asking for a stream to its first metrics
	slowest  time.Duration   // between two metrics
	said     int             // streams, by the last metrics
	shown    int             // of the activity
	seen     int
	searches []time.Duration
	wrong    int
	sent     int // events
}

// compare gives the server's CPU as shares of one core, for the first of the ways to look
// on, in turns that do not always begin with the same.
func (d *dashboardRun) compare(ctx context.Context, rounds int, ways looking, meanwhile func() error) (shares [lookings][]float64, err error) {
	for i := range rounds {
		for j := range ways {
			way := (j + looking(i)) % ways
			share, err := d.part(ctx, way, meanwhile)
			if err != nil {
				return shares, err
			}
			shares[way] = append(shares[way], share)
		}
	}
	return shares, nil
}

// part measures one of them.
func (d *dashboardRun) part(ctx context.Context, way looking, meanwhile func() error) (share float64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var looks sync.WaitGroup
	var failed [2]error
	if way >= watching {
		ready := make(chan struct{})
		looks.Go(func() { failed[0] = d.watch(ctx, sync.OnceFunc(func() { close(ready) })) })
		select {
		case <-ready:
		case <-time.After(10 * time.Second):
			return 0, errors.New("no metrics after 10 seconds")
		}
	}
	d.server.Publisher.Close()
	before, err := d.server.Usage()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if way == searching {
		looks.Go(func() { failed[1] = d.search(ctx) })
	}
	err = meanwhile()
	after, usageErr := d.server.Usage()
	took := time.Since(began)
	cancel()
	looks.Wait()
	return (after.CPU - before.CPU).Seconds() / took.Seconds(), errors.Join(err, usageErr, failed[0], failed[1])
}

// watch reads an operator's stream until ctx ends.
func (d *dashboardRun) watch(ctx context.Context, ready func()) error {
	defer ready()
	asked := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.server.addr.String()+"/api/sse/admin/stream", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("open an operator's stream: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("open an operator's stream: %s", res.Status)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	name := ""
	var last time.Time
	for lines.Scan() {
		line := lines.Text()
		if event, ok := strings.CutPrefix(line, "event: "); ok {
			name = event
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok || name != "metrics" && name != "activity" {
			continue
		}
		var e struct {
			Sample      struct{ Streams int }
			Shown, Seen int
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("an operator's stream: %w: %.200s", err, data)
		}
		d.shown, d.seen = d.shown+e.Shown, d.seen+e.Seen
		if name == "metrics" {
			now := time.Now()
			if last.IsZero() {
				d.first = append(d.first, now.Sub(asked))
			} else {
				d.slowest = max(d.slowest, now.Sub(last))
			}
			last, d.said = now, e.Sample.Streams
			ready()
		}
	}
	if ctx.Err() == nil {
		return fmt.Errorf("an operator's stream ended: %w", errors.Join(lines.Err(), errors.New("nobody ended it")))
	}
	return nil
}

// search searches once a second until ctx ends.
func (d *dashboardRun) search(ctx context.Context) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-second.C:
		}
		took, err := d.searchOnce(context.WithoutCancel(ctx), n)
		if err != nil {
			return err
		}
		d.searches = append(d.searches, took)
	}
}

// searchMore searches so many times, one after the other.
func (d *dashboardRun) searchMore(ctx context.Context, times int) (all []time.Duration, err error) {
	for n := range times {
		took, err := d.searchOnce(ctx, n)
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	return all, nil
}

// searchOnce looks for one stream, for none, or for slow ones, and knows how many there are.
func (d *dashboardRun) searchOnce(ctx context.Context, n int) (time.Duration, error) {
	query, want := "slow=true", 0
	switch n % 4 {
	case 0, 1:
		query, want = "search="+url.QueryEscape(fmt.Sprintf("MEMBER-%05d", n*7919%d.streams)), 1
	case 2:
		query = "search=somebody+else"
	}
	began := time.Now()
	body, err := d.server.Get(ctx, "/api/sse/admin/clients?limit=100&"+query)
	took := time.Since(began)
	if err != nil {
		return took, fmt.Errorf("search: %w", err)
	}
	var page struct{ Clients []struct{ ID string } }
	if err := json.Unmarshal(body, &page); err != nil {
		return took, fmt.Errorf("search: %w", err)
	}
	if len(page.Clients) != want {
		d.wrong++
	}
	return took, nil
}

// publish sends events to single sessions at a rate.
func (d *dashboardRun) publish(ctx context.Context, rate int, lasting time.Duration) error {
	const publishers = 4
	events := rate * int(lasting/time.Second)
	first, began := d.sent, time.Now()
	d.sent += events
	return lanes(publishers, func(lane int) error {
		for n := lane; n < events; n += publishers {
			if err := process.Pause(ctx, time.Until(began.Add(time.Duration(n)*time.Second/time.Duration(rate)))); err != nil {
				return err
			}
			tag := loadgen.Tag{N: first + n, Lane: lane, At: loadgen.Now()}
			event := loadgen.Event{Event: "update", SessionID: fmt.Sprintf("member-%05d", n*7919%d.streams), Data: tag.Text(200, false)}
			if _, err := d.server.Publish(ctx, event); err != nil {
				return err
			}
		}
		return nil
	})
}
