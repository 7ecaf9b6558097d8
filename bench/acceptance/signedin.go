//go:build linux

package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sseactor/sseactor/bench/loadgen"
	"github.com/sseactor/sseactor/bench/report"
)

// signedIn compares how fast streams open whose callers show a session's cookie with how
// fast they open by a sessionId, in turns.
func signedIn(ctx context.Context, b *bench, r *report.Report) error {
	const secret = "a-secret-of-the-app-0123456789abcdef"
	specs := sessions(b.streams, "visitor")
	users := make([]loadgen.Spec, b.streams)
	for i := range users {
		token, err := sessionCookie(secret, fmt.Sprint("user-", i))
		if err != nil {
			return err
		}
		users[i].Header = "Cookie: " + authCookie + "=" + token + "\r\n"
	}
	var visitors, signed []time.Duration
	var sum loadgen.Counts
	for i := range b.rounds {
		for j := range 2 {
			side, who := &visitors, specs
			if (i+j)%2 == 1 {
				side, who = &signed, users
			}
			took, counts, err := connectRound(ctx, b, who, "AUTH_SECRET="+secret)
			if err != nil {
				return err
			}
			sum.Add(&counts)
			*side = append(*side, took)
		}
	}
	rate := func(d time.Duration) float64 { return float64(b.streams) / d.Seconds() }
	plain, cookie := rate(median(visitors)), rate(median(signed))
	r.Check("signed in, to by sessionId (medians)", cookie >= plain/2, fmt.Sprintf("%.2f (%.0f to %.0f streams/s)", cookie/plain, plain, cookie), "at least 0.5")
	faults(r, "streams", sum)
	return nil
}

func connectRound(ctx context.Context, b *bench, specs []loadgen.Spec, settings ...string) (took time.Duration, counts loadgen.Counts, err error) {
	s, err := b.start(ctx, append(settings, maxClients(len(specs)))...)
	if err != nil {
		return 0, counts, err
	}
	defer s.kill()
	c, err := b.client(loadgen.Options{Target: s.addr, Tags: 1})
	if err != nil {
		return 0, counts, err
	}
	defer c.Stop()
	began := time.Now()
	if _, err := open(ctx, c, specs); err != nil {
		return 0, counts, err
	}
	return time.Since(began), c.Counts(0), nil
}

const authCookie = "authjs.session-token"

// sessionCookie is what Auth.js v5 makes (dir, A256CBC-HS512, a key by HKDF with
// the cookie's name as its salt).
func sessionCookie(secret, user string) (string, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), []byte(authCookie), "Auth.js Generated Encryption Key ("+authCookie+")", 64)
	if err != nil {
		return "", err
	}
	encrypter, err := jose.NewEncrypter(jose.A256CBC_HS512, jose.Recipient{Algorithm: jose.DIRECT, Key: key}, nil)
	if err != nil {
		return "", err
	}
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{"sub": user, "name": "Somebody", "email": user + "@example.com", "iat": now, "exp": now + 3600, "jti": user})
	if err != nil {
		return "", err
	}
	token, err := encrypter.Encrypt(claims)
	if err != nil {
		return "", err
	}
	return token.CompactSerialize()
}
