package sseutils

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is why a call was refused, by the server or, where Status is zero, before it was
// asked. errors.Is compares codes.
type Error struct {
	Status int    // HTTP's
	Code   string // stable, as "INVALID_EVENT"; empty: the answer was none of an sseactor
	Field  string // the part of the request that is wrong, as "userId" or "[3].topics[2]"
	Detail string // for people

	retryAfter time.Duration
	results    []Result // of those that were sent all the same
	cause      error
}

// codeInvalid is the code of a faulty argument.
const codeInvalid = "INVALID_EVENT"

// Errors to compare with errors.Is.
var (
	ErrInvalidEvent = &Error{Code: codeInvalid}           // an argument is wrong: it can't be sent like this
	ErrUnauthorized = &Error{Code: "UNAUTHORIZED"}        // the API key is not valid here
	ErrForbidden    = &Error{Code: "FORBIDDEN"}           // it has not the scope
	ErrNotAllowed   = &Error{Code: "PUBLISH_NOT_ALLOWED"} // it may not send this, or not there
	ErrRateLimited  = &Error{Code: "RATE_LIMITED"}        // too many events in too little time
	ErrPartlySent   = &Error{Code: "PARTLY_SENT"}         // the first events of a batch were sent; see Utils.Send
	ErrShutdown     = &Error{Code: "SERVER_SHUTDOWN"}     // the server, or the embedded hub, is going down
	ErrOverloaded   = &Error{Code: "OVERLOADED"}          // it is behind with its work; nothing was sent
)

// Error says what the server said.
func (e *Error) Error() string {
	switch {
	case e.Status == 0 && e.cause != nil:
		return e.Detail + ": " + e.cause.Error()
	case e.Status == 0:
		return e.Detail
	case e.Code == "":
		return strings.TrimSuffix(fmt.Sprintf("the server answered %d %s: %s", e.Status, http.StatusText(e.Status), e.Detail), ": ")
	}
	return fmt.Sprintf("the server answered %d %s: %s", e.Status, e.Code, e.Detail)
}

// Is reports whether target is an Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code != "" && t.Code == e.Code
}

// Unwrap is what lies behind it, if anything does.
func (e *Error) Unwrap() error { return e.cause }

// invalid is a fault of the caller's arguments.
func invalid(field, detail string) *Error {
	if field != "" {
		detail = field + ": " + detail
	}
	return &Error{Code: codeInvalid, Field: field, Detail: detail}
}

// problem reads an answer that is not a success (RFC 9457), at most so much of it.
func problem(response *http.Response, most int64) *Error {
	var p struct {
		Code, Field, Detail string
		Results             []answered
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	if media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); err == nil && strings.HasSuffix(media, "json") {
		if json.Unmarshal(body, &p) != nil {
			p.Code, p.Results = "", nil // without it the status must do
		}
	}
	e := &Error{Status: response.StatusCode, Code: p.Code, Field: p.Field, Detail: p.Detail}
	e.retryAfter = retryAfter(response.Header.Get("Retry-After"), time.Now())
	if e.Status/100 == 3 {
		e.Detail = "it is somewhere else; set the URL to what it redirects to"
	}
	for _, a := range p.Results {
		if a.Success {
			e.results = append(e.results, a.result())
		}
	}
	return e
}

// retryAfter reads the header: seconds, or a date (RFC 9110 10.2.3). Zero: none.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
