package stream

import (
	"context"

	"github.com/sseactor/sseactor/actor"
)

// Source knows what a stream has missed. One goroutine at a time calls it.
type Source interface {
	// Begin is what the client asks for, with the first page of what a journal has kept
	// for it. It is called again if the answer was too old for the hub. After an error,
	// which is the source's to report, the stream is not let in: what is sent from then on
	// would move the client past what it has not had.
	Begin() (actor.Resume, error)
	// Next is the page behind the one before, while that one said that there are more. After
	// an error, which is the source's to report, the stream is ended.
	Next() (page []actor.Kept, more bool, err error)
}

// register lets c in, from where on its source says, which may have more for it.
func (e *Engine) register(c *actor.Client, source Source) (welcome actor.Welcome, more bool, err error) {
	if source == nil {
		welcome, err = e.hub.Register(c)
		return welcome, false, err
	}
	for range staleReads {
		resume, err := source.Begin()
		if err != nil {
			return actor.Welcome{}, false, err
		}
		welcome, err = e.hub.Rejoin(c, resume)
		if err != nil || welcome.Admission != actor.Stale {
			return welcome, resume.More, err
		}
	}
	return welcome, false, nil
}

// staleReads is how often a journal is read before the client is told to come back:
// more than a few mean that a history holds less than the journal takes in while it is
// read.
const staleReads = 5

// feed brings the pages behind the first, each when the client has read on.
func (e *Engine) feed(c *actor.Client, source Source) {
	for more := true; more; {
		page, further, err := source.Next()
		if err != nil {
			e.hub.Abandon(c)
			return
		}
		if more = further; !e.hub.Feed(context.Background(), c, page, more) {
			return
		}
	}
}
