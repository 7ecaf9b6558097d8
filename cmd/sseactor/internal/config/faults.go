package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Fault is one thing that is wrong with the configuration. None of its texts
// holds any part of a secret setting's value.
type Fault struct {
	Setting string // its name; empty where no setting could be made out
	Source  string // "--name", "SSEACTOR_NAME", "path:line" or "default"
	Problem string // what is wrong
	Allowed string // what would be right; may be empty
	Fix     string // what to do; may be empty
}

// Error puts the fault on one line.
func (f Fault) Error() string {
	var b strings.Builder
	switch {
	case f.Setting == "":
		b.WriteString(f.Source)
	case f.Source == "default":
		b.WriteString(f.Setting + " (by default)")
	default:
		b.WriteString(f.Setting + " (from " + f.Source + ")")
	}
	b.WriteString(": " + f.Problem)
	if f.Allowed != "" {
		b.WriteString(". Allowed: " + f.Allowed)
	}
	if f.Fix != "" {
		b.WriteString(". Fix: " + f.Fix)
	}
	return b.String()
}

// Faults is the error that Load returns: all that is wrong, never empty.
type Faults struct {
	List []Fault
}

// Error gives a fault a line, after a line that counts them.
func (f *Faults) Error() string {
	var b strings.Builder
	if len(f.List) == 1 {
		b.WriteString("the configuration has 1 fault:")
	} else {
		fmt.Fprintf(&b, "the configuration has %d faults:", len(f.List))
	}
	for _, fault := range f.List {
		b.WriteString("\n- " + fault.Error())
	}
	return b.String()
}

// Unwrap gives each Fault to errors.As.
func (f *Faults) Unwrap() []error {
	all := make([]error, len(f.List))
	for i, fault := range f.List {
		all[i] = fault
	}
	return all
}

// quote shows a value in a fault, cut short. Not for secret settings.
func quote(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// quoteName shows a name that no setting has, if it looks like a setting's: a
// misplaced secret (a wrapped line of a file, a value that begins with a dash)
// may stand where a name is expected, and has digits or capitals or is long.
func quoteName(name string) string {
	if len(name) == 0 {
		return "an empty name"
	}
	if len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-_") != "" {
		return "a name (not shown: it may be part of a secret)"
	}
	return fmt.Sprintf("%q", name)
}

// closest gives the setting that name was probably meant to be, or nil.
func closest(name string, among []*setting) *setting {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	var best *setting
	least := 3 // at three edits a guess is wrong more often than right
	if len(name) < 4 {
		least = 2
	}
	for _, s := range among {
		if d := distance(name, s.name, least); d < least {
			best, least = s, d
		}
	}
	return best
}

// distance counts the characters to insert, delete or replace to make b of a.
// It stops counting at limit, so that a long name costs nothing.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, diagonal+1, row[j]+1)
		}
	}
	return min(row[len(b)], limit)
}
