package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What authenticates must be harmless in a log line, a panic and a debugger's
// print, however somebody prints it.
func TestNoSecretCanBePrinted(t *testing.T) {
	credentials := Credentials{Authorization: "Bearer " + appKey, Cookie: "session=" + opsKey}
	_, _, rejected := Chain{}.Authenticate(context.Background(), credentials)
	for name, v := range map[string]any{
		"Keys":           testKeys(),
		"Keys by value":  *testKeys(),
		"Chain":          Chain{testKeys()},
		"Key":            Key{Name: "app", Secret: appKey, Scopes: []Scope{Publish}},
		"pointer to Key": &Key{Name: "app", Secret: appKey},
		"several Keys":   []Key{{Name: "app", Secret: appKey}},
		"Credentials":    credentials,
		"a rejection":    rejected,
		"an Identity":    Identity{Service: "app", Scopes: []Scope{Publish}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&b, verb+"\n", v)
			}
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
			slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
			if j, err := json.Marshal(v); err == nil {
				b.Write(j)
			}
			for _, secret := range []string{appKey, opsKey} {
				assert.NotContains(t, b.String(), secret)
				assert.NotContains(t, b.String(), hex.EncodeToString([]byte(secret)))
				assert.NotContains(t, b.String(), base64.StdEncoding.EncodeToString([]byte(secret)))
			}
		})
	}
}
