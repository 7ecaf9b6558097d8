package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"

	"github.com/sseactor/sseactor/cmd/sseactor/internal/config"
	"github.com/sseactor/sseactor/transport/auth"
)

// access is who may come in, as the configuration says.
type access struct {
	inline     []auth.Key // of the setting api-keys; api-keys-file may add others
	keys       *auth.Keys
	tokens     *auth.Tokens         // nil: none are taken
	remote     *auth.RemoteSessions // nil: the app is not asked
	chain      auth.Chain
	policy     auth.Policy
	sessionIDs *auth.SessionIDs // nil: any sessionId will do
	closers    []func()
}

func newAccess(c *config.Config) (*access, error) {
	policy, err := policyOf(c)
	if err != nil {
		return nil, err
	}
	a := &access{inline: inlineKeys(c), policy: policy}
	a.keys = auth.NewKeys(a.inline)
	a.chain = auth.Chain{a.keys}
	if len(c.JWTSecrets) > 0 || c.JWTKeysFile != "" || c.JWKSURL != "" {
		a.tokens = auth.NewTokens(auth.TokenOptions{
			Secrets:   reveal(c.JWTSecrets),
			JWKSURL:   c.JWKSURL,
			Issuer:    c.JWTIssuer,
			Audience:  c.JWTAudience,
			UserClaim: c.UserClaim,
			Cookie:    c.JWTCookie,
			Tolerance: c.ClockTolerance,
		})
		a.chain = append(a.chain, a.tokens)
		a.closers = append(a.closers, a.tokens.Close)
	}
	switch {
	case len(c.AuthSecrets) > 0:
		a.chain = append(a.chain, auth.NewSessions(auth.SessionOptions{
			Secrets:   reveal(c.AuthSecrets),
			Cookies:   c.SessionCookies,
			UserClaim: c.UserClaim,
			Tolerance: c.ClockTolerance,
		}))
	case c.SessionURL != "":
		a.remote = auth.NewRemoteSessions(auth.RemoteSessionOptions{
			URL:       c.SessionURL,
			Cookies:   c.SessionCookies,
			UserClaim: c.UserClaim,
			Timeout:   c.SessionTimeout,
			Cache:     c.SessionCache,
			MaxCached: max(1000, 2*c.MaxClients), // room for all who are here when they all come back
		})
		a.chain = append(a.chain, a.remote)
		a.closers = append(a.closers, a.remote.Close)
	}
	if len(c.SessionIDSecrets) > 0 {
		a.sessionIDs = auth.NewSessionIDs(reveal(c.SessionIDSecrets)...)
	}
	return a, nil
}

// outside is who is asked about callers.
func (a *access) outside(log *slog.Logger) *outside {
	o := &outside{log: log}
	if a.tokens != nil {
		o.keys = a.tokens.KeysFault
	}
	if a.remote != nil {
		o.sessions = a.remote.Stats
	}
	return o
}

// close frees the connections to those who are asked about sessions and tokens.
func (a *access) close() {
	for _, free := range a.closers {
		free()
	}
}

// replaceFileKeys puts the keys of api-keys-file in the place of those that it had, and
// gives how many keys there are now. A key that is in the setting too is refused: which
// of the two says what it may do would be anybody's guess.
func (a *access) replaceFileKeys(text []byte) (int, error) {
	fromFile, err := auth.ParseKeys(text)
	if err != nil {
		return 0, err
	}
	if len(bytes.TrimSpace(text)) == 0 { // being written anew, or emptied by mistake
		return 0, errors.New("the file is empty; sseactor key adds a key, and a comment says that there shall be none")
	}
	all := append([]auth.Key{}, a.inline...)
	for _, key := range fromFile {
		for _, other := range a.inline {
			if key.Hash == other.Hash {
				return 0, fmt.Errorf("the key of %s is in the setting api-keys too, as that of %s; remove one of them", key.Name, other.Name)
			}
		}
		all = append(all, key)
	}
	a.keys.Replace(all)
	return len(all), nil
}

func inlineKeys(c *config.Config) []auth.Key {
	keys := make([]auth.Key, len(c.APIKeys))
	for i, k := range c.APIKeys {
		keys[i] = auth.Key{Name: k.Name, Hash: auth.HashKey(k.Key.Reveal())}
		for _, s := range k.Scopes {
			keys[i].Scopes = append(keys[i].Scopes, auth.Scope(s))
		}
	}
	return keys
}

func policyOf(c *config.Config) (auth.Policy, error) {
	p := auth.Policy{Visitors: c.AllowVisitors, UserSends: auth.UserSends(c.UserSends)}
	for _, topics := range []struct {
		setting string
		texts   []string
		to      *[]auth.Pattern
	}{
		{"public-topics", c.PublicTopics, &p.PublicTopics},
		{"user-topics", c.UserTopics, &p.UserTopics},
		{"user-sends-topics", c.UserSendsTopics, &p.UserSendsTopics},
	} {
		patterns, err := auth.ParsePatterns(topics.texts)
		if err != nil {
			return p, fmt.Errorf("%w: setting %s: %w", errUsage, topics.setting, err)
		}
		*topics.to = patterns
	}
	return p, nil
}

func reveal(secrets []config.Secret) []string {
	texts := make([]string, len(secrets))
	for i, s := range secrets {
		texts[i] = s.Reveal()
	}
	return texts
}
