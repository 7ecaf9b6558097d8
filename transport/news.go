package transport

import (
	"time"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/monitor"
	"github.com/sseactor/sseactor/transport/wire"
)

// What happens is told to the log and to the operators who look on. Neither makes anybody
// wait.

func (s *Server) streamOpened(i actor.Info) {
	s.log.connected(i)
	s.watched(&i, monitor.Connect, "", -1)
}

// streamRefused is told of each stream that is not let in, and of what it was answered.
func (s *Server) streamRefused(i actor.Info, w actor.Welcome, answer problem, err error) {
	s.log.refused(i, w.Admission, err)
	s.watched(&i, monitor.Refuse, answer.Code, -1)
}

// streamClosed is told of each stream that has ended.
func (s *Server) streamClosed(c *actor.Client, why actor.Reason, err error) {
	i := c.Info()
	s.log.disconnected(i, why, err)
	s.watched(&i, monitor.Disconnect, why.String(), time.Since(i.Since))
}

// watched shows operators what became of a stream. A negative time is none.
func (s *Server) watched(i *actor.Info, kind monitor.Kind, reason string, open time.Duration) {
	activity := s.lookout.activity
	if !activity.Watched() {
		return
	}
	place := activity.Offer(&monitor.News{Kind: kind, ClientID: i.ID, UserID: i.UserID, SessionID: i.SessionID, Topics: i.Topics})
	if !place.Any() {
		return
	}
	item := &monitor.Item{Time: time.Now().UnixMilli(), Kind: kind.String(), Reason: reason,
		ClientID: i.ID, UserID: i.UserID, SessionID: i.SessionID, Topics: i.Topics, Address: i.Address, Agent: i.Agent}
	if open >= 0 {
		ms := open.Milliseconds()
		item.OpenMs = &ms
	}
	activity.Show(place, item)
}

func (s *Server) eventSent(by auth.Identity, item *wire.Item, r actor.Receipt) {
	s.log.sent(by, item, r)
	if s.lookout.activity.Watched() {
		s.watchedEvent(monitor.Send, by, item, &r, "")
	}
}

// eventUnsent is told of the first event of a request that is not sent, and of what its
// publisher was answered.
func (s *Server) eventUnsent(by auth.Identity, item *wire.Item, answer *problem) {
	if s.lookout.activity.Watched() {
		s.watchedEvent(monitor.Refuse, by, item, nil, answer.Code)
	}
}

// watchedEvent shows operators what became of an event.
func (s *Server) watchedEvent(kind monitor.Kind, by auth.Identity, sent *wire.Item, r *actor.Receipt, reason string) {
	activity, to, e := s.lookout.activity, &sent.Target, &sent.Event
	place := activity.Offer(&monitor.News{Kind: kind, Event: e.Name.String(), ClientIDs: to.ClientIDs, UserID: to.UserID, SessionID: to.SessionID, Topics: to.Topics})
	if !place.Any() {
		return
	}
	size := len(e.Data)
	item := &monitor.Item{Time: time.Now().UnixMilli(), Kind: kind.String(), Reason: reason, Event: e.Name.String(), By: by.Name(),
		Bytes: &size, Priority: e.Priority.String(), Persistent: e.Persistent,
		To: &monitor.To{UserID: to.UserID, SessionID: to.SessionID, Topics: to.Topics, ClientIDs: to.ClientIDs[:min(len(to.ClientIDs), monitor.MaxNames)],
			More:      max(len(to.ClientIDs)-monitor.MaxNames, 0),
			Everybody: to.UserID == "" && to.SessionID == "" && len(to.Topics) == 0 && len(to.ClientIDs) == 0}}
	if r != nil {
		queued := r.Queued // a copy: what r is of would be allocated while nobody looks, too
		item.ID, item.Queued = r.ID, &queued
	}
	item.Data, item.Clipped = monitor.Preview(e.Data)
	activity.Show(place, item)
}
