package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Metrics are the values of /metrics by name, labels included.
type Metrics map[string]float64

// Metrics reads the Prometheus text of the server.
func (p *Publisher) Metrics(ctx context.Context) (Metrics, error) {
	body, err := p.Get(ctx, "/metrics")
	if err != nil {
		return nil, fmt.Errorf("reading /metrics: %w", err)
	}
	return ParseMetrics(body)
}

// ParseMetrics reads Prometheus text. Timestamps and exemplars are left out.
func ParseMetrics(text []byte) (Metrics, error) {
	m := Metrics{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		end := strings.LastIndexByte(line, '}') + 1
		if i := strings.IndexAny(line[end:], " \t"); i >= 0 {
			end += i
		} else {
			end = len(line)
		}
		fields := strings.Fields(line[end:])
		if len(fields) == 0 {
			return nil, fmt.Errorf("metrics: no value in %.80q", line)
		}
		v, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics: %.80q: %w", line, err)
		}
		m[line[:end]] = v
	}
	return m, lines.Err()
}

// Sum adds up a name over all of its labels; ok is false if there is none.
func (m Metrics) Sum(name string) (sum float64, ok bool) {
	for key, v := range m {
		if rest, found := strings.CutPrefix(key, name); found && (rest == "" || rest[0] == '{') {
			sum, ok = sum+v, true
		}
	}
	return sum, ok
}

// Status is the numbers of /api/sse/metrics by name; those in an object within
// have its name and a dot before theirs.
type Status map[string]float64

// Status reads the JSON metrics of the server.
func (p *Publisher) Status(ctx context.Context) (Status, error) {
	body, err := p.Get(ctx, "/api/sse/metrics")
	if err != nil {
		return nil, fmt.Errorf("reading /api/sse/metrics: %w", err)
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, fmt.Errorf("/api/sse/metrics: %w", err)
	}
	s := Status{}
	s.flatten("", fields)
	return s, nil
}

func (s Status) flatten(prefix string, fields map[string]any) {
	for name, v := range fields {
		switch v := v.(type) {
		case float64:
			s[prefix+name] = v
		case map[string]any:
			s.flatten(prefix+name+".", v)
		}
	}
}

// Active is how many streams the server counts; -1 if it does not say.
func (s Status) Active() int {
	if n, ok := s["activeConnections"]; ok {
		return int(n)
	}
	return -1
}
