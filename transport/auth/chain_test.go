package auth

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// says is an authenticator that always says the same.
type says struct {
	id    Identity
	ok    bool
	err   error
	asked *int
}

func (s says) Authenticate(context.Context, Credentials) (Identity, bool, error) {
	if s.asked != nil {
		*s.asked++
	}
	return s.id, s.ok, s.err
}

func TestChain(t *testing.T) {
	broken := errors.New("the session endpoint is down")
	app, user := says{id: Identity{Service: "app"}, ok: true}, says{id: Identity{UserID: "7"}, ok: true}
	for sentence, c := range map[string]struct {
		chain Chain
		given Credentials
		want  Identity
		ok    bool
		err   error
	}{
		"the first that knows decides":                   {Chain{says{}, app, user}, Credentials{Authorization: "Bearer x"}, app.id, true, nil},
		"their order counts":                             {Chain{user, app}, Credentials{Authorization: "Bearer x"}, user.id, true, nil},
		"wrong credentials end the search":               {Chain{says{err: ErrRejected}, app}, Credentials{Cookie: "x"}, Identity{}, false, ErrRejected},
		"a question without an answer ends it too":       {Chain{says{err: broken}, app}, Credentials{Cookie: "x"}, Identity{}, false, broken},
		"nobody knows and nothing was shown":             {Chain{says{}, says{}}, Credentials{}, Identity{}, false, nil},
		"nobody knows the cookie: a visitor":             {Chain{says{}}, Credentials{Cookie: "theme=dark"}, Identity{}, false, nil},
		"nobody knows the Authorization: rejected":       {Chain{says{}}, Credentials{Authorization: "Basic eDp5"}, Identity{}, false, ErrRejected},
		"an empty chain rejects Authorization":           {Chain{}, Credentials{Authorization: "Bearer x"}, Identity{}, false, ErrRejected},
		"an empty chain lets visitors be visitors":       {nil, Credentials{}, Identity{}, false, nil},
		"a cookie does not heal a wrong key":             {Chain{testKeys()}, Credentials{Authorization: "Bearer nobody's", Cookie: "a=b"}, Identity{}, false, ErrRejected},
		"a real key among those who do not know it":      {Chain{says{}, testKeys()}, Credentials{Authorization: "Bearer " + opsKey}, Identity{Service: "ops", Scopes: []Scope{Admin}}, true, nil},
		"a signed-in user without an Authorization line": {Chain{testKeys(), user}, Credentials{Cookie: "session=x"}, user.id, true, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			id, ok, err := c.chain.Authenticate(context.Background(), c.given)
			assert.Equal(t, c.want, id)
			assert.Equal(t, c.ok, ok)
			assert.ErrorIs(t, err, c.err)
		})
	}
}

func TestAChainAsksNobodyBehindTheOneWhoDecides(t *testing.T) {
	asked := 0
	_, _, _ = Chain{says{ok: true}, says{asked: &asked}}.Authenticate(context.Background(), Credentials{})
	assert.Zero(t, asked)
}

// Else a page whose token has been taken back would go on as whoever the cookie names.
func TestAGoodSessionDoesNotHealAnAuthorization(t *testing.T) {
	s := testSessions()
	cookie := v5Cookie + "=" + v5(v5Cookie).token(ann())
	remote := askingApp(func(*http.Request) (*http.Response, error) { return signedIn("7", time.Hour) },
		func(o *RemoteSessionOptions) { o.Cache = 0 })
	defer remote.Close()
	for sentence, sessions := range map[string]Authenticator{"encrypted": s, "of the app's database": remote} {
		for _, authorization := range []string{"Bearer sse_wrong", "Bearer a.b.c", "Basic eDp5", "x"} {
			t.Run(sentence+", "+authorization, func(t *testing.T) {
				chain := Chain{testKeys(), NewTokens(TokenOptions{Secrets: []string{appSecret}}), sessions}
				id, ok, err := chain.Authenticate(t.Context(), Credentials{Cookie: cookie})
				assert.True(t, ok)
				assert.NoError(t, err)
				assert.Equal(t, "7", id.UserID)
				id, ok, err = chain.Authenticate(t.Context(), Credentials{Authorization: authorization, Cookie: cookie})
				assert.Equal(t, ErrRejected, err)
				assert.False(t, ok)
				assert.Equal(t, Identity{}, id)
			})
		}
	}
	assert.Equal(t, uint64(4), remote.Stats().Asked, "about the sessions without an Authorization only")
}
