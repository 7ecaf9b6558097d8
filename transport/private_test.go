package transport

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each endpoint on each kind of listener: who asks with every scope, and who asks
// with nothing.
func TestWhatIsServedWhere(t *testing.T) {
	alone := startRig(t, func(o *Options) { o.Profiling = true })
	split := startRig(t, func(o *Options) { o.Profiling, o.PrivateListener = true, true })
	lean := startRig(t)
	dev := startRig(t, development)
	for path, want := range map[string]struct{ alone, public, private, lean, dev [2]int }{
		//                                  with a key, without
		"GET /healthz":                    {[2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}},
		"GET /readyz":                     {[2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}},
		"GET /metrics":                    {[2]int{200, 401}, [2]int{404, 404}, [2]int{200, 200}, [2]int{200, 401}, [2]int{200, 401}},
		"GET /api/sse/metrics":            {[2]int{200, 401}, [2]int{200, 401}, [2]int{404, 404}, [2]int{200, 401}, [2]int{200, 401}},
		"POST /api/sse":                   {[2]int{200, 401}, [2]int{200, 401}, [2]int{404, 404}, [2]int{200, 401}, [2]int{200, 401}},
		"GET /api/sse":                    {[2]int{406, 406}, [2]int{406, 406}, [2]int{404, 404}, [2]int{406, 406}, [2]int{406, 406}},
		"GET /api/sse/admin/stream":       {[2]int{406, 401}, [2]int{404, 404}, [2]int{406, 401}, [2]int{406, 401}, [2]int{406, 401}},
		"GET /api/sse/admin/clients":      {[2]int{200, 401}, [2]int{404, 404}, [2]int{200, 401}, [2]int{200, 401}, [2]int{200, 401}},
		"GET /api/sse/admin/clients/x":    {[2]int{404, 401}, [2]int{404, 404}, [2]int{404, 401}, [2]int{404, 401}, [2]int{404, 401}},
		"DELETE /api/sse/admin/clients/x": {[2]int{404, 401}, [2]int{404, 404}, [2]int{404, 401}, [2]int{404, 401}, [2]int{404, 401}},
		"GET /debug/pprof/":               {[2]int{200, 401}, [2]int{404, 404}, [2]int{200, 401}, [2]int{404, 404}, [2]int{404, 404}},
		"GET /debug/pprof/cmdline":        {[2]int{404, 401}, [2]int{404, 404}, [2]int{404, 401}, [2]int{404, 404}, [2]int{404, 404}},
		"GET /debug/pprof/goroutine":      {[2]int{200, 401}, [2]int{404, 404}, [2]int{200, 401}, [2]int{404, 404}, [2]int{404, 404}},
		"POST /api/sse/reset":             {[2]int{404, 404}, [2]int{404, 404}, [2]int{404, 404}, [2]int{404, 404}, [2]int{200, 401}},
		"GET /":                           {[2]int{404, 404}, [2]int{404, 404}, [2]int{404, 404}, [2]int{404, 404}, [2]int{303, 303}},
		"GET /demo":                       {[2]int{404, 404}, [2]int{404, 404}, [2]int{404, 404}, [2]int{404, 404}, [2]int{200, 200}},
		"GET /admin":                      {[2]int{200, 200}, [2]int{404, 404}, [2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}},
		"GET /assets/admin.css":           {[2]int{200, 200}, [2]int{404, 404}, [2]int{200, 200}, [2]int{200, 200}, [2]int{200, 200}},
	} {
		t.Run(path, func(t *testing.T) {
			method, target, _ := strings.Cut(path, " ")
			body := ""
			if target == "/api/sse" {
				body = `{"data":1}`
			}
			for where, at := range map[string]struct {
				rig  *rig
				addr string
				want [2]int
			}{
				"one listener": {alone, alone.addr, want.alone}, "public": {split, split.addr, want.public}, "private": {split, split.private, want.private},
				"without profiles": {lean, lean.addr, want.lean}, "development": {dev, dev.addr, want.dev},
			} {
				for i, header := range [][]string{{key(opsKey), "Accept: text/html"}, {"Accept: text/html"}} {
					resp := at.rig.callAt(at.addr, method, target, body, header...)
					assert.Equal(t, at.want[i], resp.StatusCode, "%s, with key: %v: %s", where, i == 0, resp.body)
				}
			}
		})
	}
}
