package interop

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nginxConfig needs no rights, no master process (one pid to end) and no path
// outside its folder. %[1]s is that folder, %[2]s where nginx listens, %[3]s
// the server's address, %[4]s the settings of the location.
const nginxConfig = `
daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen %[2]s;
		location / {
			proxy_pass http://%[3]s;
			%[4]s
		}
	}
}
`

// With its defaults nginx speaks HTTP/1.0 to us, wants the connection closed
// after each response, and keeps back even the head until a buffer is full;
// X-Accel-Buffering: no, which we send, stops that.
func TestNginxPassesAStreamOnAtOnce(t *testing.T) {
	nginx, err := program("NGINX", "nginx")
	need(t, err)
	need(t, curlMissing())
	s := startServer(t)
	for _, tt := range []struct{ name, settings string }{
		{"with its defaults", ""},
		{"with the settings that we recommend", `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; proxy_read_timeout 1h; gzip off;`},
		{"with compression of everything asked for", `gzip on; gzip_types *; gzip_min_length 0;`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			front := startNginx(t, nginx, s.addr, tt.settings)
			c := openCurl(t, "http://"+front+streamPath("through-nginx"))
			head := c.responseHead(t, atOnce)
			assert.Contains(t, head.status, " 200")
			assert.Equal(t, "text/event-stream; charset=utf-8", head.header.Get("Content-Type"))
			c.connected(t, atOnce)

			e := text("an event through nginx", "one\r\ntwo").as("greeting")
			id := s.publish(t, e, 1)
			assert.Equal(t, []seen{e.expected(id)}, c.until(t, "greeting", atOnce))

			c.close()
			assert.Eventually(t, func() bool { return s.active(t) == 0 }, 5*time.Second, 10*time.Millisecond,
				"a client that leaves nginx leaves us")
		})
	}
}

// atOnce is far below what a proxy's buffer would take to fill by itself, and
// kind to a busy machine.
const atOnce = 3 * time.Second

// startNginx runs nginx in front of that address until the test ends.
func startNginx(t *testing.T, path, backend, settings string) (front string) {
	t.Helper()
	front = freeAddr(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, front, backend, settings), 0o600))
	// -e: or it complains that it may not write to /var/log.
	p := startProcess(t, exec.Command(path, "-e", "stderr", "-p", dir, "-c", config), &output{})
	t.Cleanup(func() {
		p.end(t, syscall.SIGTERM, 10*time.Second)
		if t.Failed() {
			t.Logf("nginx said:\n%s", p.log.tail())
		}
	})
	waitReady(t, http.DefaultClient, "http://"+front, p)
	return front
}
