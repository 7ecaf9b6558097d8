package wire

import (
	"strconv"
	"strings"
)

// Accept is what an Accept header says of text/event-stream (RFC 9110 12.5.1).
type Accept struct {
	Allows bool // it is not excluded
	Named  bool // it is asked for by name
}

// ParseAccept reads the header; of several fields, joined by commas.
func ParseAccept(header string) Accept {
	if header == "" {
		return Accept{Allows: true}
	}
	var a Accept
	best := 0 // how specific the range that decides is
	for item := range strings.SplitSeq(header, ",") {
		media, params, _ := strings.Cut(item, ";")
		rank := 0
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "text/event-stream":
			rank = 3
		case "text/*":
			rank = 2
		case "*/*":
			rank = 1
		}
		if rank > best {
			best = rank
			a = Accept{Allows: Weight(params) > 0, Named: rank == 3 && Weight(params) > 0}
		}
	}
	return a
}

// Weight is the q among the parameters of an item; 1 if there is none.
func Weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return q
			}
		}
	}
	return 1
}
