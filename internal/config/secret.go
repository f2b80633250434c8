package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a setting that must not be seen: a key, a token, a URL with a
// password in it. It prints as a mask wherever it goes; Reveal gives the text.
type Secret string

// Reveal gives the text itself, for those who need it to connect or to sign.
func (s Secret) Reveal() string { return string(s) }

// String masks the value.
func (s Secret) String() string {
	if s == "" {
		return "(secret, not set)"
	}
	return "(secret, set)"
}

// Format masks the value for every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue masks the value for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText masks the value for JSON, YAML and whatever else asks.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
