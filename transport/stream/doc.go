// Package stream moves frames from the hub's outboxes to connections, and tells
// the hub of connections that have gone.
//
// On Linux a TCP stream costs no goroutine while it is idle: its descriptor is
// taken out of the Go runtime's hands, stream writers write to it without
// blocking, and one poller (epoll) notices departures and wakes the clients whose
// connection was full. Everything else (TLS, other systems, connections that are
// not TCP) takes the portable path: a goroutine that waits for the peer to leave,
// and one for each flush under way, so that a write that blocks holds up nobody.
package stream
