package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a string that printing, logging and encoding don't show; only
// Reveal gives it. The zero Secret is unset.
//
// It holds a pointer, not the string: fmt calls no method on a value that it
// finds in an unexported field, and would print a string there as it is.
type Secret struct{ text *string }

// NewSecret wraps text; an empty text gives the unset Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal gives the secret itself, empty if it is unset.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether there is a secret.
func (s Secret) IsSet() bool { return s.text != nil }

// String says only whether the secret is set.
func (s Secret) String() string {
	if s.IsSet() {
		return "[set]"
	}
	return "[unset]"
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format writes String whatever the verb, %x and %p included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText gives String, for encoding/json and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue gives String, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
