package transport

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
)

// summary is the document's four metrics and what else helps a person.
type summary struct {
	ActiveConnections int    `json:"activeConnections"`
	TotalConnections  uint64 `json:"totalConnections"`
	EventsDispatched  uint64 `json:"eventsDispatched"`
	Errors            uint64 `json:"errors"`

	EndingConnections  int               `json:"endingConnections"`
	MaxClients         int               `json:"maxClients"`
	Users              int               `json:"users"`
	Sessions           int               `json:"sessions"`
	Topics             int               `json:"topics"`
	Deliveries         uint64            `json:"deliveries"`
	Delivered          uint64            `json:"delivered"`
	Dropped            uint64            `json:"dropped"`
	Undelivered        uint64            `json:"undelivered"`
	Heartbeats         uint64            `json:"heartbeats"`
	RefusedConnections uint64            `json:"refusedConnections"`
	EndedConnections   map[string]uint64 `json:"endedConnections"`
	LastEventID        string            `json:"lastEventId"`
	History            historySummary    `json:"history"`
	Journal            *journalSummary   `json:"journal,omitempty"`
	Draining           bool              `json:"draining"`
	Timestamp          string            `json:"timestamp"`
}

// historySummary is what is kept in memory, and what came of it.
type historySummary struct {
	Events   int               `json:"events"`
	Bytes    int               `json:"bytes"`
	Resumes  map[string]uint64 `json:"resumes"` // by what the streams were told
	Replayed uint64            `json:"replayed"`
}

// journalSummary is what is kept for receivers that are away.
type journalSummary struct {
	Durable   bool   `json:"durable"`
	Failing   string `json:"failing,omitempty"` // the code that publishers get
	Mailboxes uint64 `json:"mailboxes"`
	Records   uint64 `json:"records"`
	Bytes     uint64 `json:"bytes"`
	Written   uint64 `json:"written"` // persistent events
	Refused   uint64 `json:"refused"`
	PushedOut uint64 `json:"pushedOut"` // unacknowledged, of full mailboxes
}

func summaryOfHistory(stats *actor.Stats) historySummary {
	h := historySummary{Events: stats.HistoryEvents, Bytes: stats.HistoryBytes, Replayed: stats.Replayed, Resumes: make(map[string]uint64)}
	for _, verdict := range actor.Verdicts() {
		if n := stats.Resumes[verdict]; n > 0 {
			h.Resumes[verdict.String()] = n
		}
	}
	return h
}

// summaryOfJournal is nil without one.
func (s *Server) summaryOfJournal() *journalSummary {
	if s.committer == nil {
		return nil
	}
	j := s.committer.Stats()
	sum := &journalSummary{
		Durable: s.opts.Journal.Durable(), Mailboxes: j.Usage.Boxes, Records: j.Usage.Records, Bytes: j.Usage.Bytes,
		Written: j.Events, Refused: j.RefusedFull + j.RefusedFailed, PushedOut: j.Pushed,
	}
	if j.Fault != nil {
		sum.Failing = journalProblem(j.Fault).Code
	}
	return sum
}

func (s *Server) summary() (*summary, error) {
	stats, err := s.stats()
	if err != nil {
		return nil, err
	}
	return s.summaryOf(&stats), nil
}

func (s *Server) summaryOf(stats *actor.Stats) *summary {
	ended := make(map[string]uint64)
	for _, why := range actor.Reasons() {
		if n := stats.Ended[why]; n > 0 {
			ended[why.String()] = n
		}
	}
	return &summary{
		ActiveConnections: stats.Clients,
		TotalConnections:  stats.Registered,
		EventsDispatched:  stats.Events,
		// What went wrong at this end: connections that failed or timed out, and
		// requests that were not served.
		Errors:             stats.Ended[actor.ReasonWriteFailed] + stats.Ended[actor.ReasonTimeout] + s.meter.failed() + s.meter.panics.Get(),
		EndingConnections:  stats.Ending,
		MaxClients:         s.opts.Hub.MaxClients,
		Users:              stats.Users,
		Sessions:           stats.Sessions,
		Topics:             stats.Topics,
		Deliveries:         stats.Deliveries,
		Delivered:          s.meter.written().Frames,
		Dropped:            stats.Dropped(),
		Undelivered:        stats.Undelivered,
		Heartbeats:         stats.Heartbeats,
		RefusedConnections: stats.RefusedFull + stats.RefusedDraining + stats.RefusedTooMany,
		EndedConnections:   ended,
		LastEventID:        stats.LastID.String(),
		History:            summaryOfHistory(stats),
		Journal:            s.summaryOfJournal(),
		Draining:           stats.Draining,
		Timestamp:          actor.Timestamp(time.Now()),
	}
}

// metricsJSON answers GET /api/sse/metrics.
func (s *Server) metricsJSON(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	m, err := s.summary()
	if err != nil {
		reply(ctx, overloaded)
		return
	}
	replyJSON(ctx, m)
}
