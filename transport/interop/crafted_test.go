package interop

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"
)

// craftedCase is a token with the name of what is unusual about it.
type craftedCase struct {
	name     string
	crafting crafting
	user     string // who is let in; "": nobody
}

// crafted lists tokens that whoever knows the app's secret could make, and a few that
// nobody needs it for. The first ones are right, which shows that the others are refused
// for what their name says.
func craftedCases() []craftedCase {
	now := time.Now().Unix()
	claims := map[string]any{"sub": "7", "iat": now, "exp": now + 3600}
	usual := crafting{Alg: "dir", Enc: "A256CBC-HS512", Secret: secret, Cookie: "authjs.session-token", Payload: encode(claims)}
	with := func(claim string, v any) crafting {
		changed, c := maps.Clone(claims), usual
		if changed[claim] = v; v == nil {
			delete(changed, claim)
		}
		c.Payload = encode(changed)
		return c
	}
	says := func(payload string) crafting { c := usual; c.Payload = payload; return c }
	cases := []craftedCase{
		{name: "as Auth.js makes it, without a kid", crafting: usual, user: "7"},
		{name: "of the other encryption that Auth.js reads", crafting: crafting{"dir", "A256GCM", secret, usual.Cookie, usual.Payload}, user: "7"},
		{name: "a user whose id is a number", crafting: with("sub", 7), user: "7"},

		{name: "no exp", crafting: with("exp", nil)},
		{name: "an exp that is a text", crafting: with("exp", fmt.Sprint(now+3600))},
		{name: "an exp beyond all clocks", crafting: says(fmt.Sprintf(`{"sub":"7","iat":%d,"exp":1e300}`, now))},
		{name: "an nbf that is a text", crafting: with("nbf", "now")},
		{name: "a user whose id is half a number", crafting: with("sub", 7.5)},
		{name: "a user whose id is true", crafting: with("sub", true)},
		{name: "no JSON", crafting: says("sub=7")},
		{name: "a list", crafting: says(`["7"]`)},
		{name: "null", crafting: says("null")},
		{name: "nothing", crafting: says("")},
	}
	for _, way := range []struct{ alg, enc string }{
		{"none", ""}, {"HS256", ""}, // signed or not even that
		{"dir", "A128GCM"}, {"dir", "A192GCM"}, {"dir", "A128CBC-HS256"}, {"dir", "A192CBC-HS384"},
		{"A256KW", "A256GCM"}, {"A256KW", "A256CBC-HS512"}, {"A256GCMKW", "A256GCM"},
		{"PBES2-HS512+A256KW", "A256GCM"}, // whose cost the token chooses
		{"RSA-OAEP", "A256GCM"}, {"RSA-OAEP", "A256CBC-HS512"}, {"RSA-OAEP-256", "A256GCM"},
		{"ECDH-ES", "A256GCM"}, {"ECDH-ES", "A256CBC-HS512"},
	} {
		cases = append(cases, craftedCase{name: way.alg + " " + way.enc, crafting: crafting{way.alg, way.enc, secret, usual.Cookie, usual.Payload}})
	}
	return cases
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a fault of the table
	}
	return string(b)
}

func TestTokensThatNoPackageMakes(t *testing.T) {
	need(t, nodeMissing())
	need(t, curlMissing())
	s := startServer(t, "SSEACTOR_AUTH_SECRET="+secret, "SSEACTOR_LOG_LEVEL=debug")
	cases := craftedCases()
	var orders []crafting
	for _, c := range cases {
		orders = append(orders, c.crafting)
	}
	for i, token := range craft(t, orders...) {
		c := cases[i]
		t.Run(c.name, func(t *testing.T) {
			cookies := []cookie{{c.crafting.Cookie, token}}
			if c.user != "" {
				letIn(t, s, cookies, c.user)
			} else {
				refused(t, s, cookies, "UNAUTHORIZED")
			}
			s.keepsQuiet(t, token)
		})
	}
}
