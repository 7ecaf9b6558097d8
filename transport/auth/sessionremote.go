package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// RemoteSessionOptions say where an app answers whose a session is.
type RemoteSessionOptions struct {
	// URL is the app's session endpoint, such as http://app:3000/api/auth/session.
	URL string
	// Cookies are the names that a session's cookie may have. Of several sessions the one
	// whose name comes first here decides.
	Cookies []string
	// UserClaim is the field of the answer that holds the user's id; dots lead into
	// objects. "sub" means "user.id".
	UserClaim string
	// Timeout bounds one question, with the wait for its turn; more than 0.
	Timeout time.Duration
	// Cache is for how long an answer holds: so long a session that the app has ended
	// still opens streams here. 0: nobody's answer but a refusal is kept.
	Cache time.Duration
	// MaxCached bounds the answers that are kept, and the refusals; below 2: none.
	MaxCached int
	// Client asks; nil: one that keeps some connections to the app open. It is used without
	// its cookie jar and follows no redirect.
	Client *http.Client
	// Now is the time; nil: time.Now.
	Now func() time.Time
}

// refusalLife is for how long a cookie that the app does not know is not asked about
// again.
const refusalLife = time.Second

// RemoteSessions authenticates users by a session cookie that only the app understands,
// because it is a name in the app's database: it asks the app's session endpoint whose it
// is. Safe for concurrent use.
//
// Whatever is not a clear answer is ErrUnavailable. A cookie's text is neither kept nor
// named in an error.
type RemoteSessions struct {
	cookies []string
	app     sessionEndpoint
	timeout time.Duration
	now     func() time.Time
	turns   *turns

	// life ends with Close; questions belong to it, not to whoever asks first: others wait
	// for the same answer.
	life context.Context
	end  context.CancelFunc

	mu       sync.Mutex
	known    *answers
	refused  *answers
	asking   map[sessionHash]*question
	closed   bool
	finished sync.WaitGroup // questions

	asked, failed, nameless atomic.Uint64
}

type sessionHash [sha256.Size]byte

// question is one that several callers may wait for.
type question struct {
	answered chan struct{} // closed when answer is there
	answer   answer
}

// answer is what the app says of a session.
type answer struct {
	identity Identity
	err      error
}

// NewRemoteSessions asks nobody yet. Close it.
func NewRemoteSessions(o RemoteSessionOptions) *RemoteSessions {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &RemoteSessions{
		cookies: o.Cookies,
		app:     newSessionEndpoint(o),
		timeout: o.Timeout,
		now:     o.Now,
		turns:   newTurns(),
		known:   newAnswers(o.Cache, o.MaxCached),
		refused: newAnswers(refusalLife, o.MaxCached),
		asking:  map[sessionHash]*question{},
	}
	r.life, r.end = context.WithCancel(context.Background())
	return r
}

// Format implements fmt.Formatter.
func (r *RemoteSessions) Format(f fmt.State, _ rune) { fmt.Fprint(f, "remote sessions") }

// Close ends the questions under way, waits for them and frees the connections. It may be
// called twice; callers after it get ErrUnavailable.
func (r *RemoteSessions) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.end()
	r.finished.Wait()
	r.app.client.CloseIdleConnections()
}

// RemoteSessionStats count since the start.
type RemoteSessionStats struct {
	Asked  uint64 // questions put to the app
	Failed uint64 // of these, the ones without a clear answer
	// Nameless are answers of users who are signed in without an id that could be used:
	// the app's session callback must add it to the session.
	Nameless uint64
}

// Stats says how the app has answered.
func (r *RemoteSessions) Stats() RemoteSessionStats {
	return RemoteSessionStats{Asked: r.asked.Load(), Failed: r.failed.Load(), Nameless: r.nameless.Load()}
}

// Authenticate implements Authenticator. An ErrUnavailable says why, for a log. A caller
// with an Authorization is judged by that alone.
func (r *RemoteSessions) Authenticate(ctx context.Context, c Credentials) (Identity, bool, error) {
	if c.Authorization != "" {
		return Identity{}, false, nil
	}
	cookie, ok, err := findSession(c.Cookie, r.cookies)
	if !ok || err != nil {
		return Identity{}, false, err
	}
	// However a session is cut into chunks, it is one: else anybody with a session could
	// make a thousand questions of it.
	session := sha256.Sum256([]byte(cookie.name + "=" + cookie.text()))
	q, err := r.ask(session, cookie.header(), cookie.secure(), c.From)
	if err != nil {
		return Identity{}, false, err
	}
	select {
	case <-q.answered:
	case <-ctx.Done():
		return Identity{}, false, fmt.Errorf("%w: %w", ErrUnavailable, context.Cause(ctx))
	}
	return q.answer.identity, q.answer.err == nil, q.answer.err
}

// ask finds the question about a session that has been answered or is under way, or
// begins one.
func (r *RemoteSessions) ask(session sessionHash, header string, secure bool, from string) (*question, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	for _, kept := range []*answers{r.known, r.refused} {
		if q := kept.get(session, now); q != nil {
			return q, nil
		}
	}
	if q := r.asking[session]; q != nil {
		return q, nil
	}
	if r.closed {
		return nil, fmt.Errorf("%w: closed", ErrUnavailable)
	}
	turn, ok := r.turns.join(from)
	if !ok {
		return nil, errCrowded
	}
	q := &question{answered: make(chan struct{})}
	r.asking[session] = q
	r.finished.Go(func() {
		q.answer = r.answerTo(turn, header, secure)
		r.finish(session, q)
	})
	return q, nil
}

var errCrowded = fmt.Errorf("%w: %d questions wait for the session endpoint", ErrUnavailable, maxWaiting)

// answerTo waits for its turn and asks the app.
func (r *RemoteSessions) answerTo(turn *turn, header string, secure bool) answer {
	ctx, cancel := context.WithTimeout(r.life, r.timeout)
	defer cancel()
	defer r.turns.leave(turn)
	select {
	case <-turn.called:
		if turn.dropped {
			return answer{err: errCrowded}
		}
	case <-ctx.Done():
		r.failed.Add(1)
		return answer{err: fmt.Errorf("%w: too many questions are before this one", ErrUnavailable)}
	}
	r.asked.Add(1)
	said, err := r.app.session(ctx, header, secure)
	switch {
	case err != nil:
		r.failed.Add(1)
		return answer{err: fmt.Errorf("%w: the session endpoint: %w", ErrUnavailable, err)}
	case !said.signedIn:
		return answer{err: ErrRejected}
	case said.userID == "":
		r.nameless.Add(1)
		return answer{err: ErrRejected}
	case !r.now().Before(said.expires):
		return answer{err: ErrExpired}
	}
	return answer{identity: Identity{UserID: said.userID, Expires: said.expires, Ambient: true}}
}

// finish keeps an answer, unless there is none, and tells whoever waits.
func (r *RemoteSessions) finish(session sessionHash, q *question) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asking, session)
	switch q.answer.err {
	case nil:
		r.known.put(session, q, r.now())
	case ErrRejected, ErrExpired:
		r.refused.put(session, q, r.now())
	}
	close(q.answered)
}
