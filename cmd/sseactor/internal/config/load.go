package config

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Load reads the configuration: a flag wins over the environment, that over the
// file that --config or its variable names, that over the default. args are the
// command line without the program's name, environ is as from os.Environ, and
// readFile as os.ReadFile.
//
// The error is flag.ErrHelp if help was asked for, and else a *Faults with all
// that is wrong. A value that a higher layer overrides is not looked at.
func Load(args []string, environ []string, readFile func(string) ([]byte, error)) (*Config, error) {
	c := new(Config)
	l := newLoader(c)
	if err := l.readFlags(args); err != nil {
		return nil, err
	}
	l.readEnvironment(environ)
	l.readFile(readFile)
	l.apply()
	l.validate()
	if len(l.faults) > 0 {
		return nil, &Faults{List: l.faults}
	}
	for _, s := range l.settings {
		if g, set := l.given[s]; set {
			c.changes = append(c.changes, change{s.name, s.value.text(), g.from.label})
		}
	}
	return c, nil
}

// loader is the work of one Load.
type loader struct {
	config   *Config
	settings []*setting
	given    map[*setting]given // what wins so far
	applied  map[*setting]bool  // its text has been read into its field
	faulty   map[*setting]bool  // has a fault, so that what depends on it is not judged
	meant    []*setting         // someone probably set it, in a way that could not be read
	faults   []Fault
}

func newLoader(c *Config) *loader {
	return &loader{
		config: c, settings: settings(c),
		given: map[*setting]given{}, applied: map[*setting]bool{}, faulty: map[*setting]bool{},
	}
}

// of gives the setting that is read into a field of the config. Code asks by
// field, so that a setting's name stands in the table only.
func (l *loader) of(field any) *setting {
	for _, s := range l.settings {
		if s.value.field() == field {
			return s
		}
	}
	panic("config: a field has no setting") // a test finds one for every field
}

func (l *loader) named(name string) *setting {
	for _, s := range l.settings {
		if s.name == name {
			return s
		}
	}
	return nil
}

// offer takes a value unless a higher layer has given one. Of two flags the
// later wins, as usual, so that a script's arguments can be overridden.
func (l *loader) offer(s *setting, text string, from origin) {
	if have, set := l.given[s]; !set || have.from.layer <= from.layer {
		l.given[s] = given{strings.TrimSpace(text), from}
	}
}

// unknown adds a fault for a name that no setting has. shown is the name as it
// may be printed.
func (l *loader) unknown(name, shown string, from origin) {
	f := Fault{Source: from.label, Problem: shown + " is not a setting", Fix: "remove it, or see --help for the names"}
	if s := closest(name, l.settings); s != nil {
		f.Fix = "did you mean " + from.layer.spell(s.name) + "?"
		l.meant = append(l.meant, s)
		if s == l.of(&l.config.ConfigFile) {
			l.meant = append(l.meant, l.settings...) // its file may set any
		}
	}
	l.faults = append(l.faults, f)
}

// readFlags takes --name value, --name=value, and --name alone for a bool. One
// dash does as well, as in package flag, which is not used because it stops at
// the first fault. No argument is printed unless it is a setting's name.
func (l *loader) readFlags(args []string) error {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		source := origin{flags, fmt.Sprintf("argument %d", i+1)}
		name, text, assigned := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		if arg == "-h" || arg == "--h" || arg == "-help" || arg == "--help" {
			return flag.ErrHelp
		}
		if name == "" || arg[0] != '-' {
			l.faults = append(l.faults, Fault{Source: source.label, Problem: "is not a flag",
				Allowed: "--name value or --name=value; true and false only as --name=value"})
			continue
		}
		s := l.named(name)
		hasValue := i+1 < len(args) && !l.isFlag(args[i+1])
		switch {
		case s == nil:
			l.unknown(name, quoteName(name), source)
			if !assigned && hasValue && !strings.HasPrefix(args[i+1], "-") {
				i++ // probably its value, and no fault of its own
			}
			continue
		case assigned:
		case s.isBool():
			text = "true"
		case hasValue:
			i++
			text = args[i]
		default:
			l.fault(s, origin{flags, flags.spell(name)}, "has no value")
			continue
		}
		l.offer(s, text, origin{flags, flags.spell(name)})
	}
	return nil
}

// isFlag reports whether an argument is a setting's flag, so that a forgotten
// value is noticed and does not swallow the next flag.
func (l *loader) isFlag(arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	name, dashed := strings.CutPrefix(name, "--")
	return dashed && l.named(name) != nil
}

func (l *loader) readEnvironment(environ []string) {
	l.readOthersVariables(environ)
	seen := map[string]bool{}
	for _, entry := range environ {
		variable, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(variable, envPrefix) {
			continue
		}
		from := origin{environment, variable}
		var found *setting
		for _, s := range l.settings {
			if environment.spell(s.name) == variable {
				found = s
			}
		}
		switch {
		case found == nil && isServiceLink(variable, text):
		case found == nil:
			l.unknown(strings.TrimPrefix(variable, envPrefix), "this variable", from)
		case seen[variable]:
			l.misplaced(found, from, "is in the environment twice", "remove one")
		default:
			seen[variable] = true
			l.offer(found, text, from)
		}
	}
}

// readOthersVariables reads the variables that settings have beside their own, the ones
// that win last. An empty one is as good as none, for it is there for somebody else; the
// setting's own, if empty, says that none of them is meant.
func (l *loader) readOthersVariables(environ []string) {
	for _, s := range l.settings {
		for _, variable := range slices.Backward(s.also) {
			for _, entry := range environ {
				if name, text, _ := strings.Cut(entry, "="); name == variable && strings.TrimSpace(text) != "" {
					l.offer(s, text, origin{environment, variable})
				}
			}
		}
	}
}

// isServiceLink recognises the variables that Kubernetes makes in every pod for
// a service whose name begins with sseactor, such as SSEACTOR_SERVICE_HOST and
// SSEACTOR_PORT=tcp://10.0.0.1:80. To refuse them would be to refuse to start
// beside a service of our own name.
func isServiceLink(variable, text string) bool {
	return regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$`).MatchString(variable) ||
		strings.HasSuffix(variable, "_PORT") && regexp.MustCompile(`^(tcp|udp|sctp)://`).MatchString(text)
}

func (l *loader) readFile(read func(string) ([]byte, error)) {
	s := l.of(&l.config.ConfigFile)
	g := l.given[s]
	l.applyOne(s)
	if l.faulty[s] {
		l.meant = append(l.meant, l.settings...)
		return
	}
	if g.text == "" {
		return
	}
	data, err := read(g.text)
	if err != nil {
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathErr.Err // the path is named already
		}
		l.misplaced(s, g.from, fmt.Sprintf("the file %s can't be read: %v", quote(g.text), err),
			"make it readable, or remove "+g.from.label)
		l.meant = append(l.meant, l.settings...)
		return
	}
	at := func(number int) origin {
		if number == 0 {
			return origin{file, g.text}
		}
		return origin{file, fmt.Sprintf("%s:%d", g.text, number)}
	}
	lines, faults := parseFile(data)
	for _, f := range faults {
		l.faults = append(l.faults, Fault{Source: at(f.number).label, Problem: f.problem, Fix: f.fix})
	}
	first := map[*setting]int{}
	for _, line := range lines {
		from := at(line.number)
		found := l.named(strings.ReplaceAll(line.key, "_", "-"))
		switch {
		case found == nil:
			l.unknown(line.key, quoteName(line.key), from)
		case found.noFile:
			l.misplaced(found, from, "can't be set in the file",
				"remove the line, or use "+flags.spell(found.name)+" or "+environment.spell(found.name))
		case first[found] != 0:
			l.misplaced(found, from, fmt.Sprintf("is set in line %d already", first[found]), "remove one of the lines")
		default:
			first[found] = line.number
			l.offer(found, line.value, from)
		}
	}
}

// apply reads the winning texts into the fields. The mode comes first: other
// defaults and bounds depend on it, and none is judged by a mode that is wrong.
func (l *loader) apply() {
	for _, s := range l.meant {
		if _, set := l.given[s]; !set {
			l.faulty[s] = true // its default is not what was meant: don't judge by it
		}
	}
	l.applyOne(l.of(&l.config.Mode))
	for _, s := range l.settings {
		l.applyOne(s)
	}
}

// applyOne does nothing for a setting that has been applied or is faulty.
func (l *loader) applyOne(s *setting) {
	if l.applied[s] || l.faulty[s] {
		return
	}
	l.applied[s] = true
	text, from := l.effective(s)
	if err := s.valueFrom(from).parse(text, l.config.Mode); err != nil {
		l.fault(s, from, err.Error())
	}
}

// effective gives a setting's text and where it comes from.
func (l *loader) effective(s *setting) (string, origin) {
	if g, set := l.given[s]; set {
		return g.text, g.from
	}
	return s.defaultIn(l.config.Mode), origin{defaults, "default"}
}

// fault adds a fault of a setting's value.
func (l *loader) fault(s *setting, from origin, problem string) {
	l.faulty[s] = true
	l.faults = append(l.faults, Fault{
		Setting: s.name, Source: from.label, Problem: problem,
		Allowed: s.valueFrom(from).allowed(), Fix: "for example " + from.layer.assign(s.name, s.sample()),
	})
}

// misplaced adds a fault that is not one of the value.
func (l *loader) misplaced(s *setting, from origin, problem, fix string) {
	l.faults = append(l.faults, Fault{Setting: s.name, Source: from.label, Problem: problem, Fix: fix})
}
