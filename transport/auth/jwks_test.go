package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

var (
	oldKey, newKey = ed25519Key('o'), ed25519Key('n')
	oldJWK, newJWK = jwkOf(oldKey, fields{"kid": "old"}), jwkOf(newKey, fields{"kid": "new"})
	oldToken       = oldKey.token(lasting, fields{"kid": "old"})
	newToken       = newKey.token(lasting, fields{"kid": "new"})
)

// kidToken is a token that names a key that nobody has.
func kidToken(n int) string { return oldKey.token(lasting, fields{"kid": fmt.Sprint("made up ", n)}) }

func TestPublishedKeysAreAskedForWhenTheyAreNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireRefused(t, nil, tokens, "sse_an-api-key")
		requireRefused(t, auth.ErrRejected, tokens, hs.token(lasting))
		assert.Zero(t, p.times(), "nothing needed them")
		assert.NoError(t, tokens.KeysFault())

		requireUser(t, "7", tokens, oldToken)
		requireUser(t, "7", tokens, oldToken)
		time.Sleep(10*time.Minute - time.Nanosecond)
		requireUser(t, "7", tokens, oldToken)
		synctest.Wait()
		assert.Equal(t, 1, p.times())

		time.Sleep(time.Nanosecond)
		requireUser(t, "7", tokens, oldToken)
		synctest.Wait()
		assert.Equal(t, 2, p.times(), "they are ten minutes old")
		requireUser(t, "7", tokens, oldToken)
		synctest.Wait()
		assert.Equal(t, 2, p.times(), "they are new")
	})
}

func TestOldKeysServeWhileNewOnesAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		time.Sleep(10 * time.Minute)
		p.never()
		start := time.Now()
		for range 100 {
			requireUser(t, "7", tokens, oldToken)
		}
		assert.Equal(t, start, time.Now(), "nobody waits")
		synctest.Wait()
		assert.Equal(t, 2, p.times())
	})
}

func TestAKeyThatIsTakenBackVerifiesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK, newJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		p.says(200, jwksOf(newJWK))
		time.Sleep(10 * time.Minute)
		requireUser(t, "7", tokens, oldToken) // and starts the request
		synctest.Wait()
		requireRefused(t, auth.ErrRejected, tokens, oldToken)
		requireUser(t, "7", tokens, newToken)
	})
}

func TestAnIssuerThatPublishesNoKeyAnyMoreIsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		p.says(200, `{"keys":[]}`)
		time.Sleep(10 * time.Minute)
		requireUser(t, "7", tokens, oldToken)
		synctest.Wait()
		requireRefused(t, auth.ErrRejected, tokens, oldToken)
		assert.NoError(t, tokens.KeysFault())
	})
}

func TestANewKeyIsFoundWhenATokenNamesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		p.says(200, jwksOf(oldJWK, newJWK))

		requireRefused(t, auth.ErrUnavailable, tokens, newToken)
		assert.Equal(t, 1, p.times(), "it was asked just now")
		time.Sleep(30 * time.Second)
		requireUser(t, "7", tokens, newToken)
		assert.Equal(t, 2, p.times())
	})
}

func TestAKeyThatIsCertainlyNotThereIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireRefused(t, auth.ErrRejected, tokens, kidToken(1)) // it has waited for the keys
		requireRefused(t, auth.ErrRejected, tokens, kidToken(1))
		requireRefused(t, auth.ErrUnavailable, tokens, kidToken(2))
		requireRefused(t, auth.ErrUnavailable, tokens, kidToken(3))
		time.Sleep(30 * time.Second)
		requireRefused(t, auth.ErrRejected, tokens, kidToken(2))
		requireRefused(t, auth.ErrRejected, tokens, kidToken(3)) // it was missed before they came
		requireRefused(t, auth.ErrRejected, tokens, kidToken(1))
		requireRefused(t, auth.ErrUnavailable, tokens, kidToken(4))
		assert.Equal(t, 2, p.times())
	})
}

// Anybody can make up the id of a key.
func TestAStormOfUnknownKeysIsOneRequestInThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		storm := func(want ...error) {
			var wg sync.WaitGroup
			for i := range 200 {
				wg.Go(func() {
					_, ok, err := ask(tokens, kidToken(i))
					assert.False(t, ok)
					assert.Contains(t, want, err)
				})
			}
			wg.Wait()
		}
		storm(auth.ErrUnavailable)
		time.Sleep(30*time.Second - time.Nanosecond)
		storm(auth.ErrUnavailable)
		assert.Equal(t, 1, p.times())
		time.Sleep(time.Nanosecond)
		storm(auth.ErrRejected, auth.ErrUnavailable) // whoever waits for the answer, and others
		assert.Equal(t, 2, p.times())
		requireUser(t, "7", tokens, oldToken)
	})
}

func TestManyWhoNeedTheKeysWaitForOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		let := make(chan struct{})
		p.does(func(*http.Request) (*http.Response, error) {
			<-let
			return answerOf(200, jwksOf(oldJWK)), nil
		})
		tokens := p.tokens(t)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				_, ok, err := ask(tokens, oldToken)
				assert.NoError(t, err)
				assert.True(t, ok)
			})
		}
		synctest.Wait()
		close(let)
		wg.Wait()
		assert.Equal(t, 1, p.times())
	})
}

func TestAnIssuerThatDoesNotAnswerIsGivenUpAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		p.never()
		start := time.Now()
		tokens := p.tokens(t)
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestThePauseBeginsWhenARequestHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		p.never()
		tokens := p.tokens(t)
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		p.says(200, jwksOf(oldJWK))
		time.Sleep(5*time.Second - time.Nanosecond)
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		assert.Equal(t, 1, p.times())
		time.Sleep(time.Nanosecond)
		requireUser(t, "7", tokens, oldToken)
	})
}

func TestAnAnswerThatNeverEndsIsGivenUpAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		p.does(func(r *http.Request) (*http.Response, error) {
			answer := answerOf(200, "")
			answer.Body = &endless{until: r.Context()}
			return answer, nil
		})
		start := time.Now()
		tokens := p.tokens(t)
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

// endless is a body whose next byte never comes.
type endless struct{ until context.Context }

func (e *endless) Read([]byte) (int, error) {
	<-e.until.Done()
	return 0, e.until.Err()
}

func (*endless) Close() error { return nil }

// The request is for everybody: whoever began it may have gone.
func TestACallerThatGoesDoesNotEndTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		let := make(chan struct{})
		p.does(func(r *http.Request) (*http.Response, error) {
			select {
			case <-let:
				return answerOf(200, jwksOf(oldJWK)), nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		tokens := p.tokens(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, ok, err := tokens.Authenticate(ctx, asBearer(oldToken))
		assert.False(t, ok)
		assert.Equal(t, auth.ErrUnavailable, err)
		close(let)
		synctest.Wait()
		requireUser(t, "7", tokens, oldToken)
		assert.Equal(t, 1, p.times())
	})
}

func TestWithoutAnyKeysNobodyCanSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		p.isDown()
		tokens := p.tokens(t)
		for range 100 {
			requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
			requireRefused(t, auth.ErrUnavailable, tokens, kidToken(1))
		}
		assert.Equal(t, 1, p.times(), "it was asked just now")
		requireRefused(t, auth.ErrRejected, tokens, hs.token(lasting))

		p.says(200, jwksOf(oldJWK))
		time.Sleep(5*time.Second - time.Nanosecond)
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		time.Sleep(time.Nanosecond)
		requireUser(t, "7", tokens, oldToken)
		assert.Equal(t, 2, p.times())
		assert.NoError(t, tokens.KeysFault())
	})
}

func TestKeysGoOnWhileTheIssuerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		p.isDown()
		for range 100 {
			time.Sleep(10 * time.Minute)
			requireUser(t, "7", tokens, oldToken)
			synctest.Wait()
		}
		assert.Equal(t, 101, p.times())
		require.Error(t, tokens.KeysFault())
		requireRefused(t, auth.ErrUnavailable, tokens, newToken) // it may be good

		requireUser(t, "7", tokens, oldToken)
		assert.Equal(t, 101, p.times(), "it was asked just now")
		p.says(200, jwksOf(newJWK))
		time.Sleep(30 * time.Second)
		requireUser(t, "7", tokens, newToken)
		requireRefused(t, auth.ErrRejected, tokens, oldToken)
		assert.NoError(t, tokens.KeysFault())
	})
}

func TestKeysThatAreADayOldVerifyNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		p.isDown()
		time.Sleep(24*time.Hour - time.Nanosecond)
		requireUser(t, "7", tokens, oldToken)
		synctest.Wait()
		assert.NotContains(t, tokens.KeysFault().Error(), "day old")
		time.Sleep(time.Nanosecond)
		for range 3 {
			requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
			require.ErrorContains(t, tokens.KeysFault(), "connection refused; the keys that were known are more than a day old")
			time.Sleep(5 * time.Second)
		}
		p.says(200, jwksOf(oldJWK))
		requireUser(t, "7", tokens, oldToken)
		assert.NoError(t, tokens.KeysFault())
	})
}

func TestAfterADayWithoutTokensTheFirstWaitsForTheKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes(oldJWK)
		tokens := p.tokens(t)
		requireUser(t, "7", tokens, oldToken)
		time.Sleep(25 * time.Hour)
		assert.NoError(t, tokens.KeysFault())
		requireUser(t, "7", tokens, oldToken)
		assert.Equal(t, 2, p.times())
		tokens.Close()
		time.Sleep(25 * time.Hour)
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
	})
}

func TestKeysOfAFileNeedNoIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		p.isDown()
		tokens := p.tokens(t)
		require.NoError(t, tokens.ReplaceKeys(pemOf(oldKey)))
		requireUser(t, "7", tokens, oldToken)
		assert.Zero(t, p.times())
		requireRefused(t, auth.ErrUnavailable, tokens, newToken)

		require.NoError(t, tokens.ReplaceKeys(pemOf(newKey)))
		requireUser(t, "7", tokens, newToken)
	})
}

func TestCloseEndsTheRequestUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := publishes()
		p.never()
		tokens := p.tokens(t)
		refused := make(chan error)
		go func() {
			_, _, err := ask(tokens, oldToken)
			refused <- err
		}()
		synctest.Wait()
		start := time.Now()
		tokens.Close()
		assert.Equal(t, auth.ErrUnavailable, <-refused)
		assert.Equal(t, start, time.Now())
		tokens.Close()
		time.Sleep(time.Hour)
		requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
		assert.Equal(t, 1, p.times(), "nothing is asked any more")
	})
}

func TestWhatWasClosedBeforeItWasNeededAsksNothing(t *testing.T) {
	p := publishes(oldJWK)
	tokens := p.tokens(t)
	tokens.Close()
	requireRefused(t, auth.ErrUnavailable, tokens, oldToken)
	assert.Zero(t, p.times())
}

func TestKnownKeysGoOnAfterClose(t *testing.T) {
	p := publishes(oldJWK)
	tokens := p.tokens(t)
	requireUser(t, "7", tokens, oldToken)
	tokens.Close()
	requireUser(t, "7", tokens, oldToken)
}
