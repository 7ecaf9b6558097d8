package sse

import (
	"github.com/grafana/sobek"
)

// Response is what open returns.
type Response struct {
	URL     string            `js:"url"`
	Status  int               `js:"status"`
	Headers map[string]string `js:"headers"`
	Error   string            `js:"error"`
}

// Client is what the script's setup function and handlers work with. All of it runs
// on the VU's goroutine.
type Client struct {
	rt       *sobek.Runtime
	handlers map[string][]sobek.Callable
	end      func() // cuts the connection
	ended    bool   // by the script
}

// On adds a handler for "open", "event" or "error".
func (c *Client) On(name string, handler sobek.Value) {
	if call, ok := sobek.AssertFunction(handler); ok {
		c.handlers[name] = append(c.handlers[name], call)
	}
}

// Close ends the stream: no handler is called after those that run.
func (c *Client) Close() {
	c.ended = true
	c.end()
}

// fire calls the handlers of a name in the order in which they were added.
func (c *Client) fire(name string, args ...any) error {
	if len(c.handlers[name]) == 0 {
		return nil
	}
	values := make([]sobek.Value, len(args))
	for i, arg := range args {
		values[i] = c.rt.ToValue(arg)
	}
	for _, handler := range c.handlers[name] {
		if _, err := handler(sobek.Undefined(), values...); err != nil {
			return err
		}
	}
	return nil
}
