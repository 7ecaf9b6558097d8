package interop

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// letIn wants that a caller with these cookies gets a stream as that user: one that has
// the events for the user and none that are for somebody else.
func letIn(t *testing.T, s *server, cookies []cookie, user string) {
	t.Helper()
	c := openCurl(t, s.base+"/api/sse", "--header", "Cookie: "+header(cookies))
	require.Contains(t, c.responseHead(t, arriving).status, " 200")
	_, g := c.connected(t, arriving)
	assert.Equal(t, user, g.UserID)
	assert.Empty(t, g.SessionID)

	e := text("an event for one user", "hello").as("greeting")
	s.publish(t, e.to("not "+user), 0)
	id := s.publish(t, e.to(user), 1)
	assert.Equal(t, []seen{e.expected(id)}, c.until(t, "greeting", arriving))

	c.close()
	require.Eventually(t, func() bool { return s.active(t) == 0 }, 5*time.Second, 10*time.Millisecond, "who leaves is noticed")
}

// refusal is what a caller is told that is not let in.
type refusal struct {
	status int
	header http.Header
	body   string
}

// refusal asks for a stream with these cookies and wants none.
func (s *server) refusal(t testing.TB, accept string, cookies []cookie) refusal {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/api/sse", nil)
	require.NoError(t, err)
	req.Header.Set("Accept", accept)
	req.Header.Set("Cookie", header(cookies))
	resp, err := s.http.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"), resp.Status)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	resp.Header.Del("Date")
	return refusal{resp.StatusCode, resp.Header, string(body)}
}

func (r refusal) code(t testing.TB) string {
	t.Helper()
	var p struct {
		Status int    `json:"status"`
		Code   string `json:"code"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &p), r.body)
	require.Equal(t, r.status, p.Status)
	return p.Code
}

// refused wants 401 with that code, and nothing in it that tells one wrong cookie from
// another: it would help whoever is guessing.
func refused(t *testing.T, s *server, cookies []cookie, code string) {
	t.Helper()
	r := s.refusal(t, "text/event-stream", cookies)
	require.Equal(t, http.StatusUnauthorized, r.status, r.body)
	require.Equal(t, code, r.code(t))
	if code == "UNAUTHORIZED" {
		nonsense := slices.Clone(cookies)
		for i := range nonsense {
			nonsense[i].Value = "nonsense"
		}
		require.Equal(t, s.refusal(t, "text/event-stream", nonsense), r)
	}
	for _, c := range cookies {
		for part := range strings.SplitSeq(c.Value, ".") {
			if len(part) >= 16 {
				require.NotContains(t, r.body, part[:16])
			}
		}
	}
}

// keepsQuiet wants none of these in what the server has logged, be it a cookie's value or
// a part of one.
func (s *server) keepsQuiet(t *testing.T, secrets ...string) {
	t.Helper()
	log := s.log.String()
	for _, secret := range secrets {
		for part := range strings.SplitSeq(secret, ".") {
			if len(part) >= 16 {
				assert.NotContains(t, log, part[:16])
			}
		}
	}
}
