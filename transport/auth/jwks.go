package auth

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// jwksLife is how long published keys are taken for the newest.
	jwksLife = 10 * time.Minute
	// jwksMaxAge is how old published keys may become while newer ones can't be had: whoever
	// holds up the requests would else keep a key that was taken back for ever.
	jwksMaxAge = 24 * time.Hour
	// jwksPause is kept between two requests whatever tokens come: anybody can make up
	// the id of a key.
	jwksPause = 30 * time.Second
	// jwksFirstPause is kept while there are no keys to be used, and everybody waits for some.
	jwksFirstPause = 5 * time.Second
)

// maxWanted bounds the keys that are remembered because somebody asked for them in vain.
const maxWanted = 64

// keyName is what a token says of its key.
type keyName struct {
	id        string
	algorithm jose.SignatureAlgorithm
}

// jwks are the public keys that an issuer publishes (RFC 7517 section 5), asked for when
// they are needed, by one request at a time. Safe for concurrent use.
type jwks struct {
	fetch  func(context.Context) ([]publicKey, error)
	now    func() time.Time
	ctx    context.Context // of requests: they are for everybody, so no caller's end ends them
	cancel context.CancelFunc
	under  sync.WaitGroup // the request under way

	mu      sync.Mutex
	keys    []publicKey
	fetched time.Time        // when the keys came; zero: never
	asked   time.Time        // when the last request ended; zero: there was none
	fault   error            // why it failed
	wanted  map[keyName]bool // asked for and not there, since the keys came; at most maxWanted
	missing map[keyName]bool // certainly not among the keys, if they are not
	flight  chan struct{}    // closed when the request under way has ended; nil: there is none
	closed  bool
}

func newJWKS(url string, client *http.Client, now func() time.Time) *jwks {
	source := newJWKSSource(url, client)
	j := &jwks{fetch: source.fetch, now: now, wanted: map[keyName]bool{}}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	return j
}

// find gives the keys of an id and an algorithm. Old keys serve while newer ones are being
// asked for; only a caller with a key that is not known waits, at most until its ctx ends.
// The error is ErrUnavailable, if the key may be one that could not be had; no keys and no
// error: there is none such.
//
// A key that was asked for within the pause may be one that the issuer has made since: to
// be refused, it must have been missing from keys that came after it was asked for, or have
// been there before and be no more. Else a browser with the first token of a new key would
// be told to stay away for good. Whoever makes up ids of keys is told to come back; that
// costs nothing.
func (j *jwks) find(ctx context.Context, id string, algorithm jose.SignatureAlgorithm) ([]publicKey, error) {
	found, flight := j.look(id, algorithm)
	waited := len(found) == 0 && flight != nil
	if waited {
		select {
		case <-flight:
			found = j.fitting(id, algorithm)
		case <-ctx.Done():
			return nil, ErrUnavailable
		}
	}
	if len(found) == 0 && j.uncertain(keyName{id, algorithm}, waited) {
		return nil, ErrUnavailable
	}
	return found, nil
}

// look gives the keys that are there, and the request under way. It starts one if they
// are old, or none fits.
func (j *jwks) look(id string, algorithm jose.SignatureAlgorithm) ([]publicKey, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.now()
	found := fitting(j.usable(now), id, algorithm)
	if len(found) == 0 && len(j.wanted) < maxWanted {
		j.wanted[keyName{id, algorithm}] = true
	}
	if len(found) == 0 || now.Sub(j.fetched) >= jwksLife {
		j.refresh(now)
	}
	return found, j.flight
}

func (j *jwks) fitting(id string, algorithm jose.SignatureAlgorithm) []publicKey {
	j.mu.Lock()
	defer j.mu.Unlock()
	return fitting(j.usable(j.now()), id, algorithm)
}

// usable are the keys, unless they are too old. The caller holds mu.
func (j *jwks) usable(now time.Time) []publicKey {
	if now.Sub(j.fetched) >= jwksMaxAge {
		return nil
	}
	return j.keys
}

// fitting gives the keys that may have signed a token. One that names no key must leave no
// choice (OpenID Connect Core 1.0 section 10.1): else each wrong token would be tried with
// every key.
func fitting(keys []publicKey, id string, algorithm jose.SignatureAlgorithm) []publicKey {
	var found []publicKey
	for _, k := range keys {
		if k.algorithm == algorithm && (id == "" || id == k.id) {
			found = append(found, k)
		}
	}
	if id == "" && len(found) > 1 {
		return nil
	}
	return found
}

// refresh starts a request, unless one is under way or the last was just now. The caller
// holds mu.
func (j *jwks) refresh(now time.Time) {
	pause := jwksPause
	if now.Sub(j.fetched) >= jwksMaxAge {
		pause = jwksFirstPause
	}
	if j.closed || j.flight != nil || !j.asked.IsZero() && now.Sub(j.asked) < pause {
		return
	}
	flight := make(chan struct{})
	j.flight = flight
	j.under.Go(func() {
		keys, err := j.fetch(j.ctx)
		j.mu.Lock()
		defer j.mu.Unlock()
		j.asked, j.fault, j.flight = j.now(), err, nil
		if err == nil {
			j.missing, j.wanted = j.wanted, map[keyName]bool{}
			for _, old := range j.keys {
				j.missing[keyName{old.id, old.algorithm}] = true
			}
			j.keys, j.fetched = keys, j.asked
		}
		close(flight)
	})
}

func (j *jwks) lastFault() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil && !j.fetched.IsZero() && j.now().Sub(j.fetched) >= jwksMaxAge {
		return fmt.Errorf("%w; the keys that were known are more than a day old and verify nothing any more", j.fault)
	}
	return j.fault
}

// uncertain reports whether a key that was not found may be one that could not be had.
func (j *jwks) uncertain(key keyName, waited bool) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.fault != nil || j.now().Sub(j.fetched) >= jwksMaxAge || !waited && !j.missing[key]
}

// close waits for the request under way. No other follows.
func (j *jwks) close() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	j.under.Wait()
}
