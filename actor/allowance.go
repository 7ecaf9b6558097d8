package actor

import "time"

// allowance is a client's bucket of tokens, one for each event, as a single number: the
// time on the rate's clock at which the bucket would be full again. A time that has
// passed stands for a full bucket, so a new client's is zero, and nothing has to be done
// for one that is quiet, for however long.
type allowance int64

// eventCost is how many of the clock's units an event takes: as many as a second has
// ticks, so that what a tick brings is a whole number, whatever the rate.
const eventCost = int64(time.Second / TickInterval)

// maxEventRate and maxEventBurst are more than anybody sends, and keep a clock of
// uint32 ticks within an int64.
const (
	maxEventRate  = 10_000_000
	maxEventBurst = 10_000_000
)

// rate is how fast allowances fill, the same for all clients, and the clock they go by.
// The zero rate limits nobody.
//
// Not safe for concurrent use; the hub goroutine owns it.
type rate struct {
	perTick int64 // units that a tick brings: as many as a second brings events
	now     int64 // the clock, as of the last tick
	most    int64 // units in a full bucket
	debt    int64 // units that may be owed
}

func newRate(perSecond, burst int) rate {
	return rate{
		perTick: int64(perSecond),
		// A little less than an event more than the burst, or the bucket would be full
		// before it has what the tick brings beside what was left, and the rate be lower
		// than it should.
		most: int64(burst)*eventCost + eventCost - 1,
		// What a second brings: after however many urgent events, the others wait for no
		// more than that second and their own turn.
		debt: int64(perSecond) * eventCost,
	}
}

// limits reports whether there is a limit.
func (r *rate) limits() bool { return r.perTick > 0 }

// advance sets the clock. However many ticks were left out, it makes up for them.
func (r *rate) advance(tick uint32) { r.now = int64(tick) * r.perTick }

// take takes an event from a; false: it has none left. An urgent event is owed for.
func (r *rate) take(a *allowance, urgent bool) bool {
	full, latest := max(int64(*a), r.now)+eventCost, r.now+r.most
	if full > latest {
		if !urgent {
			return false
		}
		full = min(full, latest+r.debt)
	}
	*a = allowance(full)
	return true
}
