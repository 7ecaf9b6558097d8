package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// app answers for an app's session endpoint, without a network.
type app func(*http.Request) (*http.Response, error)

func (a app) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

func jsonAnswer(body string) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
}

// signedIn is the answer about a user's session that lives for so long.
func signedIn(user string, life time.Duration) (*http.Response, error) {
	return jsonAnswer(fmt.Sprintf(`{"user":{"name":"Ann","id":%q},"expires":%q}`, user, time.Now().Add(life).UTC().Format("2006-01-02T15:04:05.000Z")))
}

// sessionOf is the session's text in a request.
func sessionOf(req *http.Request) string {
	_, text, _ := strings.Cut(req.Header.Get("Cookie"), "=")
	return text
}

// askingApp asks an app that is in the test's own time.
func askingApp(a app, change ...func(*RemoteSessionOptions)) *RemoteSessions {
	o := RemoteSessionOptions{
		URL: "http://app/api/auth/session", Cookies: []string{v5Cookie, v4Cookie}, UserClaim: "sub",
		Timeout: 2 * time.Second, Cache: 10 * time.Second, MaxCached: 1000, Client: &http.Client{Transport: a},
	}
	for _, c := range change {
		c(&o)
	}
	return NewRemoteSessions(o)
}

func askFor(r *RemoteSessions, session string) (Identity, bool, error) {
	return r.Authenticate(context.Background(), Credentials{Cookie: v4Cookie + "=" + session})
}

// counting counts the questions about each session.
type counting struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *counting) count(a app) app {
	c.counts = map[string]int{}
	return func(req *http.Request) (*http.Response, error) {
		c.mu.Lock()
		c.counts[sessionOf(req)]++
		c.mu.Unlock()
		return a(req)
	}
}

func (c *counting) of(session string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[session]
}

func (c *counting) all() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, count := range c.counts {
		n += count
	}
	return n
}

func TestAnAnswerIsKeptForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked counting
		r := askingApp(asked.count(func(*http.Request) (*http.Response, error) { return signedIn("7", time.Hour) }))
		defer r.Close()
		for range 3 {
			id, ok, err := askFor(r, "a")
			require.NoError(t, err)
			assert.True(t, ok)
			assert.Equal(t, "7", id.UserID)
			assert.True(t, id.Ambient)
			time.Sleep(3 * time.Second)
		}
		assert.Equal(t, 1, asked.of("a"))
		time.Sleep(time.Second) // 10 in all
		_, _, err := askFor(r, "a")
		assert.NoError(t, err)
		assert.Equal(t, 2, asked.of("a"), "no longer than that")
		_, _, _ = askFor(r, "b")
		assert.Equal(t, 1, asked.of("b"), "another session is another question")
	})
}

func TestAnAnswerIsNotKeptBeyondItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := false
		r := askingApp(func(*http.Request) (*http.Response, error) {
			if over {
				return jsonAnswer("null")
			}
			return signedIn("7", 3*time.Second)
		})
		defer r.Close()
		id, _, err := askFor(r, "a")
		require.NoError(t, err)
		assert.Equal(t, 3*time.Second, time.Until(id.Expires))
		over = true
		time.Sleep(3*time.Second - time.Millisecond)
		_, ok, _ := askFor(r, "a")
		assert.True(t, ok)
		time.Sleep(time.Millisecond)
		_, ok, err = askFor(r, "a")
		assert.False(t, ok)
		assert.Equal(t, ErrRejected, err)
	})
}

func TestARefusalIsKeptForASecond(t *testing.T) {
	for sentence, c := range map[string]struct {
		answer app
		err    error
	}{
		"nobody is signed in": {func(*http.Request) (*http.Response, error) { return jsonAnswer("null") }, ErrRejected},
		"no id":               {func(*http.Request) (*http.Response, error) { return jsonAnswer(`{"user":{}}`) }, ErrRejected},
		"expired":             {func(*http.Request) (*http.Response, error) { return signedIn("7", -time.Second) }, ErrExpired},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked counting
				r := askingApp(asked.count(c.answer), func(o *RemoteSessionOptions) { o.Cache = 0 })
				defer r.Close()
				for range 100 {
					_, ok, err := askFor(r, "guess")
					require.Equal(t, c.err, err)
					require.False(t, ok)
				}
				assert.Equal(t, 1, asked.of("guess"))
				time.Sleep(time.Second)
				_, _, _ = askFor(r, "guess")
				assert.Equal(t, 2, asked.of("guess"), "the user may have signed in since")
			})
		})
	}
}

func TestWithoutACacheEachCallerAsks(t *testing.T) {
	for sentence, change := range map[string]func(*RemoteSessionOptions){
		"no time":  func(o *RemoteSessionOptions) { o.Cache = 0 },
		"no space": func(o *RemoteSessionOptions) { o.MaxCached = 1 },
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked counting
				r := askingApp(asked.count(func(*http.Request) (*http.Response, error) { return signedIn("7", time.Hour) }), change)
				defer r.Close()
				for range 3 {
					_, ok, _ := askFor(r, "a")
					assert.True(t, ok)
				}
				assert.Equal(t, 3, asked.of("a"))
			})
		})
	}
}

func TestRefusalsTakeNoPlaceOfAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked counting
		r := askingApp(asked.count(func(req *http.Request) (*http.Response, error) {
			if sessionOf(req) == "good" {
				return signedIn("7", time.Hour)
			}
			return jsonAnswer("null")
		}), func(o *RemoteSessionOptions) { o.MaxCached = 10 })
		defer r.Close()
		_, _, _ = askFor(r, "good")
		for i := range 1000 {
			_, _, _ = askFor(r, fmt.Sprint("guess", i))
		}
		_, ok, _ := askFor(r, "good")
		assert.True(t, ok)
		assert.Equal(t, 1, asked.of("good"))
	})
}

func TestFailuresAreNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		r := askingApp(func(*http.Request) (*http.Response, error) {
			if down {
				return nil, errors.New("down")
			}
			return signedIn("7", time.Hour)
		})
		defer r.Close()
		_, ok, err := askFor(r, "a")
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.False(t, ok)
		down = false
		_, ok, err = askFor(r, "a")
		assert.NoError(t, err)
		assert.True(t, ok)
		assert.Equal(t, RemoteSessionStats{Asked: 2, Failed: 1}, r.Stats())
	})
}

func TestManyCallersOfASessionAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked counting
		release := make(chan struct{})
		r := askingApp(asked.count(func(*http.Request) (*http.Response, error) { <-release; return signedIn("7", time.Hour) }),
			func(o *RemoteSessionOptions) { o.Cache = 0 })
		defer r.Close()
		leader, leave := context.WithCancelCause(context.Background())
		left := make(chan error, 1)
		go func() {
			_, _, err := r.Authenticate(leader, Credentials{Cookie: v4Cookie + "=a"})
			left <- err
		}()
		synctest.Wait()
		users := make(chan string, 50)
		for range 50 {
			go func() {
				id, _, _ := askFor(r, "a")
				users <- id.UserID
			}()
		}
		synctest.Wait()
		leave(errors.New("gone"))
		synctest.Wait()
		assert.ErrorIs(t, <-left, ErrUnavailable, "whoever leaves has no answer")
		close(release)
		for range 50 {
			assert.Equal(t, "7", <-users, "whoever asked first may leave: the others get their answer")
		}
		assert.Equal(t, 1, asked.of("a"))
	})
}

func TestASessionIsOneQuestionHoweverItIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := askingApp(func(*http.Request) (*http.Response, error) { asked++; return signedIn("7", time.Hour) })
		defer r.Close()
		for length := 1; length <= 12; length++ {
			cookies := strings.Join(inChunks(v4Cookie, "abcdefghijkl", length), "; ")
			_, ok, err := r.Authenticate(t.Context(), Credentials{Cookie: cookies})
			assert.NoError(t, err)
			assert.True(t, ok)
		}
		_, _, _ = askFor(r, "abcdefghijkl")
		assert.Equal(t, 1, asked)
		_, _, _ = r.Authenticate(t.Context(), Credentials{Cookie: v5Cookie + "=abcdefghijkl"})
		assert.Equal(t, 2, asked, "under another name it is another")
	})
}

func TestAnAppThatDoesNotAnswerIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := askingApp(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		defer r.Close()
		start := time.Now()
		_, ok, err := askFor(r, "a")
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.False(t, ok)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestTheAppIsAskedSoMuchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked counting
		release := make(chan struct{})
		r := askingApp(asked.count(func(req *http.Request) (*http.Response, error) {
			select {
			case <-release:
				return signedIn(sessionOf(req), time.Hour)
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
		}))
		defer r.Close()
		outcomes := make(chan error, maxWaiting)
		ask := func(i int) {
			id, _, err := askFor(r, fmt.Sprint("s", i))
			if err == nil && id.UserID != fmt.Sprint("s", i) {
				err = errors.New("the answer of another")
			}
			outcomes <- err
		}
		for i := range maxWaiting {
			go ask(i)
		}
		synctest.Wait()
		assert.Equal(t, maxAsking-keptForOthers, asked.all(), "all of one caller's")
		_, _, err := askFor(r, "one-more")
		assert.ErrorIs(t, err, ErrUnavailable, "beyond that nobody waits")
		time.Sleep(time.Second)
		close(release)
		for range maxWaiting {
			assert.NoError(t, <-outcomes)
		}
		assert.Equal(t, maxWaiting, asked.all())
	})
}

func TestWhoWaitsForATurnTooLongHasNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked counting
		r := askingApp(asked.count(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}))
		defer r.Close()
		outcomes := make(chan error, 2*maxAsking)
		for i := range cap(outcomes) {
			go func() {
				_, _, err := askFor(r, fmt.Sprint(i))
				outcomes <- err
			}()
		}
		for range cap(outcomes) {
			assert.ErrorIs(t, <-outcomes, ErrUnavailable)
		}
		assert.Equal(t, uint64(2*maxAsking), r.Stats().Failed)
	})
}

func TestCloseEndsWhatIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := askingApp(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
			func(o *RemoteSessionOptions) { o.Timeout = time.Hour })
		outcome := make(chan error)
		go func() { _, _, err := askFor(r, "a"); outcome <- err }()
		synctest.Wait()
		start := time.Now()
		r.Close()
		r.Close()
		assert.ErrorIs(t, <-outcome, ErrUnavailable)
		assert.Zero(t, time.Since(start))
		_, ok, err := askFor(r, "a")
		assert.ErrorIs(t, err, ErrUnavailable)
		assert.False(t, ok)
	})
}

func TestKeptAnswersAreBounded(t *testing.T) {
	hash := func(i int) sessionHash { return sessionHash{byte(i), byte(i >> 8)} }
	kept := newAnswers(time.Minute, 100)
	for i := range 1000 {
		q := &question{}
		kept.put(hash(i), q, noon)
		assert.Same(t, q, kept.get(hash(i), noon))
		assert.LessOrEqual(t, len(kept.newest)+len(kept.older), 100)
	}
	assert.NotNil(t, kept.get(hash(950), noon), "the newest half are there")
	assert.Nil(t, kept.get(hash(100), noon))
	assert.Nil(t, kept.get(hash(999), noon.Add(time.Minute)))
	kept.put(hash(1), &question{}, noon.Add(time.Minute))
	assert.Len(t, kept.newest, 1, "what is over makes room")
}
