package config

import (
	"fmt"
	"io"
	"strings"
)

const helpWidth = 90 // columns

const helpHead = `sseactor serves Server-Sent Events.

Usage: sseactor [--name value | --name=value]...

A setting is taken from its flag, else from its environment variable, else from the file, else it has its default. Sizes are bytes or have a unit such as 64KiB or 1MiB; durations have one such as 500ms, 30s or 2m; lists are separated by commas. Give secrets by the environment or the file: other users of the machine can see flags.
`

// Help writes all settings by group: flag, environment variable, default, and
// what it means.
func Help(w io.Writer) error {
	var b strings.Builder
	for paragraph := range strings.Lines(helpHead) {
		wrap(&b, "", strings.TrimSpace(paragraph))
	}
	var heading group
	for _, s := range settings(new(Config)) {
		if s.group != heading {
			heading = s.group
			fmt.Fprintf(&b, "\n%s\n", heading)
		}
		fmt.Fprintf(&b, "  %-26s%s\n", flags.spell(s.name), environment.spell(s.name))
		wrap(&b, "        ", s.meaning())
		// A list may be written with blanks, and has to be to be wrapped.
		wrap(&b, "        ", "Default: "+s.showDefault(func(text string) string { return strings.ReplaceAll(text, ",", ", ") }))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// MarkdownTable gives all settings as a table for the README.
func MarkdownTable() string {
	var b strings.Builder
	b.WriteString("| setting | env | default | meaning |\n| --- | --- | --- | --- |\n")
	code := func(text string) string { return "`" + text + "`" }
	var heading group
	for _, s := range settings(new(Config)) {
		if s.group != heading {
			heading = s.group
			fmt.Fprintf(&b, "| **%s** | | | |\n", heading)
		}
		// Outside code a * is emphasis, and a | ends the cell everywhere.
		meaning := strings.NewReplacer("|", `\|`, "*", `\*`).Replace(s.meaning())
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(s.name), code(environment.spell(s.name)), s.showDefault(code), meaning)
	}
	return b.String()
}

// meaning is the help with the bounds, and the variables that are read as well.
func (s *setting) meaning() string {
	text := s.help
	if len(s.also) > 0 {
		text += " Also read from " + strings.Join(s.also, ", else ")
		if s.whole != nil {
			text += ", which is one secret, commas and all"
		}
		text += "."
	}
	return text + " Allowed: " + s.value.allowed() + "."
}

// showDefault says whether the default depends on the mode.
func (s *setting) showDefault(mark func(string) string) string {
	shown := "none"
	if s.def != "" {
		shown = mark(s.def)
	}
	if s.dev != "" {
		shown += ", in development " + mark(s.dev)
	}
	return shown
}

// wrap writes a paragraph with an indent, broken between words at helpWidth.
func wrap(b *strings.Builder, indent, paragraph string) {
	column := 0
	for word := range strings.FieldsSeq(paragraph) {
		switch {
		case column == 0:
			b.WriteString(indent)
			column = len(indent)
		case column+1+len(word) > helpWidth:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteByte('\n')
}
