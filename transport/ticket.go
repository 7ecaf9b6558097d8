package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/wire"
)

// ticketRequest is what a ticket is to be good for; nothing: the caller's own stream.
type ticketRequest struct {
	UserID    *string
	SessionID *string
	Topics    []string // nil: not given
}

// The pace at which one user makes tickets, or nobody else would get one.
const (
	ticketsPerSecond = 5
	ticketBurst      = 50
)

// issueTicket answers POST /api/sse/ticket: a ticket that opens one stream, for callers
// that can't send a header with it.
func (s *Server) issueTicket(ctx *fasthttp.RequestCtx, caller auth.Identity) {
	asked, refused := readTicketRequest(ctx.PostBody())
	var holder auth.Identity
	if refused == nil {
		holder, refused = s.ticketHolder(caller, asked)
	}
	if refused == nil {
		refused = s.pace.takeTicket(caller)
	}
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	text, expires, err := s.tickets.Issue(holder)
	if err != nil {
		reply(ctx, problem{Status: 503, Code: "TOO_MANY_TICKETS", Detail: "as many tickets as may be are open", retryAfter: 1})
		return
	}
	replyJSON(ctx, struct {
		Ticket    string `json:"ticket"`
		ExpiresAt string `json:"expiresAt"`
		URL       string `json:"url"`
	}{text, actor.Timestamp(expires), "/api/sse?ticket=" + text})
}

// readTicketRequest reads the body; an empty one asks for the caller's own stream.
func readTicketRequest(body []byte) (asked ticketRequest, refused *problem) {
	if len(body) == 0 {
		return asked, nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields == nil {
		return asked, &problem{Status: 400, Code: "INVALID_REQUEST", Detail: "the body is not a JSON object; send one, or nothing"}
	}
	for name, raw := range fields { // by hand: the decoder takes userid for userId
		var err error
		switch name {
		case "userId":
			err = json.Unmarshal(raw, &asked.UserID)
		case "sessionId":
			err = json.Unmarshal(raw, &asked.SessionID)
		case "topics":
			err = json.Unmarshal(raw, &asked.Topics)
		default:
			return asked, &problem{Status: 400, Code: "INVALID_REQUEST", Field: name, Detail: "a ticket has the fields userId, sessionId and topics, and no other"}
		}
		if err != nil || string(raw) == "null" {
			return asked, badQuery(name, errors.New("it must be a text, or for topics a list of texts; leave it out if there is none"))
		}
	}
	return asked, nil
}

// ticketHolder is who a ticket lets in: never more than the caller, and with no scope.
func (s *Server) ticketHolder(caller auth.Identity, asked ticketRequest) (auth.Identity, *problem) {
	holder := auth.Identity{UserID: caller.UserID, Expires: caller.Expires,
		Reads: auth.Reach{Topics: caller.Reads.Topics, Sessions: caller.Reads.Sessions}}
	if asked.UserID != nil {
		if err := wire.CheckUserID(*asked.UserID); err != nil {
			return holder, badQuery("userId", err)
		}
		if !s.opts.Policy.MayReadUser(caller, *asked.UserID) {
			return holder, notYourUser()
		}
		holder.UserID = *asked.UserID
	}
	if asked.SessionID != nil {
		session, expires, refused := s.sessionOf(caller, *asked.SessionID)
		if refused != nil {
			return holder, refused
		}
		holder.Reads.Sessions = []auth.Pattern{auth.Exactly(session)}
		holder.Expires = earlier(holder.Expires, expires)
	}
	if asked.Topics != nil {
		holder.Reads.Topics = nil
		if len(asked.Topics) > s.opts.MaxTopics {
			return holder, badQuery("topics", fmt.Errorf("more than %d", s.opts.MaxTopics))
		}
		for i, topic := range asked.Topics {
			if refused := s.mayTopic(caller, topic, i); refused != nil {
				return holder, refused
			}
			holder.Reads.Topics = append(holder.Reads.Topics, auth.Exactly(topic))
		}
	}
	if holder.UserID == "" && len(holder.Reads.Sessions) == 0 && len(holder.Reads.Topics) == 0 {
		return holder, &problem{Status: 400, Code: "INVALID_REQUEST", Detail: "say whose stream the ticket is for: userId, sessionId or topics"}
	}
	return holder, nil
}

// earlier is the earlier of two times; a zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
