package config

import (
	"net"
	"slices"
)

// rule is something that must hold between settings that are each right by
// themselves.
type rule struct {
	settings []*setting // what it is about; a fault is said to be the first one's
	holds    bool
	problem  string
	allowed  string
	fix      string
}

// validate checks the rules, apart from those that are about a setting with a
// fault of its own: they would only say the same again.
func (l *loader) validate() {
	for _, r := range l.rules() {
		if r.holds || slices.ContainsFunc(r.settings, func(s *setting) bool { return l.faulty[s] }) {
			continue
		}
		first := r.settings[0]
		_, from := l.effective(first)
		l.faults = append(l.faults, Fault{Setting: first.name, Source: from.label, Problem: r.problem, Allowed: r.allowed, Fix: r.fix})
	}
}

func (l *loader) rules() []rule {
	c := l.config
	mode, keys, keyFile := l.of(&c.Mode), l.of(&c.APIKeys), l.of(&c.DevKeyFile)
	cert, key := l.of(&c.TLSCert), l.of(&c.TLSKey)
	addr, private, pprof := l.of(&c.Addr), l.of(&c.MetricsAddr), l.of(&c.Pprof)
	production := c.Mode == Production

	return []rule{
		{
			settings: []*setting{keys, l.of(&c.APIKeysFile), l.of(&c.JWTSecrets), l.of(&c.JWTKeysFile), l.of(&c.JWKSURL), mode},
			holds:    !production || len(c.APIKeys) > 0 || c.APIKeysFile != "" || c.tokens() || c.usersSend() && (len(c.AuthSecrets) > 0 || c.SessionURL != ""),
			problem:  "none is set, and in production nobody could publish without one",
			allowed:  keys.value.allowed(),
			fix: environment.assign(keys.name, "name:key") + " with a random key of 32 or more characters, for example " +
				environment.assign(keys.name, "app:$(openssl rand -hex 32)") + ", or use " + flags.assign(mode.name, string(Development)),
		},
		l.oneKindOfSession(),
		l.needsTokens(&c.JWTCookie, c.JWTCookie != ""),
		l.needsTokens(&c.JWTIssuer, c.JWTIssuer != ""),
		l.needsTokens(&c.JWTAudience, c.JWTAudience != ""),
		l.needsRate(),
		{
			settings: []*setting{keyFile, mode},
			holds:    !production || c.DevKeyFile == "",
			problem:  "is set in production, where no key is made at start",
			fix:      "remove it, and set " + environment.spell(keys.name),
		},
		l.ordered(&c.OutboxBytes, "at least", &c.MaxEventBytes, c.OutboxBytes >= c.MaxEventBytes),
		l.ordered(&c.MaxBodyBytes, "at least", &c.MaxEventBytes, c.MaxBodyBytes >= c.MaxEventBytes),
		l.ordered(&c.MaxBodiesBytes, "at least", &c.MaxBodyBytes, c.MaxBodiesBytes >= c.MaxBodyBytes),
		l.ordered(&c.HistoryBytes, "at least", &c.MaxEventBytes, c.HistoryBytes >= c.MaxEventBytes),
		l.ordered(&c.MailboxBytes, "at least", &c.MaxEventBytes, c.MailboxBytes >= c.MaxEventBytes),
		l.ordered(&c.MailboxMemory, "at least", &c.MailboxBytes, c.MailboxMemory >= c.MailboxBytes),
		l.ordered(&c.JournalBytes, "at least", &c.MailboxBytes, c.JournalBytes >= c.MailboxBytes),
		l.needsDirectory(),
		l.ordered(&c.ClientTimeout, "more than", &c.HeartbeatInterval, c.ClientTimeout > c.HeartbeatInterval),
		l.ordered(&c.ShutdownGrace, "more than", &c.ShutdownDelay, c.ShutdownGrace > c.ShutdownDelay),
		l.together(cert, key, c.TLSCert != "", c.TLSKey != ""),
		l.together(key, cert, c.TLSKey != "", c.TLSCert != ""),
		{
			settings: []*setting{private, addr},
			holds:    c.MetricsAddr != c.Addr || anyPort(c.Addr),
			problem:  "is the same as " + l.shown(addr),
			allowed:  "another port or host than " + addr.name + "'s",
			fix:      "for example " + flags.assign(private.name, private.example),
		},
		{
			settings: []*setting{pprof, private, mode},
			holds:    !c.Pprof || !production || c.MetricsAddr != "",
			problem:  "is on, but in production it is served on the private address only, and there is none",
			fix:      "set " + flags.assign(private.name, private.example) + ", or " + flags.assign(pprof.name, "false"),
		},
	}
}

// oneKindOfSession is the rule that a cookie is either an encrypted session or a name in
// a database. Apps of both kinds have a secret, and may share their variables with the
// server: then the secret is not to be removed, but not to be read.
func (l *loader) oneKindOfSession() rule {
	c := l.config
	address, secret := l.of(&c.SessionURL), l.of(&c.AuthSecrets)
	_, from := l.effective(secret)
	drop := "remove " + secret.name
	if slices.Contains(secret.also, from.label) {
		drop = "set " + environment.assign(secret.name, "") + " to nothing"
	}
	return rule{
		settings: []*setting{address, secret},
		holds:    c.SessionURL == "" || len(c.AuthSecrets) == 0,
		problem:  "is set together with " + l.shown(secret) + ", and a cookie is either an encrypted session or a name in a database",
		allowed:  "one of the two",
		fix:      drop + " if the app keeps sessions in a database, else remove " + address.name,
	}
}

// needsTokens is the rule that a field about tokens is not set where no token is taken.
func (l *loader) needsTokens(field any, set bool) rule {
	c := l.config
	secrets, keys, address := l.of(&c.JWTSecrets), l.of(&c.JWTKeysFile), l.of(&c.JWKSURL)
	return rule{
		settings: []*setting{l.of(field), secrets, keys, address},
		holds:    !set || c.tokens(),
		problem:  "is set, but there is no key to check a token with",
		fix:      "set " + flags.spell(address.name) + ", " + flags.spell(keys.name) + " or " + environment.spell(secrets.name),
	}
}

// needsDirectory is the rule that nobody bounds a journal on disk that there is none of:
// its mailboxes would be gone with the process.
func (l *loader) needsDirectory() rule {
	bytes, dir := l.of(&l.config.JournalBytes), l.of(&l.config.DataDir)
	_, from := l.effective(bytes)
	return rule{
		settings: []*setting{bytes, dir},
		holds:    from.layer == defaults || l.config.DataDir != "",
		problem:  "is set without " + dir.name + ", and mailboxes are kept in memory",
		fix:      "set " + flags.assign(dir.name, dir.example) + ", or remove it; in memory " + flags.spell(l.of(&l.config.MailboxMemory).name) + " bounds them",
	}
}

// needsRate is the rule that a burst goes with a rate, and has what a rate brings in a
// tenth of a second: with less the rate could not be reached.
func (l *loader) needsRate() rule {
	c := l.config
	burst, rate := l.of(&c.ClientEventBurst), l.of(&c.ClientEventRate)
	r := rule{
		settings: []*setting{burst, rate},
		holds:    c.ClientEventBurst == 0 || c.ClientEventRate > 0,
		problem:  "is set without " + rate.name,
		allowed:  "both, or " + rate.name + " alone",
		fix:      "add " + rate.name + ", or remove " + burst.name,
	}
	if c.ClientEventRate > 0 && c.ClientEventBurst > 0 {
		r.holds = c.ClientEventBurst >= (c.ClientEventRate+9)/10
		r.problem = l.shown(burst) + " is not at least a tenth of " + l.shown(rate)
		r.allowed = burst.name + " of at least a tenth of " + rate.name
		r.fix = "raise " + burst.name + ", lower " + rate.name + ", or remove " + burst.name
	}
	return r
}

// tokens reports whether there are keys to check tokens with.
func (c *Config) tokens() bool {
	return len(c.JWTSecrets) > 0 || c.JWTKeysFile != "" || c.JWKSURL != ""
}

// ordered is the rule that one field is at least, or more than, another.
func (l *loader) ordered(high any, relation string, low any, holds bool) rule {
	h, lo := l.of(high), l.of(low)
	r := rule{
		settings: []*setting{h, lo},
		holds:    holds,
		problem:  l.shown(h) + " is not " + relation + " " + l.shown(lo),
		allowed:  h.name + " " + relation + " " + lo.name,
		fix:      "raise " + h.name + " or lower " + lo.name,
	}
	if _, set := l.given[h]; !set { // whoever set the other one made the fault
		slices.Reverse(r.settings)
	}
	return r
}

// together is the rule that s is not set without other.
func (l *loader) together(s, other *setting, set, otherSet bool) rule {
	return rule{
		settings: []*setting{s, other},
		holds:    !set || otherSet,
		problem:  "is set without " + other.name,
		allowed:  "both or neither",
		fix:      "add for example " + flags.assign(other.name, other.example) + ", or remove " + s.name,
	}
}

// shown gives a setting's name and value and where that came from.
func (l *loader) shown(s *setting) string {
	_, from := l.effective(s)
	return s.name + " (" + s.value.text() + ", " + from.phrase() + ")"
}

// anyPort reports whether the system picks the port, a new one for each listener.
func anyPort(addr string) bool {
	_, port, _ := net.SplitHostPort(addr)
	return port == "0"
}
