package config

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Warning is a setting that is allowed and not safe everywhere. None of its texts holds
// any part of a secret setting's value.
type Warning struct {
	Setting string
	Problem string
	Fix     string
}

// shortSecret is below what a secret should have, in bytes.
const shortSecret = 32

// widestNetwork is the length of the widest private network there is (fc00::/7); no
// proxies have a wider one to themselves.
const widestNetwork = 7

// Warnings lists what somebody should know who runs this in production. In development
// there are none: it is not safe, and is not meant to be.
func (c *Config) Warnings() []Warning {
	if c.Mode != Production {
		return nil
	}
	var all []Warning
	warn := func(when bool, setting, problem, fix string) {
		if when {
			all = append(all, Warning{setting, problem, fix})
		}
	}
	for _, ch := range c.changes {
		warn(ch.secret() && strings.HasPrefix(ch.from, "--"), ch.name,
			"is a secret on the command line, where other users of the machine can read it", "give it by the environment or a file")
	}
	for _, w := range []struct {
		unsafe                bool
		setting, problem, fix string
	}{
		{slices.ContainsFunc(c.APIKeys, func(k APIKey) bool { return short(k.Key) }),
			"api-keys", "has a key of fewer than 32 characters", "openssl rand -hex 32 makes a good one"},
		{slices.ContainsFunc(c.AuthSecrets, short),
			"auth-secret", "has fewer than 32 bytes: whoever guesses it can sign in as anybody", "take a longer one, in the app too"},
		{plain(c.SessionURL),
			"session-url", "sends session cookies without TLS to another machine", "use https://, or a private network"},
		{plain(c.JWKSURL),
			"jwt-jwks-url", "takes keys without TLS from another machine: whoever is on the way can sign in as anybody", "use https://"},
		{c.JWKSURL != "" && c.JWTIssuer == "",
			"jwt-issuer", "is not set: every token of that JWKS lets somebody in, whomever it was made for", "set it, and jwt-audience"},
		{slices.ContainsFunc(c.AllowedOrigins, plain),
			"allowed-origins", "names an origin without TLS, whose pages anybody on the way can change", "use https://"},
		{slices.Contains(c.PublicTopics, "*"),
			"public-topics", "lets anybody subscribe to every topic", "name the topics that are for everybody"},
		{c.publicTopicsHoldUsers(),
			"public-topics", "lets anybody subscribe to topics that user-topics keeps for one user each", "give the two different beginnings"},
		{slices.Contains(c.UserTopics, "*"),
			"user-topics", "lets every user subscribe to every topic", "put {userId} into it, or name the topics"},
		{c.UserSends == UserSendsAnything,
			"user-sends", "lets every user send anything to everybody", "use own or nothing"},
		{slices.Contains(c.UserSendsTopics, "*"),
			"user-sends-topics", "lets every user send to every topic", "put {userId} into it, or name the topics"},
		{c.usersSend() && c.UserPublishRate == 0,
			"user-publish-rate", "sets no limit, and users may send", "set one, such as the default of 10"},
		{slices.ContainsFunc(c.TrustedProxies, func(p netip.Prefix) bool { return p.Bits() < widestNetwork }),
			"trusted-proxies", "believes the X-Forwarded-For of too many", "name the proxies' own addresses"},
		{c.MetricsToken.IsSet() && short(c.MetricsToken),
			"metrics-token", "has fewer than 32 characters", "openssl rand -hex 32 makes a good one"},
		{everywhere(c.MetricsAddr),
			"metrics-addr", "listens on all interfaces, and /metrics needs no key there", "name the address of a private network, or 127.0.0.1"},
		{c.Pprof,
			"pprof", "is on: whoever reads a heap profile may read secrets", "turn it off when it is not needed"},
	} {
		warn(w.unsafe, w.setting, w.problem, w.fix)
	}
	return all
}

func short(s Secret) bool { return len(s.Reveal()) < shortSecret }

// plain reports whether what is sent to an address of the web, or comes from there, can
// be read and changed on its way.
func plain(address string) bool { return strings.HasPrefix(address, "http://") && !loopback(address) }

// publicTopicsHoldUsers reports whether every user's own topics are public by another
// setting. That all topics are is another warning.
func (c *Config) publicTopicsHoldUsers() bool {
	return slices.ContainsFunc(c.UserTopics, func(own string) bool {
		before, _, ofOne := strings.Cut(own, userPlace)
		return ofOne && slices.ContainsFunc(c.PublicTopics, func(public string) bool {
			start, open := strings.CutSuffix(public, "*")
			return open && start != "" && strings.HasPrefix(before, start)
		})
	})
}

func (c *Config) usersSend() bool {
	return c.UserSends != UserSendsNothing || len(c.UserSendsTopics) > 0
}

// everywhere reports whether an address to listen on is that of all interfaces.
func everywhere(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false // there is none
	}
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// SecretFile is a file, or a directory, that only the server should read.
type SecretFile struct {
	Setting, Path string
	// Public: what is in it is no secret, but whoever changes it may sign in as anybody.
	Public bool
}

// SecretFiles lists the files that hold secrets, or what is as good as one, for somebody
// to look at who may read and change them.
func (c *Config) SecretFiles() []SecretFile {
	var all []SecretFile
	if slices.ContainsFunc(c.changes, func(ch change) bool { return ch.secret() && strings.HasPrefix(ch.from, c.ConfigFile+":") }) {
		all = append(all, SecretFile{Setting: "config", Path: c.ConfigFile})
	}
	for _, f := range []SecretFile{{"tls-key", c.TLSKey, false}, {"api-keys-file", c.APIKeysFile, false}, {"jwt-keys-file", c.JWTKeysFile, true}, {"data-dir", c.DataDir, false}} {
		if f.Path != "" {
			all = append(all, f)
		}
	}
	return all
}
