package actor

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/actor/sse"
)

// script is the run of one file in testdata.
type script struct {
	t     *testing.T
	w     *world
	sends []pending       // not yet answered
	ends  []chan struct{} // of drains and resets, not yet answered
	out   strings.Builder
	quiet bool // leave out heartbeats
}

// commands are what a script may say. A name may be a range: c1..c2000.
var commands = map[string]func(s *script, a arguments){
	"hub":        (*script).hub,        // [clients= history= frames= bytes= heartbeat= timeout= age= retry= spread= seed= writers= peruser= persession= pernetwork= rate= burst= comment noids]
	"join":       (*script).join,       // NAME [user= session= topics= network= expires=]: a stream that is let in, its head written; expires is counted from the hub's start
	"register":   (*script).register,   // NAME …: the same, but its head is not written yet
	"head":       (*script).head,       // NAME: now it is
	"send":       (*script).send,       // [to= user= session= topics= priority= id= retry=] TEXT
	"write":      (*script).write,      // the writers write all that was handed to them
	"stall":      (*script).stall,      // NAME [after=BYTES]: its socket takes no more
	"read":       (*script).read,       // NAME [BYTES]: it takes everything (or so much) again
	"leave":      (*script).leave,      // NAME: the peer has gone
	"tick":       (*script).ticks,      // DURATION [quietly]: so much time, with the writers at work; quietly: heartbeats are not shown
	"set-clock":  (*script).setClock,   // DURATION: one tick that is so much later, or earlier
	"work":       (*script).slices,     // [N]: slices of sweeps and sheddings; all, with the writers at work, by default
	"gates":      (*script).gates,      // what the hub's select would take now
	"stats":      (*script).stats,      // what is not zero
	"list":       (*script).list,       // [id= user= session= topic= search= slow cursor= limit=]
	"disconnect": (*script).disconnect, // [id= user= session= topic=]
	"drain":      (*script).drain,      // WINDOW
	"reset":      (*script).reset,
}

// arguments are a command's words: names and key=value, and the rest as text.
type arguments struct {
	t     *testing.T
	words []string
	pairs map[string]string
}

var pairPattern = regexp.MustCompile(`^[a-z]+=`)

func (s *script) do(line string) {
	s.t.Logf("%s", line)
	words := strings.Fields(line)
	command := commands[words[0]]
	require.NotNil(s.t, command, "unknown command in %q", line)
	a := arguments{t: s.t, pairs: make(map[string]string)}
	for _, word := range words[1:] {
		if pairPattern.MatchString(word) {
			key, value, _ := strings.Cut(word, "=")
			a.pairs[key] = value
		} else {
			a.words = append(a.words, word)
		}
	}
	command(s, a)
	s.answers()
}

func (a arguments) word(i int) string {
	require.Greater(a.t, len(a.words), i, "a word is missing")
	return a.words[i]
}

func (a arguments) number(key string) int {
	if a.pairs[key] == "" {
		return 0
	}
	n, err := strconv.Atoi(a.pairs[key])
	require.NoError(a.t, err)
	return n
}

func (a arguments) duration(key string) time.Duration {
	if a.pairs[key] == "" {
		return 0
	}
	d, err := time.ParseDuration(a.pairs[key])
	require.NoError(a.t, err)
	return d
}

func (a arguments) many(key string) []string {
	if a.pairs[key] == "" {
		return nil
	}
	return strings.Split(a.pairs[key], ",")
}

var rangePattern = regexp.MustCompile(`^([a-z]+)(\d+)\.\.[a-z]+(\d+)$`)

// names is the first word, spelled out if it is a range.
func (a arguments) names() []string {
	m := rangePattern.FindStringSubmatch(a.word(0))
	if m == nil {
		return []string{a.word(0)}
	}
	from, _ := strconv.Atoi(m[2])
	to, _ := strconv.Atoi(m[3])
	var names []string
	for i := from; i <= to; i++ {
		names = append(names, m[1]+strconv.Itoa(i))
	}
	return names
}

func (s *script) printf(format string, args ...any) { fmt.Fprintf(&s.out, format+"\n", args...) }

func (s *script) output() string {
	defer s.out.Reset()
	return s.out.String()
}

func (s *script) peer(name string) *peer {
	p := s.w.peers[name]
	require.NotNil(s.t, p, "nobody is called %s", name)
	return p
}

func (s *script) hub(a arguments) {
	opts := Options{
		Start:             start,
		Seed:              uint64(a.number("seed")),
		MaxClients:        a.number("clients"),
		MaxPerUser:        a.number("peruser"),
		MaxPerSession:     a.number("persession"),
		MaxPerNetwork:     a.number("pernetwork"),
		EventRate:         a.number("rate"),
		EventBurst:        a.number("burst"),
		HistoryEvents:     a.number("history"),
		OutboxFrames:      a.number("frames"),
		OutboxBytes:       a.number("bytes"),
		HeartbeatInterval: a.duration("heartbeat"),
		ClientTimeout:     a.duration("timeout"),
		MaxAge:            a.duration("age"),
		Retry:             a.duration("retry"),
		RetrySpread:       a.duration("spread"),
		Writers:           a.number("writers"),
		HeartbeatComment:  slices.Contains(a.words, "comment"),
		NoIDs:             slices.Contains(a.words, "noids"),
	}
	s.w = newWorld(s.t, opts)
}

func (s *script) register(a arguments) {
	counts := make(map[Admission]int)
	names := a.names()
	var welcome Welcome
	info := Info{UserID: a.pairs["user"], SessionID: a.pairs["session"], Topics: a.many("topics"), Network: a.pairs["network"]}
	if a.pairs["expires"] != "" {
		info.Expires = start.Add(a.duration("expires"))
	}
	for _, name := range names {
		info.ID = name
		_, welcome = s.w.register(info)
		counts[welcome.Admission]++
	}
	words := []string{Admitted: "admitted", Full: "full", Draining: "draining", Duplicate: "duplicate", TooMany: "too many of one " + welcome.Limit}
	if len(names) == 1 {
		s.printf("%s: %s, the newest event is %s", names[0], words[welcome.Admission], welcome.LastID)
		return
	}
	for admission, word := range words {
		if n := counts[Admission(admission)]; n > 0 {
			s.printf("%d %s", n, word)
		}
	}
}

func (s *script) head(a arguments) {
	for _, name := range a.names() {
		s.w.flush(s.peer(name).Client, sse.NewRaw([]byte("head\n\n")))
	}
	s.show("")
}

func (s *script) join(a arguments) {
	before := len(s.w.order)
	s.register(a)
	for _, p := range s.w.order[before:] {
		s.w.flush(p.Client, nil)
	}
}

func (s *script) send(a arguments) {
	e := sse.Event{Data: strings.Join(a.words, " "), Retry: a.duration("retry")}
	var err error
	if text := a.pairs["priority"]; text != "" {
		e.Priority, err = sse.ParsePriority(text)
		require.NoError(s.t, err)
	}
	if text := a.pairs["id"]; text != "" {
		e.ID, err = sse.ParseID(text)
		require.NoError(s.t, err)
	}
	if n := a.number("size"); n > 0 {
		e.Data += strings.Repeat(".", n-len(e.Data))
	}
	target := Target{ClientIDs: a.many("to"), UserID: a.pairs["user"], SessionID: a.pairs["session"], Topics: a.many("topics")}
	for range max(1, a.number("times")) {
		s.sends = append(s.sends, s.w.send(sse.NewFrame(e), target))
	}
	if n := len(s.w.sweeps.waiting); n > 0 {
		s.printf("%d waiting to be swept", n)
	}
}

// answers prints the answers that have come.
func (s *script) answers() {
	kept := s.sends[:0]
	for _, p := range s.sends {
		r, ok := p.answered()
		switch {
		case !ok:
			kept = append(kept, p)
		case r.draining:
			s.printf("not sent: draining")
		default:
			s.printf("%s queued for %d", r.ID, r.Queued)
		}
	}
	s.sends = kept
	for i := 0; i < len(s.ends); i++ {
		select {
		case <-s.ends[i]:
			s.printf("done")
			s.ends = append(s.ends[:i], s.ends[i+1:]...)
			i--
		default:
		}
	}
}

func (s *script) write(arguments) {
	s.w.write()
	s.show("")
}

var heartbeatPattern = regexp.MustCompile(`(event: heartbeat\ndata:|: heartbeat) .*\n\n`)

// show prints what peers got since it was last printed; those that got the same
// stand together.
func (s *script) show(indent string) {
	type group struct {
		names []string
		text  string
	}
	var groups []*group
	for _, p := range s.w.order {
		text := p.got.String()
		if s.quiet {
			text = heartbeatPattern.ReplaceAllString(text, "")
		}
		p.got.Reset()
		if text != "" && !strings.HasSuffix(text, "\n\n") {
			text += "… (cut off)\n\n"
		}
		if p.closed && p.room != gone {
			p.room = gone
			text += "(closed)\n\n"
		}
		if text == "" {
			continue
		}
		var found *group
		for _, g := range groups {
			if g.text == text {
				found = g
			}
		}
		if found == nil {
			found = &group{text: text}
			groups = append(groups, found)
		}
		found.names = append(found.names, p.ID())
	}
	for _, g := range groups {
		names := strings.Join(g.names, ", ")
		if len(g.names) > 4 {
			names = fmt.Sprintf("%d clients", len(g.names))
		}
		s.printf("%s%s:", indent, names)
		for block := range strings.SplitAfterSeq(g.text, "\n\n") {
			if block = strings.TrimSuffix(block, "\n\n"); block != "" {
				s.printf("  %s", strings.ReplaceAll(block, "\n", " | "))
			}
		}
	}
}

// gone marks a peer whose end has been shown.
const gone = -2

func (s *script) stall(a arguments) {
	for _, name := range a.names() {
		s.peer(name).room = a.number("after")
	}
}

func (s *script) read(a arguments) {
	room := -1
	if len(a.words) > 1 {
		var err error
		room, err = strconv.Atoi(a.words[1])
		require.NoError(s.t, err)
	}
	for _, name := range a.names() {
		s.w.read(s.peer(name), room)
	}
	s.show("")
}

func (s *script) leave(a arguments) {
	for _, name := range a.names() {
		p := s.peer(name)
		s.w.leave(p)
		if p.closed {
			p.room = gone // no news
		}
	}
	s.show("")
}

func (s *script) ticks(a arguments) {
	d, err := time.ParseDuration(a.word(0))
	require.NoError(s.t, err)
	require.Zero(s.t, d%TickInterval)
	s.quiet = len(a.words) > 1 && a.words[1] == "quietly"
	defer func() { s.quiet = false }()
	for range d / TickInterval {
		s.w.advanceTick()
		for s.w.working() {
			s.w.work()
			s.w.settle()
			s.w.write()
		}
		s.w.write()
		s.show(fmt.Sprintf("[%.1fs] ", s.w.clock.Sub(start).Seconds()))
	}
}

func (s *script) setClock(a arguments) {
	d, err := time.ParseDuration(a.word(0))
	require.NoError(s.t, err)
	s.w.clock = s.w.clock.Add(d)
	s.w.advance(s.w.clock)
	s.w.settle()
	s.w.write()
	s.show("")
}

func (s *script) slices(a arguments) {
	if len(a.words) == 0 {
		s.w.finishWork()
		s.show("")
		return
	}
	n, err := strconv.Atoi(a.word(0))
	require.NoError(s.t, err)
	for range n {
		require.True(s.t, s.w.working(), "no work")
		s.w.work()
		s.w.settle()
	}
}

func (s *script) gates(arguments) {
	var open []string
	for _, gate := range []struct {
		name string
		open bool
	}{
		{"takes sends", s.w.accepting()},
		{"takes no sends", !s.w.accepting()},
		{"works", s.w.working()},
		{"has batches waiting for room", s.w.writers.congested()},
	} {
		if gate.open {
			open = append(open, gate.name)
		}
	}
	s.printf("%s", strings.Join(open, ", "))
}

func (s *script) stats(arguments) {
	v := reflect.ValueOf(s.w.snapshot(0))
	var words []string
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch field := v.Field(i).Interface().(type) {
		case [reasons]uint64:
			for reason, n := range field {
				if n > 0 {
					words = append(words, fmt.Sprintf("Ended[%s]=%d", Reason(reason), n))
				}
			}
		default:
			if !v.Field(i).IsZero() && name != "LastID" {
				words = append(words, fmt.Sprintf("%s=%v", name, field))
			}
		}
	}
	if words == nil {
		words = []string{"all zero"}
	}
	s.printf("%s", strings.Join(words, " "))
}

func (a arguments) filter() Filter {
	return Filter{ClientID: a.pairs["id"], UserID: a.pairs["user"], SessionID: a.pairs["session"], Topic: a.pairs["topic"],
		Search: a.pairs["search"], Slow: slices.Contains(a.words, "slow")}
}

func (s *script) list(a arguments) {
	limit := a.number("limit")
	if limit == 0 {
		limit = 100
	}
	page := s.w.list(a.filter(), a.number("cursor"), limit)
	for _, c := range page.Clients {
		line := fmt.Sprintf("%s queued=%d/%dB delivered=%d dropped=%d last write %.1fs", c.ID, c.QueuedFrames, c.QueuedBytes,
			c.Delivered, c.Dropped, c.LastWrite.Sub(start).Seconds())
		if c.RateLimited > 0 {
			line += fmt.Sprintf(" rate limited=%d", c.RateLimited)
		}
		if !c.Expires.IsZero() {
			line += fmt.Sprintf(" expires %v", c.Expires.Sub(start))
		}
		if c.LastID != "" {
			line += " last " + c.LastID
		}
		s.printf("%s", line)
	}
	total := ""
	if page.Total >= 0 {
		total = fmt.Sprintf(" of %d", page.Total)
	}
	s.printf("next=%d%s", page.Next, total)
}

func (s *script) disconnect(a arguments) {
	n := s.w.disconnect(a.filter())
	s.w.settle()
	s.printf("%d", n)
}

func (s *script) drain(a arguments) {
	window, err := time.ParseDuration(a.word(0))
	require.NoError(s.t, err)
	done := make(chan struct{}, 1)
	s.ends = append(s.ends, done)
	s.w.drain(window, done)
	s.w.settle()
}

func (s *script) reset(arguments) {
	done := make(chan struct{}, 1)
	s.ends = append(s.ends, done)
	s.w.reset(done)
	s.w.settle()
}
