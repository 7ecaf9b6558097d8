package auth

import "time"

// answers are those of the newest questions, each kept for as long as it holds. They are
// forgotten many at a time, so that a full house costs no more than an empty one. Not safe
// for concurrent use.
type answers struct {
	life time.Duration
	half int // of what may be kept

	rotated time.Time
	newest  map[sessionHash]keptAnswer
	older   map[sessionHash]keptAnswer
}

type keptAnswer struct {
	question *question
	until    time.Time
}

// newAnswers keeps at most so many.
func newAnswers(life time.Duration, most int) *answers {
	return &answers{life: life, half: most / 2, newest: map[sessionHash]keptAnswer{}}
}

// get finds a question whose answer still holds; nil: there is none.
func (a *answers) get(session sessionHash, now time.Time) *question {
	kept, ok := a.newest[session]
	if !ok {
		kept, ok = a.older[session]
	}
	if !ok || !now.Before(kept.until) {
		return nil
	}
	return kept.question
}

// put keeps an answer, for as long as it holds but not beyond what it says itself.
func (a *answers) put(session sessionHash, q *question, now time.Time) {
	if a.life <= 0 || a.half == 0 {
		return
	}
	if len(a.newest) >= a.half || now.Sub(a.rotated) >= a.life {
		a.older, a.newest, a.rotated = a.newest, map[sessionHash]keptAnswer{}, now
	}
	until := now.Add(a.life)
	if end := q.answer.identity.Expires; !end.IsZero() && end.Before(until) {
		until = end
	}
	a.newest[session] = keptAnswer{q, until}
}
