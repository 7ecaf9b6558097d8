package loadgen

import "bytes"

// Verdict is what a connection event says of the id that the stream asked to go on
// after.
type Verdict uint8

// The verdicts.
const (
	Unasked    Verdict = iota // the stream gave no id, and nothing was said of one
	Resumed                   // all that was missed follows
	Partial                   // something may be missing
	Reset                     // the id is not known: nothing is filled in
	Unsaid                    // it gave an id, and nothing was said of that
	OddVerdict                // none of those words
	verdicts
)

var verdictNames = [verdicts]string{"unasked", "resumed", "partial", "reset", "unsaid", "another word"}

func (v Verdict) String() string { return verdictNames[v] }

// Resume is what the last connection event said of what was missed.
type Resume struct {
	Verdict  Verdict
	From, To string
	Replayed int // -1: it is said at the end of the replay
}

// readResume reads the object "resume" of a connection event, and whether it is there.
func readResume(data []byte) (r Resume, to Sequence, ok bool) {
	object, ok := bytes.CutPrefix(jsonField(data, "resume"), []byte{'{'})
	if !ok {
		return r, to, false
	}
	object, _, _ = bytes.Cut(object, []byte{'}'})
	switch string(jsonText(object, "status")) {
	case "resumed":
		r.Verdict = Resumed
	case "partial":
		r.Verdict = Partial
	case "reset":
		r.Verdict = Reset
	default:
		r.Verdict = OddVerdict
	}
	r.From, r.To, r.Replayed = string(jsonText(object, "from")), string(jsonText(object, "to")), -1
	if jsonField(object, "replayed") != nil {
		r.Replayed = jsonCount(object, "replayed")
	}
	to, _ = ParseSequence([]byte(r.To))
	return r, to, true
}

// replay follows the part of a stream that was missed. Where the server says at once how
// long it is, these are the events with ids up to a mark; where it says so at the end, all
// that came until then.
type replay struct {
	mark   Sequence
	said   int // -1: not yet
	came   int
	going  bool // neither an event behind the mark nor the word that it is over has come
	unsure bool // an event with an id of its publisher's came: which side of the mark it is on can't be told
}

// begin starts a replay up to a mark.
func (p *replay) begin(mark Sequence, said int) { *p = replay{mark: mark, said: said, going: true} }

// event takes an application event; it gives 1 where the replay was not as long as
// the server has said, else 0.
func (p *replay) event(id Sequence, numbered bool) int {
	switch {
	case !p.going:
	case p.said < 0:
		p.came++
	case !numbered:
		p.unsure = true
	case id.Compare(p.mark) > 0:
		return p.end()
	default:
		if p.came++; p.came > p.said {
			return p.end()
		}
	}
	return 0
}

// told takes the word at the end of a replay.
func (p *replay) told(n int) int {
	if !p.going || p.said >= 0 {
		return 1 // it was said, or is said twice
	}
	p.said = n
	return p.end()
}

func (p *replay) end() int {
	p.going = false
	if p.came != p.said && !p.unsure {
		return 1
	}
	return 0
}
