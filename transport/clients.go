package transport

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/sseactor/sseactor/actor"
	"github.com/sseactor/sseactor/transport/auth"
)

// clientView is a stream as an operator sees it.
type clientView struct {
	ID        string   `json:"id"`
	UserID    string   `json:"userId,omitempty"`
	SessionID string   `json:"sessionId,omitempty"`
	Topics    []string `json:"topics,omitempty"`
	Address   string   `json:"address"`
	Agent     string   `json:"agent,omitempty"`
	Since     string   `json:"since"`
	LastWrite string   `json:"lastWrite"`
	Queued    int      `json:"queued"`
	Bytes     int      `json:"queuedBytes"`
	Delivered uint64   `json:"delivered"`
	Dropped   uint64   `json:"dropped"`
	Limited   uint64   `json:"rateLimited,omitempty"` // of those
	Expires   string   `json:"expires,omitempty"`
	LastID    string   `json:"lastEventId,omitempty"` // of the newest event that was for it
}

func view(c actor.ClientStats) clientView {
	expires := ""
	if !c.Expires.IsZero() {
		expires = actor.Timestamp(c.Expires)
	}
	return clientView{
		ID: c.ID, UserID: c.UserID, SessionID: c.SessionID, Topics: c.Topics, Address: c.Address, Agent: c.Agent,
		Since: actor.Timestamp(c.Since), LastWrite: actor.Timestamp(c.LastWrite),
		Queued: c.QueuedFrames, Bytes: c.QueuedBytes, Delivered: c.Delivered, Dropped: c.Dropped, Limited: c.RateLimited, Expires: expires, LastID: c.LastID,
	}
}

// readPage reads which page of a long list is meant.
func readPage(args *fasthttp.Args) (cursor, limit int, refused *problem) {
	number := func(name string, otherwise, least, most int) int {
		if !args.Has(name) || refused != nil {
			return otherwise
		}
		n, err := strconv.Atoi(string(args.Peek(name)))
		if err != nil || n < least || n > most {
			refused = &problem{Status: 400, Code: "INVALID_REQUEST", Field: name,
				Detail: name + ": it must be a whole number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)}
		}
		return n
	}
	cursor, limit = number("cursor", 0, 0, 1<<31-1), number("limit", 100, 1, 1000)
	return cursor, limit, refused
}

// maxSearch is how long a text to search for may be, in bytes.
const maxSearch = 200

// readSearch reads what a list is to look for.
func readSearch(args *fasthttp.Args, f *actor.Filter) *problem {
	if args.Has("search") {
		f.Search = string(args.Peek("search"))
		if f.Search == "" || len(f.Search) > maxSearch || !utf8.ValidString(f.Search) {
			return badQuery("search", fmt.Errorf("it must be a text of 1 to %d bytes of UTF-8", maxSearch))
		}
	}
	if args.Has("slow") {
		switch string(args.Peek("slow")) {
		case "true":
			f.Slow = true
		case "false":
		default:
			return badQuery("slow", errors.New("it must be true or false"))
		}
	}
	return nil
}

// searchTime is how long a search goes on before its page is answered as it is, with the
// cursor to go on from.
const searchTime = time.Second

// findClients fills a page. The hub looks at so many clients for one message only, and
// serves others in between.
func (s *Server) findClients(f actor.Filter, cursor, limit int) (actor.Page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	began := time.Now()
	all, err := s.hub.List(ctx, f, cursor, limit)
	if err != nil || all.Next == 0 || len(all.Clients) == limit {
		return all, err
	}
	listed := make(map[string]bool, len(all.Clients))
	for _, c := range all.Clients {
		listed[c.ID] = true
	}
	for all.Next > 0 && len(all.Clients) < limit && time.Since(began) < searchTime {
		page, err := s.hub.List(ctx, f, all.Next, limit-len(all.Clients))
		if err != nil {
			return actor.Page{}, err
		}
		for _, c := range page.Clients { // a departure may have moved one that was listed
			if !listed[c.ID] {
				listed[c.ID] = true
				all.Clients = append(all.Clients, c)
			}
		}
		all.Next = page.Next
	}
	return all, nil
}

// listClients answers GET /api/sse/admin/clients, newest stream first.
func (s *Server) listClients(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	args := ctx.QueryArgs()
	refused := onlyParameters(args, "userId", "sessionId", "topic", "search", "slow", "cursor", "limit")
	var filter actor.Filter
	if refused == nil {
		filter, refused = readFilter(args)
	}
	if refused == nil {
		refused = readSearch(args, &filter)
	}
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	cursor, limit, refused := readPage(args)
	if refused != nil {
		reply(ctx, *refused)
		return
	}
	page, err := s.findClients(filter, cursor, limit)
	if err != nil {
		reply(ctx, overloaded)
		return
	}
	answer := struct {
		Clients []clientView `json:"clients"`
		Next    int          `json:"next,omitempty"`  // the cursor of the next page
		Total   *int         `json:"total,omitempty"` // in all pages; none: nobody has looked at all of them
	}{Clients: make([]clientView, 0, len(page.Clients)), Next: page.Next}
	if page.Total >= 0 {
		answer.Total = &page.Total
	}
	for _, c := range page.Clients {
		answer.Clients = append(answer.Clients, view(c))
	}
	replyJSON(ctx, answer)
}

// showClient answers GET /api/sse/admin/clients/{id}.
func (s *Server) showClient(ctx *fasthttp.RequestCtx, _ auth.Identity) {
	deadline, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	page, err := s.hub.List(deadline, actor.Filter{ClientID: pathID(ctx)}, 0, 1)
	switch {
	case err != nil:
		reply(ctx, overloaded)
	case len(page.Clients) == 0:
		reply(ctx, notFound)
	default:
		replyJSON(ctx, view(page.Clients[0]))
	}
}
