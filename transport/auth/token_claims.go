package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4/json" // unlike the standard library's, it tells capitals apart and refuses a field that is there twice
	"github.com/go-jose/go-jose/v4/jwt"
)

// endOfTime is the last second that a timestamp can be written for (RFC 3339). What is
// later was meant as milliseconds.
var endOfTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// tokenClaims are those of every token; "sse" is in token_grants.go.
type tokenClaims struct {
	Issuer    string           `json:"iss"`
	Audience  jwt.Audience     `json:"aud"`
	Expiry    *jwt.NumericDate `json:"exp"`
	NotBefore *jwt.NumericDate `json:"nbf"`
	IssuedAt  *jwt.NumericDate `json:"iat"`
}

// read says who the holder of a verified token is. The error is ErrExpired if nothing
// else is wrong, and else ErrRejected.
func (t *Tokens) read(payload []byte) (Identity, error) {
	// The decoder takes one letter for all bytes that are none, so that two ids could
	// become one.
	if !utf8.Valid(payload) {
		return Identity{}, ErrRejected
	}
	var all map[string]json.RawMessage
	var c tokenClaims
	if json.Unmarshal(payload, &all) != nil || json.Unmarshal(payload, &c) != nil {
		return Identity{}, ErrRejected
	}
	_, addressed := all["aud"]
	now := t.opts.Now()
	switch {
	case t.opts.Issuer != "" && c.Issuer != t.opts.Issuer,
		t.opts.Audience != "" && !slices.Contains(c.Audience, t.opts.Audience),
		t.opts.Audience == "" && addressed,
		c.Expiry == nil || c.Expiry.Time().After(endOfTime),
		t.inFuture(c.NotBefore, now), t.inFuture(c.IssuedAt, now):
		return Identity{}, ErrRejected
	}
	id, err := t.holder(payload, all)
	if err != nil {
		return Identity{}, err
	}
	// The tolerance is part of a token's time, as it is of a session's.
	if id.Expires = c.Expiry.Time().Add(t.opts.Tolerance); !now.Before(id.Expires) {
		return Identity{}, ErrExpired
	}
	return id, nil
}

func (t *Tokens) inFuture(d *jwt.NumericDate, now time.Time) bool {
	return d != nil && now.Add(t.opts.Tolerance).Before(d.Time())
}

// holder is the user or the service that a token is for. One that names no user is a
// service's if it may do more than read, and a visitor's if it may only read.
//
// A service's name is also whose rate and whose Idempotency-Keys count as one. Tokens that
// name nobody are each of a service of its own: else one service would be answered with
// what another one had sent. Whoever renews tokens gives them a sub.
func (t *Tokens) holder(payload []byte, all map[string]json.RawMessage) (Identity, error) {
	id := Identity{}
	var err error
	if grants, given := all["sse"]; given {
		if id, err = parseGrants(grants); err != nil {
			return Identity{}, err
		}
	}
	if id.UserID, err = nameIn(all, t.opts.UserClaim); err != nil || id.UserID != "" {
		return id, err
	}
	subject, err := nameIn(all, "sub")
	switch {
	case err != nil:
		return Identity{}, err
	case len(id.Scopes) > 0 && subject != "":
		id.Service = "token:" + subject // an API key's name has no colon
	case len(id.Scopes) > 0:
		sum := sha256.Sum256(payload)
		id.Service = "token#" + hex.EncodeToString(sum[:16]) // another kind of name than one with a sub
	case len(id.Reads.Topics)+len(id.Reads.Users)+len(id.Reads.Sessions) == 0:
		return Identity{}, ErrRejected // it says nobody's name and gives nothing
	}
	return id, nil
}

// nameIn reads a user's id or a service's name; empty: there is none. An integer is taken
// as it is written: many apps number their users.
func nameIn(fields map[string]json.RawMessage, claim string) (string, error) {
	raw, given := fields[claim]
	if !given {
		outer, rest, nested := strings.Cut(claim, ".")
		object, given := fields[outer]
		if !nested || !given {
			return "", nil
		}
		var inner map[string]json.RawMessage
		if json.Unmarshal(object, &inner) != nil || inner == nil {
			return "", ErrRejected
		}
		return nameIn(inner, rest)
	}
	if isInteger(string(raw)) {
		return string(raw), nil
	}
	var name *string
	if json.Unmarshal(raw, &name) != nil || name == nil || !isUserID(*name) {
		return "", ErrRejected
	}
	return *name, nil
}
