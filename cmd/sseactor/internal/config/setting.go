package config

import (
	"slices"
	"strings"
)

// setting is one entry of the table.
type setting struct {
	name    string // lower case, words joined by dashes; all other spellings follow from it
	group   group
	def     string // the default as a user would write it; empty: none
	dev     string // the default in development, where it is another; empty: the same
	example string // what to write, for settings without a default
	help    string // what it does; the bounds are added from value
	noFile  bool   // may not stand in the file
	// also are variables that are read too, by the names that an app has for them; the
	// setting's own variable wins, then the first of these.
	also  []string
	value value
	// whole reads those variables, for an app knows no lists; nil: value does.
	whole value
}

// group is a heading of the help.
type group string

const (
	listening group = "Listening"
	access    group = "Access"
	streams   group = "Streams"
	keeping   group = "History and mailboxes"
	limits    group = "Limits"
	shutdown  group = "Shutdown"
	logging   group = "Logging"
	metrics   group = "Metrics"
)

// valueFrom is what reads a text from there.
func (s *setting) valueFrom(from origin) value {
	if s.whole != nil && slices.Contains(s.also, from.label) {
		return s.whole
	}
	return s.value
}

// defaultIn is the default in a mode.
func (s *setting) defaultIn(m Mode) string {
	if m == Development && s.dev != "" {
		return s.dev
	}
	return s.def
}

// sample is a value to show in a fault's fix.
func (s *setting) sample() string {
	if s.example != "" {
		return s.example
	}
	return s.def
}

// isBool reports whether the flag alone means true.
func (s *setting) isBool() bool {
	_, ok := s.value.field().(*bool)
	return ok
}

// layer is where a value may come from; a higher one wins.
type layer uint8

const (
	defaults layer = iota
	file
	environment
	flags
)

const envPrefix = "SSEACTOR_"

// spell gives a setting's name as it is written in the layer.
func (l layer) spell(name string) string {
	switch l {
	case flags:
		return "--" + name
	case environment:
		return envPrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	}
	return name
}

// assign gives what to write in the layer; a default is best changed by a flag.
func (l layer) assign(name, value string) string {
	switch l {
	case file:
		return name + " = " + value
	case environment:
		return l.spell(name) + "=" + value
	}
	return flags.spell(name) + "=" + value
}

// origin is where a value came from.
type origin struct {
	layer layer
	label string // the flag, the variable, or path:line
}

// phrase is the origin within a sentence.
func (o origin) phrase() string {
	if o.layer == defaults {
		return "by default"
	}
	return "from " + o.label
}

// given is a setting's value as it was found.
type given struct {
	text string
	from origin
}
