package auth

import (
	"context"
	"crypto"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	appSecret = "an app's secret"
	v5Cookie  = "__Secure-authjs.session-token"
	v4Cookie  = "next-auth.session-token"
)

// noon is the time in these tests.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// at gives a clock that stands still.
func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func testSessions(secrets ...string) *Sessions {
	if secrets == nil {
		secrets = []string{appSecret}
	}
	return NewSessions(SessionOptions{
		Secrets:   secrets,
		Cookies:   []string{v5Cookie, "authjs.session-token", v4Cookie, "my.session"},
		UserClaim: "sub", Tolerance: 15 * time.Second, Now: at(noon),
	})
}

func signIn(s *Sessions, cookie string) (Identity, bool, error) {
	return s.Authenticate(context.Background(), Credentials{Cookie: cookie})
}

type payload map[string]any

// ann is what the packages put into a session, good for another hour.
func ann(changes ...payload) payload {
	all := payload{"name": "Ann", "email": "ann@example.com", "picture": nil, "sub": "7", "jti": "0c5a1a0e",
		"iat": noon.Add(-time.Hour).Unix(), "exp": noon.Add(time.Hour).Unix()}
	for _, change := range changes {
		for name, value := range change {
			if all[name] = value; value == absent {
				delete(all, name)
			}
		}
	}
	return all
}

// absent takes a claim away.
var absent = new(int)

// minting is how a token is made; the zero value leaves everything to the generation.
type minting struct {
	secret, salt, info string
	enc                jose.ContentEncryption
	length             int // of the key, in bytes
	kid                bool
	header             map[jose.HeaderKey]any
	zip                bool
}

func v4() minting {
	return minting{secret: appSecret, info: "NextAuth.js Generated Encryption Key", enc: jose.A256GCM, length: 32}
}

func v5(cookie string) minting {
	return minting{secret: appSecret, salt: cookie, info: "Auth.js Generated Encryption Key (" + cookie + ")", enc: jose.A256CBC_HS512, length: 64, kid: true}
}

// but changes how a token is made.
func (m minting) but(change func(*minting)) minting {
	change(&m)
	return m
}

func (m minting) token(content any) string {
	text, ok := content.([]byte)
	if !ok {
		text = must(json.Marshal(content))
	}
	key := must(hkdf.Key(sha256.New, []byte(m.secret), []byte(m.salt), m.info, m.length))
	recipient := jose.Recipient{Algorithm: jose.DIRECT, Key: key}
	if m.kid {
		k := `{"k":"` + base64.RawURLEncoding.EncodeToString(key) + `","kty":"oct"}`
		thumbprint := crypto.SHA256.New()
		if m.length == 64 {
			thumbprint = crypto.SHA512.New()
		}
		thumbprint.Write([]byte(k))
		recipient.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint.Sum(nil))
	}
	o := &jose.EncrypterOptions{ExtraHeaders: m.header}
	if m.zip {
		o.Compression = jose.DEFLATE
	}
	e := must(jose.NewEncrypter(m.enc, recipient, o))
	return must(must(e.Encrypt(text)).CompactSerialize())
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// inChunks are the cookies that Auth.js makes of a long token, each of so many characters.
func inChunks(name, token string, length int) []string {
	var cookies []string
	for i := 0; i*length < len(token); i++ {
		cookies = append(cookies, name+"."+strconv.Itoa(i)+"="+token[i*length:min(len(token), (i+1)*length)])
	}
	return cookies
}
