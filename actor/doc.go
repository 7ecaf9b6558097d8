// Package actor is the heart of sseactor: one goroutine, the hub, that owns all
// client state and decides who gets which event.
//
// Everything reaches it as a message on a channel (register, unregister, send,
// tick, metrics, and list, disconnect, drain, reset beside them), so nothing in
// here is locked. It never waits for anything but the next message: it does no
// I/O, reads no clock (time arrives as ticks) and logs nothing. A send puts one
// shared, already encoded frame into each receiver's bounded outbox; batches of
// outboxes go to stream writers, which live outside and move bytes to sockets.
//
// Work that grows with the number of clients is cut into slices between which
// other messages are served, without changing the order that any client sees
// (see sweep.go).
//
// A hub is embedded with New, Start, and a goroutine or more that serve
// Batches; package transport's stream room is the one that writes to sockets.
package actor
