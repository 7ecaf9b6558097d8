package auth

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// sessionEndpoint is the app's GET /api/auth/session.
type sessionEndpoint struct {
	url       string
	userClaim string
	client    *http.Client
}

func newSessionEndpoint(o RemoteSessionOptions) sessionEndpoint {
	e := sessionEndpoint{url: o.URL, userClaim: o.UserClaim, client: &http.Client{}}
	if e.userClaim == "sub" {
		e.userClaim = "user.id"
	}
	if o.Client != nil {
		*e.client = *o.Client
	} else {
		e.client.Transport = &http.Transport{
			// No proxy: a session is for the app to see, and for nobody between.
			MaxConnsPerHost:        maxAsking,
			MaxIdleConnsPerHost:    maxAsking / 4,
			IdleConnTimeout:        time.Minute,
			TLSHandshakeTimeout:    o.Timeout,
			MaxResponseHeaderBytes: maxSessionAnswer,
		}
	}
	e.client.Jar = nil // else one user's cookies would be sent with the next one's
	e.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return e
}

// maxSessionAnswer bounds the body and the header of an answer, each, in bytes.
const maxSessionAnswer = 64 << 10

// sessionAnswer is what the app says of a session. Of a user who is signed in the userID
// is empty if there is none that can be used.
type sessionAnswer struct {
	signedIn bool
	userID   string
	expires  time.Time
}

// session asks. No error names the cookie.
func (e sessionEndpoint) session(ctx context.Context, cookie string, secure bool) (sessionAnswer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url, nil)
	if err != nil {
		return sessionAnswer{}, errors.New("its address can't be read")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Cookie", cookie)
	if secure {
		// Auth.js looks for the "__Secure-" cookie only where it takes the request for
		// HTTPS, and inside a cluster it often is not.
		req.Header.Set("X-Forwarded-Proto", "https")
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return sessionAnswer{}, plainReason(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return sessionAnswer{}, fmt.Errorf("status %d; want 200", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSessionAnswer+1))
	if err != nil {
		return sessionAnswer{}, plainReason(err)
	}
	if len(body) > maxSessionAnswer {
		return sessionAnswer{}, fmt.Errorf("an answer of more than %d bytes", maxSessionAnswer)
	}
	return readSessionAnswer(body, e.userClaim)
}

// plainReason is why there was no answer. Of what is no HTTP the library's error repeats
// lines, which could be those that were sent.
func plainReason(err error) error {
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &network):
		return network
	}
	return errors.New("the connection broke, or the answer is no HTTP")
}

// readSessionAnswer reads a session. That nobody is signed in is said by null in Auth.js
// v5 and by an object without a field in NextAuth v4.
func readSessionAnswer(body []byte, userClaim string) (sessionAnswer, error) {
	if strings.TrimSpace(string(body)) == "null" {
		return sessionAnswer{}, nil
	}
	session, ok := parseSessionClaims(body)
	if !ok {
		return sessionAnswer{}, errors.New("an answer that is no JSON object")
	}
	if len(session) == 0 || string(session["user"]) == "null" {
		return sessionAnswer{}, nil
	}
	answer := sessionAnswer{signedIn: true}
	if answer.userID, ok = session.user(userClaim); !ok {
		answer.userID = ""
		return answer, nil
	}
	var expires string
	if json.Unmarshal(session["expires"], &expires) != nil {
		return sessionAnswer{}, errors.New("a session without expires")
	}
	var err error
	if answer.expires, err = time.Parse(time.RFC3339, expires); err != nil {
		return sessionAnswer{}, errors.New("a session whose expires is no time")
	}
	return answer, nil
}
