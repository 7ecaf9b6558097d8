package auth

import (
	"context"
	"errors"
	"testing"

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
