//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/sseactor/sseactor/bench/loadgen"
)

// eventBytes is the size of an event's data.
const eventBytes = 200

// publishers are keep-alive connections that publish, one for each lane.
type publishers struct {
	system  *system
	posters []*loadgen.Poster
	buffers [][]byte
}

func (m *session) publishers(n int) (*publishers, error) {
	p := &publishers{system: m.system, buffers: make([][]byte, n)}
	for range n {
		poster, err := loadgen.NewPoster(m.addr)
		if err != nil {
			p.close()
			return nil, err
		}
		p.posters = append(p.posters, poster)
	}
	return p, nil
}

func (p *publishers) close() {
	for _, poster := range p.posters {
		poster.Close()
	}
}

// post publishes the event n from now on and gives the time in its tag.
func (p *publishers) post(lane int, target string, n int) (at int64, err error) {
	at = loadgen.Now()
	return at, p.postOf(lane, target, n, at)
}

// postOf publishes the event n that was due at a time. A server that is busy is
// asked again: that is what its answer means.
func (p *publishers) postOf(lane int, target string, n int, at int64) error {
	data := loadgen.Tag{N: n, Lane: lane, At: at}.Text(eventBytes, false)
	p.buffers[lane] = p.system.request(p.buffers[lane][:0], target, data)
	for {
		status, err := p.posters[lane].Post(p.buffers[lane])
		if err != nil || status >= 200 && status <= 299 {
			return err
		}
		if status != 503 {
			return fmt.Errorf("a publish was answered %d", status)
		}
		time.Sleep(time.Millisecond)
	}
}
