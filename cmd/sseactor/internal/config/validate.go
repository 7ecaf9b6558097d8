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
			settings: []*setting{keys, mode},
			holds:    !production || len(c.APIKeys) > 0,
			problem:  "none is set, and in production nobody could publish without one",
			allowed:  keys.value.allowed(),
			fix: environment.assign(keys.name, "name:key") + " with a random key of 32 or more characters, for example " +
				environment.assign(keys.name, "app:$(openssl rand -hex 32)") + ", or use " + flags.assign(mode.name, string(Development)),
		},
		{
			settings: []*setting{keyFile, mode},
			holds:    !production || c.DevKeyFile == "",
			problem:  "is set in production, where no key is made at start",
			fix:      "remove it, and set " + environment.spell(keys.name),
		},
		l.ordered(&c.OutboxBytes, "at least", &c.MaxEventBytes, c.OutboxBytes >= c.MaxEventBytes),
		l.ordered(&c.MaxBodyBytes, "at least", &c.MaxEventBytes, c.MaxBodyBytes >= c.MaxEventBytes),
		l.ordered(&c.MaxBodiesBytes, "at least", &c.MaxBodyBytes, c.MaxBodiesBytes >= c.MaxBodyBytes),
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
