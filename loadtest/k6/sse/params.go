package sse

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/common"
	k6http "go.k6.io/k6/js/modules/k6/http"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/types"
	"go.k6.io/k6/metrics"
)

// params are the arguments of open besides the URL.
type params struct {
	method  string
	headers http.Header
	body    string
	jar     http.CookieJar
	timeout time.Duration // of the whole stream; 0: none
	tags    metrics.TagsAndMeta
	setup   sobek.Callable
}

// parseParams reads open's arguments after the URL: [params], setup.
func parseParams(rt *sobek.Runtime, state *lib.State, args []sobek.Value) (params, error) {
	p := params{method: http.MethodGet, headers: http.Header{}, tags: state.Tags.GetCurrentValues()}
	p.headers.Set("Accept", "text/event-stream")
	if agent := state.Options.UserAgent; agent.Valid {
		p.headers.Set("User-Agent", agent.String)
	}
	// A nil *cookiejar.Jar in the interface would not be nil.
	if state.CookieJar != nil {
		p.jar = state.CookieJar
	}
	if len(args) != 1 && len(args) != 2 {
		return p, errors.New("sse.open: call it with a URL, optionally an object of parameters, and a function")
	}
	var isFunction bool
	if p.setup, isFunction = sobek.AssertFunction(args[len(args)-1]); !isFunction {
		return p, errors.New("sse.open: the last argument must be a function")
	}
	if len(args) == 1 || isNothing(args[0]) {
		return p, nil
	}
	object := args[0].ToObject(rt)
	for _, name := range object.Keys() {
		value := object.Get(name)
		if isNothing(value) {
			continue
		}
		if err := p.set(rt, name, value); err != nil {
			return p, fmt.Errorf("sse.open: %s: %w", name, err)
		}
	}
	return p, nil
}

func (p *params) set(rt *sobek.Runtime, name string, value sobek.Value) (err error) {
	switch name {
	case "method":
		p.method = value.String()
	case "headers":
		headers := value.ToObject(rt)
		for _, header := range headers.Keys() {
			p.headers.Set(header, headers.Get(header).String())
		}
	case "body":
		p.body = value.String()
	case "jar":
		jar, ok := value.Export().(*k6http.CookieJar)
		if !ok {
			return errors.New("must be an http.CookieJar")
		}
		p.jar = jar.Jar
	case "timeout":
		p.timeout, err = types.GetDurationValue(value.Export())
	case "tags":
		err = common.ApplyCustomUserTags(rt, &p.tags, value)
	}
	// Other names are ignored, as k6/http does: they may be another extension's.
	return err
}

func isNothing(v sobek.Value) bool {
	return v == nil || sobek.IsUndefined(v) || sobek.IsNull(v)
}
