package embed

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/sseactor/sseactor/actor/sse"
)

// problem is an error as the client sees it (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"`

	retryAfter time.Duration
}

func badRequest(field string, err error) *problem {
	return &problem{Status: 400, Code: "INVALID_REQUEST", Field: field, Detail: field + ": " + err.Error()}
}

// answer is the problem as a response.
func (p problem) answer() answer {
	p.Title = http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		panic("embed: " + err.Error()) // strings and numbers only
	}
	h := http.Header{
		"Content-Type":   {"application/problem+json"},
		"Cache-Control":  {"no-store"},
		"Content-Length": {strconv.Itoa(len(body))},
	}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	return answer{p.Status, h, sse.NewRaw(body)}
}

// reply answers a request that has not become a stream.
func (a answer) reply(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // it is gone if it fails
}
