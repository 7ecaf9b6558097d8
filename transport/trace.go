package transport

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
	"github.com/sseactor/sseactor/transport/journal"
)

// traceView is what became of an event, as an operator sees it.
type traceView struct {
	ID         string         `json:"id"`
	OwnID      string         `json:"ownId,omitempty"` // the publisher's, which receivers see
	To         targetView     `json:"to"`
	Priority   string         `json:"priority"`
	Persistent bool           `json:"persistent"`
	Queued     int            `json:"queued"` // for so many streams, when it was sent
	Receivers  []receiverView `json:"receivers"`
	Mailboxes  []mailboxView  `json:"mailboxes,omitempty"`
	Next       int            `json:"next,omitempty"` // the cursor of the next page of receivers
}

type targetView struct {
	Everybody bool     `json:"everybody,omitempty"`
	UserID    string   `json:"userId,omitempty"`
	SessionID string   `json:"sessionId,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	ClientIDs []string `json:"clientIds,omitempty"`
}

type receiverView struct {
	ClientID  string `json:"clientId"`
	UserID    string `json:"userId,omitempty"`
	SessionID string `json:"sessionId,omitempty"`
	State     string `json:"state"` // written, waiting, dropped, left
	Why       string `json:"why,omitempty"`
}

type mailboxView struct {
	targetView
	State   string       `json:"state"` // kept, acknowledged, pushedOut, expired; unknown: the journal can't be read
	Devices []deviceView `json:"devices,omitempty"`
}

type deviceView struct {
	Device       string `json:"device"`
	Acknowledged bool   `json:"acknowledged"`
}

// traceEvent answers GET /api/sse/admin/events/{id}, and /api/sse/admin/events?id= for
// ids of publishers that would not be one part of a path.
func (s *Server) traceEvent(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	args := ctx.QueryArgs()
	refused := onlyParameters(args, "id", "cursor", "limit")
	inPath := string(ctx.Path()) != "/api/sse/admin/events"
	id := string(args.Peek("id"))
	if inPath {
		id = pathID(ctx)
	}
	switch {
	case refused != nil:
	case inPath == args.Has("id"):
		refused = badQuery("id", errors.New("give it once: in the path, or as a parameter"))
	case id == "":
		refused = badQuery("id", errors.New("empty"))
	}
	cursor, limit := 0, 0
	if refused == nil {
		cursor, limit, refused = readPage(args)
	}
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	deadline, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	t, found, err := s.hub.Inquire(deadline, id, cursor, limit)
	switch {
	case err != nil:
		reply(ctx, overloaded)
	case !found:
		reply(ctx, problem{Status: 404, Code: "EVENT_NOT_FOUND", Field: "id",
			Detail: "no event with this id is in the history, which holds the recent past (history-events, history-bytes, history-age)"})
	default:
		view := viewTrace(t)
		if t.Persistent && s.opts.Journal != nil {
			view.Mailboxes = s.track(deadline, t)
		}
		replyJSON(ctx, view)
	}
}

func viewTrace(t actor.Trace) traceView {
	view := traceView{
		ID:         t.ID.String(),
		OwnID:      t.OwnID,
		To:         targetView{t.Everybody, t.Target.UserID, t.Target.SessionID, t.Target.Topics, t.Target.ClientIDs},
		Priority:   t.Priority.String(),
		Persistent: t.Persistent,
		Queued:     t.Queued,
		Receivers:  make([]receiverView, 0, len(t.Receivers)),
		Next:       t.Next,
	}
	for _, r := range t.Receivers {
		view.Receivers = append(view.Receivers, receiverView{r.ClientID, r.UserID, r.SessionID, r.Fate.String(), r.Why})
	}
	return view
}

// track says what became of a persistent event in the mailboxes it was put into.
func (s *Server) track(ctx context.Context, t actor.Trace) []mailboxView {
	var views []mailboxView
	for _, box := range journal.Boxes(t.Target) {
		view := mailboxView{targetView: viewBox(box), State: "unknown"}
		status, err := journal.Track(ctx, s.opts.Journal, box, t.ID)
		if err != nil {
			s.meter.unread.Inc()
		} else {
			view.State = string(status.State)
		}
		for _, device := range slices.Sorted(maps.Keys(status.Devices)) {
			view.Devices = append(view.Devices, deviceView{device, status.Devices[device]})
		}
		views = append(views, view)
	}
	return views
}

func viewBox(box journal.Box) targetView {
	switch box.Kind {
	case journal.User:
		return targetView{UserID: box.Name}
	case journal.Session:
		return targetView{SessionID: box.Name}
	case journal.Topic:
		return targetView{Topics: []string{box.Name}}
	}
	return targetView{Everybody: true}
}
