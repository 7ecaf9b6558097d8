package transport

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/auth"
)

// Who may do what. A row is a request, a column a caller, a cell the status of the
// answer; "." is 403, "?" is 401: who is that?
//
// visitor shows nothing; alice is signed in by a cookie; forged is a page that alice's
// browser sends her cookie for, which says no Origin; holder has a token with claims for
// the topic orders.eu, the user carol and the session kiosk; app publishes; bounded may
// publish to the topics orders.* and events called order.*; look reads metrics; ops does
// everything; wrong has a key that nobody knows.
const matrix = `
                                                   visitor alice forged holder app bounded look ops wrong
GET /healthz                                           200   200    200    200 200     200  200 200   200
GET /readyz                                            200   200    200    200 200     200  200 200   200
GET /                                                  303   303    303    303 303     303  303 303   303
GET /demo                                              200   200    200    200 200     200  200 200   200
GET /admin                                             200   200    200    200 200     200  200 200   200
GET /assets/admin.js                                   200   200    200    200 200     200  200 200   200

GET /api/sse                                             ?   200    200    200   ?       ?    ? 200     ?
GET /api/sse?sessionId=s                               200   200    200    200 200     200  200 200     ?
GET /api/sse?sessionId=kiosk                           200   200    200    200 200     200  200 200     ?
GET /api/sse?userId=alice                                ?   200    200      .   .       .    . 200     ?
GET /api/sse?userId=bob                                  ?     .      .      .   .       .    . 200     ?
GET /api/sse?userId=carol                                ?     .      .    200   .       .    . 200     ?
GET /api/sse?sessionId=s&topics=news                   200   200    200    200 200     200  200 200     ?
GET /api/sse?sessionId=s&topics=public.x               200   200    200    200 200     200  200 200     ?
GET /api/sse?sessionId=s&topics=user.alice.inbox         .   200    200      .   .       .    . 200     ?
GET /api/sse?sessionId=s&topics=user.bob.inbox           .     .      .      .   .       .    . 200     ?
GET /api/sse?sessionId=s&topics=orders.eu                .     .      .    200   .       .    . 200     ?
GET /api/sse?sessionId=s&topics=orders.us                .     .      .      .   .       .    . 200     ?
GET /api/sse?ticket=made-up                              ?     ?      ?      ?   ?       ?    ?   ?     ?

POST /api/sse {"data":1}                                 ?     .      .      . 200       .    . 200     ?
POST /api/sse {"data":1,"userId":"alice"}                ?   200      .      . 200       .    . 200     ?
POST /api/sse {"data":1,"userId":"bob"}                  ?     .      .      . 200       .    . 200     ?
POST /api/sse {"data":1,"sessionId":"s"}                 ?     .      .      . 200       .    . 200     ?
POST /api/sse {"data":1,"clientIds":["c"]}               ?     .      .      . 200       .    . 200     ?
POST /api/sse {"data":1,"topics":["room.alice"]}         ?   200      .      . 200       .    . 200     ?
POST /api/sse {"data":1,"topics":["orders.eu"]}          ?     .      .      . 200       .    . 200     ?
POST /api/sse {"event":"order.new","data":1,"topics":["orders.eu"]}
                                                         ?     .      .      . 200     200    . 200     ?
POST /api/sse {"event":"order.new","data":1,"topics":["orders.eu","news"]}
                                                         ?     .      .      . 200       .    . 200     ?
POST /api/sse {"event":"order.new","data":1,"userId":"alice"}
                                                         ?   200      .      . 200       .    . 200     ?
POST /api/sse {"event":"order.new","data":1}             ?     .      .      . 200       .    . 200     ?
POST /api/sse [{"data":1,"userId":"alice"},{"data":1,"userId":"bob"}]
                                                         ?     .      .      . 200       .    . 200     ?

POST /api/sse/ticket {"sessionId":"s"}                   ?   200      .    200 200     200  200 200     ?
POST /api/sse/ticket {"userId":"alice"}                  ?   200      .      .   .       .    . 200     ?
POST /api/sse/ticket {"userId":"bob"}                    ?     .      .      .   .       .    . 200     ?
POST /api/sse/ticket {"userId":"carol"}                  ?     .      .    200   .       .    . 200     ?
POST /api/sse/ticket {"topics":["user.alice.inbox"]}     ?   200      .      .   .       .    . 200     ?
POST /api/sse/ticket {"topics":["orders.eu"]}            ?     .      .    200   .       .    . 200     ?
POST /api/sse/ticket {"topics":["orders.us"]}            ?     .      .      .   .       .    . 200     ?

POST /api/sse/ack {"id":"1000000000000-0"}               ?   200      .    200 400     400  400 400     ?
POST /api/sse/ack {"id":"1000000000000-0","sessionId":"s"}
                                                       200   200      .    200 200     200  200 200     ?
POST /api/sse/ack {"id":"1000000000000-0","userId":"alice"}
                                                         ?   200      .      . 200       .    . 200     ?
POST /api/sse/ack {"id":"1000000000000-0","userId":"bob"}
                                                         ?     .      .      . 200       .    . 200     ?
POST /api/sse/ack {"id":"1000000000000-0","userId":"carol"}
                                                         ?     .      .    200 200       .    . 200     ?

GET /api/sse/metrics                                     ?     .      .      .   200     .  200 200     ?
GET /metrics                                             ?     .      .      .   200     .  200 200     ?
GET /api/sse/admin/stream                                ?     .      .      .   .       .    . 200     ?
GET /api/sse/admin/clients                               ?     .      .      .   .       .    . 200     ?
GET /api/sse/admin/clients/nobody                        ?     .      .      .   .       .    . 404     ?
DELETE /api/sse/admin/clients?userId=x                   ?     .      .      .   .       .    . 200     ?
DELETE /api/sse/admin/clients/nobody                     ?     .      .      .   .       .    . 404     ?
GET /api/sse/admin/events/1-1                            ?     .      .      .   .       .    . 404     ?
GET /api/sse/admin/events?id=x                           ?     .      .      .   .       .    . 404     ?
GET /api/sse/admin/blocks                                ?     .      .      .   .       .    . 200     ?
DELETE /api/sse/admin/blocks?userId=x                    ?     .      .      .   .       .    . 404     ?
GET /debug/pprof/                                        ?     .      .      .   .       .    . 200     ?
GET /debug/pprof/goroutine                               ?     .      .      .   .       .    . 200     ?
POST /api/sse/reset                                      ?     .      .      .   .       .    . 200     ?
`

// cookies signs in by "user=name", as a session's cookie does.
type cookies struct{}

func (cookies) Authenticate(_ context.Context, c auth.Credentials) (auth.Identity, bool, error) {
	if c.Authorization != "" {
		return auth.Identity{}, false, nil
	}
	var users []string
	for cookie := range strings.SplitSeq(c.Cookie, "; ") {
		if name, ok := strings.CutPrefix(cookie, "user="); ok {
			users = append(users, name)
		}
	}
	if len(users) > 1 {
		return auth.Identity{}, false, auth.ErrRejected
	}
	if len(users) == 0 {
		return auth.Identity{}, false, nil
	}
	return auth.Identity{UserID: users[0], Ambient: true}, true, nil
}

// holders knows one token.
type holders struct{}

func (holders) Authenticate(_ context.Context, c auth.Credentials) (auth.Identity, bool, error) {
	return auth.Identity{Service: "token:holder", Reads: auth.Reach{
		Topics:   []auth.Pattern{auth.Exactly("orders.eu")},
		Users:    []auth.Pattern{auth.Exactly("carol")},
		Sessions: []auth.Pattern{auth.Exactly("kiosk")},
	}}, c.Authorization == "Bearer holder's", nil
}

const boundedKey = "sse_bounded-0123456789abcdef"

func accessRig(t *testing.T) *rig { return accessRigWith(t, func(*Options) {}) }

func accessRigWith(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	return startRig(t, func(o *Options) {
		o.Development, o.Profiling = true, true
		o.Authenticator = append(o.Authenticator.(auth.Chain), auth.NewKeys([]auth.Key{{
			Name: "bounded", Hash: auth.HashKey(boundedKey), Scopes: []auth.Scope{auth.Publish},
			Sends: auth.NewSends(patterns(t, "orders.*"), nil, nil, patterns(t, "order.*")),
		}}), holders{}, cookies{})
		o.Policy.UserTopics = patterns(t, "user.{userId}.*")
		o.Policy.UserSends = auth.UserSendsOwn
		o.Policy.UserSendsTopics = patterns(t, "room.{userId}")
	}, change)
}

func patterns(t testing.TB, texts ...string) []auth.Pattern {
	t.Helper()
	p, err := auth.ParsePatterns(texts)
	require.NoError(t, err)
	return p
}

var matrixCallers = map[string]http.Header{
	"visitor": {},
	"alice":   {"Cookie": {"user=alice"}, "Origin": {"https://app.example"}},
	"forged":  {"Cookie": {"user=alice"}},
	"holder":  {"Authorization": {"Bearer holder's"}},
	"app":     {"Authorization": {"Bearer " + appKey}},
	"bounded": {"Authorization": {"Bearer " + boundedKey}},
	"look":    {"Authorization": {"Bearer " + lookKey}},
	"ops":     {"Authorization": {"Bearer " + opsKey}},
	"wrong":   {"Authorization": {"Bearer nobody's-0123456789abcdef"}},
}

// row is a line of the matrix, or two: a request that is too long has its cells below it.
type row struct {
	method, target, body string
	cells                []string
}

func readMatrix(t *testing.T) (callers []string, rows []row) {
	t.Helper()
	var request string
	for line := range strings.Lines(strings.Trim(matrix, "\n")) {
		line = strings.TrimRight(line, " \n")
		switch {
		case line == "":
			continue
		case callers == nil:
			callers = strings.Fields(line)
			continue
		}
		fields := strings.Fields(request + line)
		if len(fields) < 3+len(callers)-1 {
			request = line + " "
			continue
		}
		request = ""
		split := len(fields) - len(callers)
		r := row{method: fields[0], target: fields[1], body: strings.Join(fields[2:split], " "), cells: fields[split:]}
		rows = append(rows, r)
	}
	return callers, rows
}

func TestWhoMayDoWhat(t *testing.T) {
	r := accessRig(t)
	callers, rows := readMatrix(t)
	require.Len(t, callers, len(matrixCallers))
	for _, row := range rows {
		t.Run(row.method+" "+row.target+" "+row.body, func(t *testing.T) {
			for i, caller := range callers {
				want := map[string]string{".": "403", "?": "401"}[row.cells[i]]
				if want == "" {
					want = row.cells[i]
				}
				assert.Equal(t, want, fmt.Sprint(r.status(t, row, matrixCallers[caller])), caller)
			}
		})
	}
}

// status asks and hangs up.
func (r *rig) status(t *testing.T, row row, header http.Header) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, row.method, "http://"+r.addr+row.target, strings.NewReader(row.body))
	require.NoError(t, err)
	request.Header = header.Clone()
	request.Close = true
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// An endpoint that nobody has thought about is one that anybody may use.
func TestTheMatrixHasEveryEndpoint(t *testing.T) {
	r := accessRig(t)
	_, rows := readMatrix(t)
	for _, e := range r.endpoints(true, true) {
		prefix, one := strings.CutSuffix(e.path, "{id}")
		found := slices.ContainsFunc(rows, func(row row) bool {
			path, _, _ := strings.Cut(row.target, "?")
			if one {
				last, below := strings.CutPrefix(path, prefix)
				return row.method == e.method && below && last != "" && !strings.Contains(last, "/")
			}
			return row.method == e.method && path == e.path
		})
		assert.True(t, found, "%s %s has no row", e.method, e.path)
	}
}
