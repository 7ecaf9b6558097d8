// Package sseutils sends events to an sseactor from Go: route handlers, webhooks and jobs
// call it as a JavaScript app calls sseUtils of the npm package, with the same names,
// payloads and defaults.
//
//	live, err := sseutils.New(sseutils.Options{URL: "http://localhost:8080", APIKey: os.Getenv("SSE_KEY")})
//	...
//	_, err = live.SendNotification(ctx, "Your order was paid", sseutils.Success, sseutils.User(order.UserID))
//
// An event without a target is for everybody. A target that is given but empty, such as
// User(order.UserID) of an order without a user, is an error and never a broadcast.
//
// Each call makes several attempts under one Idempotency-Key, so that an answer that got
// lost does not send an event twice. The server knows the keys while it runs: if it ends
// between two attempts, the event may be sent twice, with two ids.
//
// Package embed has the same calls for a hub inside of one's own program.
package sseutils
