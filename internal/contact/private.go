package contact

import (
	"fmt"
	"io"
	"log/slog"
)

// Private is free text about a person: a name, a message. It prints as "…".
type Private string

const mask = "…"

// Format masks the value for every verb of fmt.
func (Private) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue masks the value for slog.
func (Private) LogValue() slog.Value { return slog.StringValue(mask) }

// Format masks the value for every verb of fmt.
func (Email) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask+"@"+mask) }

// LogValue masks the value for slog.
func (Email) LogValue() slog.Value { return slog.StringValue(mask + "@" + mask) }

// Format masks the value for every verb of fmt.
func (Phone) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "+"+mask) }

// LogValue masks the value for slog.
func (Phone) LogValue() slog.Value { return slog.StringValue("+" + mask) }
