//go:build linux

package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

func testMembers(n int) []member {
	members := make([]member, n)
	for i := range members {
		members[i] = member{session: fmt.Sprintf("s-%d", i), topics: topicsOf(i), client: fmt.Sprintf("c-%d", i)}
	}
	return members
}

func TestPlanHasTheTagsOfEachPublisherInItsOrder(t *testing.T) {
	p := newPlan(testMembers(1000))
	require.Len(t, p.all, planTags)
	for n, one := range p.all {
		require.Equal(t, n, one.tag.N)
	}
	var newest [deliveryLanes]int
	batches := 0
	for w := range waves {
		for lane := range deliveryLanes {
			for _, post := range p.posts[w][lane] {
				if post.batch {
					batches++
					assert.Len(t, post.events, batchSize)
				}
				for _, e := range post.events {
					assert.GreaterOrEqual(t, e.tag.N, newest[lane])
					newest[lane] = e.tag.N
					assert.Equal(t, lane, e.tag.Lane)
				}
			}
		}
	}
	assert.Equal(t, waves, batches)
}

func TestAddressed(t *testing.T) {
	members := []member{
		{user: "u", session: "a", topics: []string{"x", "y"}, client: "1"},
		{user: "u", session: "b", topics: []string{"y"}, client: "2"},
		{session: "c", client: "3"},
	}
	tests := []struct {
		name  string
		event loadgen.Event
		want  []int
	}{
		{"no target is everybody", loadgen.Event{}, []int{0, 1, 2}},
		{"a session", loadgen.Event{SessionID: "b"}, []int{1}},
		{"a user", loadgen.Event{UserID: "u"}, []int{0, 1}},
		{"a user who is nobody here", loadgen.Event{UserID: "v"}, nil},
		{"a user, and another's session", loadgen.Event{UserID: "u", SessionID: "c"}, []int{0, 1, 2}},
		{"clients alone, whatever else is given", loadgen.Event{ClientIDs: []string{"3", "3"}, Topics: []string{"x"}}, []int{2}},
		{"topics that one member has twice", loadgen.Event{Topics: []string{"x", "y"}}, []int{0, 1}},
		{"a union", loadgen.Event{SessionID: "c", Topics: []string{"x"}}, []int{0, 2}},
		{"nobody", loadgen.Event{Topics: []string{"z"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &plan{all: []planned{{tag: loadgen.Tag{N: 70}, event: tt.event}}}
			var got []int
			for i, set := range p.addressed(members) {
				if set.Has(70) {
					assert.Equal(t, 1, set.Len())
					got = append(got, i)
				}
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestHolesIn(t *testing.T) {
	order := []int{5, 1, 2, 3, 4} // by the server's ids
	mine := loadgen.NewSet(64)
	for _, n := range []int{5, 1, 2, 4} {
		mine.Add(n)
	}
	tests := []struct {
		name string
		got  []int
		want int
	}{
		{"all of its own", []int{5, 1, 2, 4}, 0},
		{"it came later", []int{2, 4}, 0},
		{"it went earlier", []int{5, 1}, 0},
		{"nothing came", nil, 0},
		{"one in the middle is missing", []int{5, 2, 4}, 1},
		{"two in the middle are missing", []int{5, 4}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := loadgen.NewSet(64)
			for _, n := range tt.got {
				got.Add(n)
			}
			assert.Equal(t, tt.want, holesIn(order, mine, got.Has))
		})
	}
}

func TestChoose(t *testing.T) {
	all, err := choose("")
	require.NoError(t, err)
	assert.NotEmpty(t, all)
	for _, s := range all {
		assert.False(t, s.asked, "%s is run only when it is named", s.name)
	}
	asked, err := choose("document")
	require.NoError(t, err)
	assert.True(t, asked[0].asked)
	two, err := choose("idle,full")
	require.NoError(t, err)
	assert.Equal(t, "idle", two[0].name)
	assert.Equal(t, "full", two[1].name)
	_, err = choose("idle,nope")
	require.ErrorContains(t, err, `"nope"`)
}

func TestSparkline(t *testing.T) {
	assert.Equal(t, " ▁▄█", sparkline([]int{0, 1, 50, 100}))
	assert.Equal(t, "  ", sparkline([]int{0, 0}))
}

func TestReportFailsWithOneFault(t *testing.T) {
	r := &report.Report{}
	r.Tell("a", "b")
	r.Zero("c", 0)
	faults(r, "d", loadgen.Counts{})
	assert.True(t, r.Passed())
	faults(r, "d", loadgen.Counts{Faults: loadgen.Faults{Renumbered: 1}})
	assert.False(t, r.Passed())
}

func TestAlarmingLines(t *testing.T) {
	assert.Empty(t, alarming("time=x level=WARN msg=\"fewer descriptors\"\n"))
	assert.Equal(t, "WARNING: DATA RACE", alarming("a\nWARNING: DATA RACE\nb\n"))
	assert.Equal(t, "panic: x", alarming("panic: x\n"))
	assert.Empty(t, alarming("level=ERROR msg=\"the disk is full\"\n", "the disk is full"))
	assert.Equal(t, "panic: x", alarming("level=ERROR msg=\"the disk is full\"\npanic: x\n", "the disk is full"))
}
