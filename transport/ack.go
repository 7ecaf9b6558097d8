package transport

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor/sse"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
	"github.com/sseactor/sseactor/transport/wire"
)

// acknowledgement is what POST /api/sse/ack says: a device has all events up to one.
type acknowledgement struct {
	ID string
	// Nil: not given.
	Device, UserID, SessionID *string
}

// acknowledge answers POST /api/sse/ack. What is acknowledged need not be on disk when the
// answer comes: after a crash it is sent again, with the same ids.
func (s *Server) acknowledge(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	caller, refused := s.identify(ctx)
	if refused == nil {
		refused = forged(&ctx.Request.Header, caller)
	}
	if refused == nil {
		refused = s.pace.takeAck(caller, network(s.clientAddress(ctx)))
	}
	var ack acknowledgement
	if refused == nil {
		ack, refused = readAcknowledgement(ctx.PostBody())
	}
	var who journal.Receiver
	if refused == nil {
		who, refused = s.receiverOf(caller, ack)
	}
	if refused == nil {
		refused = s.advance(s.deadlines.next(), caller, who, ack.ID)
	}
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	s.meter.acked.Inc()
	b := append(make([]byte, 0, 256), `{"success":true,"acknowledged":`...)
	replyBytes(ctx, append(wire.AppendText(b, ack.ID), '}'))
}

// readAcknowledgement reads the body.
func readAcknowledgement(body []byte) (acknowledgement, *problem) {
	var none, ack acknowledgement
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields == nil {
		return none, &problem{Status: 400, Code: "INVALID_REQUEST", Detail: `the body is not a JSON object; send {"id":…}`}
	}
	var id *string
	for _, field := range []struct {
		name  string
		to    **string
		check func(string) error
	}{
		{"id", &id, checkEventID},
		{"device", &ack.Device, wire.CheckDevice},
		{"userId", &ack.UserID, wire.CheckUserID},
		{"sessionId", &ack.SessionID, wire.CheckSessionID},
	} {
		raw, given := fields[field.name] // by hand: the decoder takes userid for userId
		if !given {
			continue
		}
		delete(fields, field.name)
		if json.Unmarshal(raw, field.to) != nil || *field.to == nil {
			return none, badQuery(field.name, errors.New("it must be a text; leave it out if there is none"))
		}
		if err := field.check(**field.to); err != nil {
			return none, badQuery(field.name, err)
		}
	}
	for name := range fields {
		return none, &problem{Status: 400, Code: "INVALID_REQUEST", Field: name, Detail: "an acknowledgement has the fields id, device, userId and sessionId, and no other"}
	}
	if id == nil {
		return none, badQuery("id", errNoEventID)
	}
	ack.ID = *id
	return ack, nil
}

var errNoEventID = errors.New("missing; it is that of the newest event that was received")

// checkEventID checks an id that an event may have had.
func checkEventID(id string) error {
	if id == "" {
		return errNoEventID
	}
	_, err := sse.ParseID(id)
	return err
}

// receiverOf is whose mailboxes are meant: those of the caller, who may open their stream,
// or those that a publisher names, who may send there.
func (s *Server) receiverOf(caller auth.Identity, ack acknowledgement) (who journal.Receiver, refused *problem) {
	who.User, who.Session = caller.UserID, caller.OnlySession()
	if ack.SessionID != nil {
		if who.Session = *ack.SessionID; !caller.SendsToSession(who.Session) {
			if who.Session, _, refused = s.sessionOf(caller, *ack.SessionID); refused != nil {
				return who, refused
			}
		}
	}
	if ack.UserID != nil {
		who.User = *ack.UserID
		switch {
		case caller.SendsToUser(who.User), s.opts.Policy.MayReadUser(caller, who.User):
		case !caller.Known():
			return who, &unauthorized
		default:
			return who, notYourUser()
		}
	}
	switch now := time.Now(); {
	case who.User == "" && who.Session == "" && caller.Known():
		return who, &problem{Status: 400, Code: "INVALID_REQUEST", Detail: "say whose events they are: userId or sessionId"}
	case who.User == "" && who.Session == "":
		return who, &problem{Status: 401, Code: "UNAUTHORIZED", Detail: "sign in, or give a sessionId"}
	case s.blocks.Bars(who.User, who.Session, now), s.blocks.Bars(caller.UserID, "", now):
		return who, &problem{Status: 403, Code: "BLOCKED", Detail: "this user or session is kept out for now"}
	}
	if who.Device = who.Session; ack.Device != nil {
		who.Device = *ack.Device
	}
	return who, nil
}

// advance moves a device's cursor to an event.
func (s *Server) advance(ctx context.Context, caller auth.Identity, who journal.Receiver, id string) *problem {
	at := sequence(id)
	if at.IsZero() {
		var refused *problem
		if at, refused = s.find(ctx, caller, who, id); refused != nil {
			return refused
		}
	}
	newest, err := s.newestFor(ctx, at)
	switch {
	case err != nil:
		return &overloaded
	case at.IsZero(), newest.Less(at):
		return &problem{Status: 404, Code: "EVENT_NOT_FOUND", Field: "id", Detail: "id: neither an id that this server has given nor a publisher's own in these mailboxes"}
	}
	if err := who.Acknowledge(ctx, s.opts.Journal, at, time.Now()); err != nil {
		return s.unnoted(err)
	}
	return nil
}

// find gives the place of the oldest event with a publisher's own id: of those in the
// receiver's own mailboxes; else the history's newest that is for it, since a page says the
// newest it has, kept or not; and of those with the same id that are kept for its topics and
// for everybody. Zero: there is none.
func (s *Server) find(ctx context.Context, caller auth.Identity, who journal.Receiver, id string) (at sse.Sequence, refused *problem) {
	place, err := who.Find(ctx, s.opts.Journal, id)
	if err != nil {
		return at, s.unnoted(err)
	}
	if !place.ID.IsZero() && !place.Shared {
		return place.ID, nil
	}
	event, found, err := s.hub.Inquire(ctx, id, 0, 1)
	if err != nil {
		return at, &overloaded
	}
	if !found {
		return place.ID, nil
	}
	for n, topic := range event.Target.Topics {
		if s.mayTopic(caller, topic, n) == nil {
			who.Topics = append(who.Topics, topic)
		}
	}
	to := event.Target
	if !event.Everybody && len(who.Topics) == 0 && (to.UserID == "" || to.UserID != who.User) && (to.SessionID == "" || to.SessionID != who.Session) {
		return place.ID, nil // it is for others
	}
	if len(who.Topics) > 0 {
		if place, err = who.Find(ctx, s.opts.Journal, id); err != nil {
			return at, s.unnoted(err)
		}
	}
	if place.ID.IsZero() || event.ID.Less(place.ID) {
		return event.ID, nil
	}
	return place.ID, nil
}

// unnoted is the answer to an acknowledgement that the journal did not take.
func (s *Server) unnoted(err error) *problem {
	s.meter.unread.Inc()
	s.log.unnoted(err)
	return &mailboxFault
}
