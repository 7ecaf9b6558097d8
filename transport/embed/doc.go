// Package embed is sseactor inside of one's own net/http server: the same hub, streams and
// resume, without another process. The program says who may open a stream, and sends with
// the calls of package sseutils.
//
//	live, err := embed.New(embed.Options{})
//	...
//	mux.Handle("GET /api/sse", live.Handler(func(r *http.Request) (embed.Subscriber, error) {
//		user, err := sessions.User(r) // the app's own
//		return embed.Subscriber{UserID: user}, err
//	}))
//	...
//	live.SendNotification(ctx, "Your order was paid", sseutils.Success, sseutils.User("7"))
//
// A stream over HTTP/1.1 leaves net/http: on Linux it is a descriptor without a goroutine.
// Over HTTP/2, and TLS, it keeps a goroutine or two. There are no mailboxes: what was sent
// lately is kept in memory, for clients that come back with a Last-Event-ID.
package embed
