package loadgen

// Arrival is what is known of one event across all streams.
type Arrival struct {
	Count int      // streams that received it
	Last  int64    // when the last of them did
	ID    Sequence // the server's id of it
}

// Add merges what another worker saw. It reports whether both saw the same id.
func (a *Arrival) Add(b Arrival) (agree bool) {
	agree = a.Count == 0 || b.Count == 0 || a.ID == b.ID
	if a.Count == 0 {
		a.ID = b.ID
	}
	a.Count += b.Count
	a.Last = max(a.Last, b.Last)
	return agree
}
