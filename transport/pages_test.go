package transport

import (
	"bufio"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sseactor/sseactor/transport/web"
)

func TestThePagesAndWhatTheyLoad(t *testing.T) {
	r := startRig(t, development)
	for path, file := range map[string]string{"/demo": "demo.html", "/admin": "admin.html", "/assets/demo.js": "demo.js", "/assets/admin.css": "admin.css"} {
		want := web.Files()[file]
		resp := r.call("GET", path, "")
		require.Equal(t, 200, resp.StatusCode, path)
		assert.Equal(t, string(want.Plain), resp.body, path)
		for name, value := range map[string]string{
			"Content-Type": want.Type, "ETag": want.PlainTag, "Cache-Control": "no-cache", "Content-Encoding": "", "Vary": "Origin, Accept-Encoding",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": web.Policy,
		} {
			assert.Equal(t, value, resp.Header.Get(name), "%s: %s", path, name)
		}
		head := r.call("HEAD", path, "")
		assert.Equal(t, 200, head.StatusCode)
		assert.Empty(t, head.body)
		assert.EqualValues(t, len(want.Plain), head.ContentLength)

		again := r.call("GET", path, "", `If-None-Match: "other", W/`+want.PlainTag)
		assert.Equal(t, 304, again.StatusCode)
		assert.Empty(t, again.body)
		assert.Equal(t, want.PlainTag, again.Header.Get("ETag"))
		assert.Equal(t, 200, r.call("GET", path, "", `If-None-Match: "other"`).StatusCode)
	}
	for _, path := range []string{"/assets/admin.html", "/assets/demo.html", "/assets/nothing.js", "/assets/", "/assets/..%2fweb.go", "/demo/", "/admin/x"} {
		r.call("GET", path, "").problem(t, 404, "NOT_FOUND", "")
	}
	r.call("POST", "/admin", "x").problem(t, 405, "METHOD_NOT_ALLOWED", "")
}

func TestPagesAreCompressedForWhoTakesThat(t *testing.T) {
	r := startRig(t, development)
	want := web.Files()["admin.html"]
	require.NotEmpty(t, want.Zipped)
	resp := r.call("GET", "/admin", "", "Accept-Encoding: gzip, deflate, br")
	assert.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
	assert.Equal(t, want.ZippedTag, resp.Header.Get("ETag"))
	assert.Equal(t, string(want.Zipped), resp.body)
	assert.Equal(t, 304, r.call("GET", "/admin", "", "Accept-Encoding: gzip", "If-None-Match: "+want.ZippedTag).StatusCode)
	assert.Equal(t, 200, r.call("GET", "/admin", "", "Accept-Encoding: gzip", "If-None-Match: "+want.PlainTag).StatusCode, "the other form's")
}

func TestWhoTakesGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "br, gzip;q=0.5": true, "*": true,
		"gzip;q=0": false, "*, gzip;q=0": false, "gzip;q=0, *": false, "*;q=0": false, "br": false, "identity": false, "gzipped": false,
	} {
		assert.Equal(t, want, takesGzip(accept), "%q", accept)
	}
}

// Behind a 304 the connection goes on: a body that should not be there would be taken for
// the next answer.
func TestAConnectionGoesOnBehindA304(t *testing.T) {
	r := startRig(t)
	conn := dial(t, r.addr)
	defer conn.Close()
	in := bufio.NewReader(conn)
	for _, want := range []int{304, 200, 304} {
		header := "If-None-Match: " + web.Files()["admin.html"].ZippedTag
		if want == 200 {
			header = "If-None-Match: x"
		}
		_, err := io.WriteString(conn, request("GET", "/admin", "", "Accept-Encoding: gzip", header))
		require.NoError(t, err)
		assert.Equal(t, want, readResponse(t, in, "GET").StatusCode)
	}
}

func TestTheFirstPageIsTheDemoInDevelopmentAndNoneInProduction(t *testing.T) {
	resp := startRig(t, development).call("GET", "/", "")
	assert.Equal(t, 303, resp.StatusCode)
	assert.Equal(t, "/demo", resp.Header.Get("Location"))
	production := startRig(t)
	production.call("GET", "/", "").problem(t, 404, "NOT_FOUND", "")
	production.call("GET", "/demo", "").problem(t, 404, "NOT_FOUND", "")
	assert.Equal(t, 200, production.call("GET", "/admin", "").StatusCode, "operators need it there most")
}
