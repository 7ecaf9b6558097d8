package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sseactor/sseactor/transport/auth"
)

// makeKey makes an API key. The key itself is printed once and kept nowhere: a file of
// keys (setting api-keys-file) has its hash.
func makeKey(_ context.Context, args []string, std stdio) error {
	f := newFlags("key", "", std)
	name := f.String("name", "", "whose key it is; several keys may have the same name, while a new one takes an old one's place")
	scopes := f.String("scopes", "publish+metrics", "what it may do: publish, metrics and admin, with + between them")
	var topics, users, sessions, events []auth.Pattern
	for _, bound := range []struct {
		name, help string
		to         *[]auth.Pattern
	}{
		{"topics", "the topics that it may publish to; with bounds it may reach nobody else", &topics},
		{"users", "the users that it may publish to", &users},
		{"sessions", "the sessions that it may publish to", &sessions},
		{"events", "the names of events that it may publish", &events},
	} {
		f.Func(bound.name, bound.help+", separated by commas; each may end in *", func(text string) error {
			patterns, err := auth.ParsePatterns(strings.Split(text, ","))
			*bound.to = append(*bound.to, patterns...)
			return err
		})
	}
	file := f.String("file", "", "add the key's line to this file, which is made if there is none; else the line is printed")
	if err := parseFlags(f, args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		f.Usage()
		return fmt.Errorf("%w: key takes flags only", errUsage)
	}
	secret := auth.NewSecret()
	key := auth.Key{Name: *name, Hash: auth.HashKey(secret), Sends: auth.NewSends(topics, users, sessions, events)}
	line, err := keyLine(key, *scopes)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if *file == "" {
		_, err := fmt.Fprintf(std.out, "the key, which is shown this once:\n%s\n\nits line for the file of the setting api-keys-file:\n%s\n", secret, line)
		return err
	}
	if err := appendKey(*file, line); err != nil {
		return fmt.Errorf("add the key to the file: %w", err)
	}
	// The key alone, so that a script can keep it.
	if _, err := fmt.Fprintln(std.out, secret); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.err, "a key of %s is now in %s; servers that have the file read it within seconds\n", *name, *file)
	return err
}

// keyLine is the key's line, if it says what the key is when it is read again: a blank in
// a pattern would end it, and what is left would be another bound.
func keyLine(key auth.Key, scopes string) (string, error) {
	var err error
	if err = auth.CheckKeyName(key.Name); err != nil {
		return "", fmt.Errorf("--name: %w", err)
	}
	if key.Scopes, err = auth.ParseScopes(scopes); err != nil {
		return "", fmt.Errorf("--scopes: %w", err)
	}
	if key.Sends != nil && !slices.Contains(key.Scopes, auth.Publish) {
		return "", errors.New("--topics, --users, --sessions and --events bound the scope publish, which this key does not have")
	}
	line := key.Line()
	again, err := auth.ParseKeys([]byte(line + "\n"))
	if err != nil || len(again) != 1 || !reflect.DeepEqual(again[0], key) {
		return "", errors.New("a pattern can't stand in a line of the file, as one with a blank can't; end it before that with *")
	}
	return line, nil
}
