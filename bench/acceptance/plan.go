//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/sseactor/sseactor/bench/loadgen"
)

const (
	waves           = 20   // each with a broadcast, its share of the targeted sends, and a batch
	targetedSends   = 2000 // single posts
	batchSize       = 10
	deliveryLanes   = 4
	targetedPerLane = targetedSends / waves / deliveryLanes
	planTags        = waves + targetedSends + waves*batchSize
)

// post is one request of a publisher: an event, or several as a batch.
type post struct {
	events []planned
	batch  bool
}

// planned is an event of the plan; its data is made when it is sent.
type planned struct {
	tag   loadgen.Tag
	event loadgen.Event
	form  int // of the data
}

// withData gives the event as it is posted now.
func (p planned) withData() loadgen.Event {
	p.tag.At = loadgen.Now()
	size := 60 + 13*(p.tag.N%60)
	switch p.form {
	case 0:
		p.event.Data = p.tag.Text(size, false)
	case 1:
		p.event.Data = p.tag.Text(size+300, true)
	default:
		p.event.Data = p.tag.Object(size)
	}
	return p.event
}

// plan is who posts what in which wave: by wave, by lane, in order.
type plan struct {
	posts [waves][deliveryLanes][]post
	all   []planned // by tag
	rand  *rand.Rand
	live  []member
}

func roomOf(i int) string  { return fmt.Sprintf("room-%d", i/200) }
func floorOf(i int) string { return fmt.Sprintf("floor-%d", i/1000) }

// topicsOf: a quarter of the streams are in a room and on a floor, a quarter in
// a room only, and half have no topic.
func topicsOf(i int) []string {
	switch i % 4 {
	case 0:
		return []string{roomOf(i), floorOf(i)}
	case 1:
		return []string{roomOf(i)}
	}
	return nil
}

// newPlan makes the same plan each time but for the client ids.
func newPlan(live []member) *plan {
	p := &plan{rand: rand.New(rand.NewPCG(7, 7)), live: live}
	for w := range waves {
		for lane := range deliveryLanes {
			for i := range targetedPerLane {
				if lane == w%deliveryLanes && i == targetedPerLane/2 {
					p.add(w, lane, false, loadgen.Event{Event: "broadcast"})
				}
				if lane == (w+1)%deliveryLanes && i == targetedPerLane/3 {
					p.addBatch(w, lane)
				}
				p.add(w, lane, false, p.targeted())
			}
		}
	}
	return p
}

// targeted is an event of one of the kinds of targets, in turns.
func (p *plan) targeted() loadgen.Event {
	i := p.rand.IntN(len(p.live))
	quarter := i - i%4 // has a room and a floor
	switch len(p.all) % 7 {
	case 0:
		return loadgen.Event{Event: "to-session", SessionID: p.live[i].session}
	case 1:
		return loadgen.Event{Event: "to-clients", ClientIDs: p.clients(3 + p.rand.IntN(50))}
	case 2:
		return loadgen.Event{Event: "to-topic", Topics: []string{roomOf(i)}}
	case 3: // most of the room matches twice
		return loadgen.Event{Event: "to-topics", Topics: []string{roomOf(i), floorOf(i)}}
	case 4: // its session is in the room: it matches twice
		return loadgen.Event{Event: "to-union", SessionID: p.live[quarter].session, Topics: []string{roomOf(quarter), floorOf(quarter)}}
	case 5: // the same client twice
		ids := p.clients(2)
		return loadgen.Event{Event: "to-clients", ClientIDs: []string{ids[0], ids[1], ids[0]}}
	}
	// The default event, of which EventSource makes a message.
	return loadgen.Event{SessionID: p.live[i].session, Priority: "high"}
}

func (p *plan) clients(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = p.live[p.rand.IntN(len(p.live))].client
	}
	return ids
}

func (p *plan) add(wave, lane int, batch bool, e loadgen.Event) {
	one := planned{tag: loadgen.Tag{N: len(p.all), Lane: lane}, event: e, form: len(p.all) % 3}
	p.all = append(p.all, one)
	posts := &p.posts[wave][lane]
	if batch {
		last := &(*posts)[len(*posts)-1]
		last.events = append(last.events, one)
		return
	}
	*posts = append(*posts, post{events: []planned{one}})
}

func (p *plan) addBatch(wave, lane int) {
	p.posts[wave][lane] = append(p.posts[wave][lane], post{batch: true})
	for range batchSize {
		p.add(wave, lane, true, p.targeted())
	}
}

// addressed gives for each member the set of tags that are for it.
func (p *plan) addressed(members []member) []loadgen.Set {
	sets := make([]loadgen.Set, len(members))
	for i := range sets {
		sets[i] = loadgen.NewSet(planTags)
	}
	who := newDirectory(members)
	for _, one := range p.all {
		who.receivers(one.event, func(i int) { sets[i].Add(one.tag.N) })
	}
	return sets
}
