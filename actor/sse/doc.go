// Package sse holds the vocabulary of Server-Sent Events (WHATWG HTML 9.2):
// events whose fields cannot be built wrong, and frames, their wire bytes.
//
// A Name, an ID or a Text can only be had from its Parse function, so whatever
// reaches the encoder is safe to write: a line end inside a field would let a
// publisher forge the fields of somebody else's event.
package sse
