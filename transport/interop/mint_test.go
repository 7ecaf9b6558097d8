package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cookie is one that a browser sends.
type cookie struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// header is the Cookie header of those cookies.
func header(cookies []cookie) string {
	var pairs []string
	for _, c := range cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// minting is a session that a sign-in package is to make the cookies of.
type minting struct {
	Package string         `json:"package"` // a name of mint.mjs
	Cookie  string         `json:"cookie"`  // its name
	Secret  string         `json:"secret"`
	Claims  map[string]any `json:"claims"`
	MaxAge  int            `json:"maxAge"` // seconds
	Clock   int            `json:"clock"`  // how many seconds ahead the package's clock is
}

// mint has the packages themselves make the cookies of sessions, as many as they take
// for each.
func mint(t testing.TB, orders ...minting) (minted [][]cookie) {
	t.Helper()
	ask(t, "mint.mjs", orders, &minted)
	require.Len(t, minted, len(orders))
	return minted
}

// crafting is a token that no sign-in package makes.
type crafting struct {
	Alg     string `json:"alg"`
	Enc     string `json:"enc,omitempty"`
	Secret  string `json:"secret"`
	Cookie  string `json:"cookie"`
	Payload string `json:"payload"`
}

// craft makes such tokens, each with a key that Auth.js would derive from the secret if
// the algorithm takes one.
func craft(t testing.TB, orders ...crafting) (crafted []string) {
	t.Helper()
	ask(t, "craft.mjs", orders, &crafted)
	require.Len(t, crafted, len(orders))
	return crafted
}

// ask runs a script of node/ that is given JSON and answers in it.
func ask(t testing.TB, script string, orders, into any) {
	t.Helper()
	node, err := program("NODE", "node")
	require.NoError(t, err)
	in, err := json.Marshal(orders)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, filepath.Join("node", script))
	cmd.Stdin = bytes.NewReader(in)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	require.NoError(t, err, complaint.String())
	require.NoError(t, json.Unmarshal(out, into), "%.200s", out)
}
