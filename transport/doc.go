// Package transport is everything that crosses the process's edge: the HTTP
// server (fasthttp), its endpoints, the stream engine that writes to the sockets,
// who may do what, metrics and the log of connects and disconnects.
//
// A Server owns one hub: it starts it, tells it the time, and stops it.
package transport
