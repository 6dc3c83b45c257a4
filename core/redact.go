package core

import (
	"fmt"
	"io"
	"log/slog"
)

// What holds a secret or a token prints as its name alone, whatever the verb,
// and in slog records too. Beyond what can be done here is what fmt asks nobody for:
// an unexported field of another struct, and %p and %w of what is no pointer and no
// error, which go vet refuses.

const redacted = "{redacted}"

// Format implements [fmt.Formatter]: it prints no part of the tokens.
func (Tokens) Format(f fmt.State, _ rune) { io.WriteString(f, "core.Tokens"+redacted) }

// LogValue implements [slog.LogValuer]: it logs no part of the tokens.
func (Tokens) LogValue() slog.Value { return slog.StringValue("core.Tokens" + redacted) }

// Format implements [fmt.Formatter]: it prints no secret.
func (Config) Format(f fmt.State, _ rune) { io.WriteString(f, "core.Config"+redacted) }

// LogValue implements [slog.LogValuer]: it logs no secret.
func (Config) LogValue() slog.Value { return slog.StringValue("core.Config" + redacted) }

// Format implements [fmt.Formatter]: it prints no token.
func (LoginOptions) Format(f fmt.State, _ rune) {
	io.WriteString(f, "core.LoginOptions"+redacted)
}

// LogValue implements [slog.LogValuer]: it logs no token.
func (LoginOptions) LogValue() slog.Value { return slog.StringValue("core.LoginOptions" + redacted) }

// Format implements [fmt.Formatter]: it prints no key.
func (Schema) Format(f fmt.State, _ rune) { io.WriteString(f, "core.Schema"+redacted) }

// LogValue implements [slog.LogValuer]: it logs no key.
func (Schema) LogValue() slog.Value { return slog.StringValue("core.Schema" + redacted) }

// Format implements [fmt.Formatter]: it prints no key and no token.
func (Verifier) Format(f fmt.State, _ rune) { io.WriteString(f, "core.Verifier"+redacted) }

// LogValue implements [slog.LogValuer]: it logs no key and no token.
func (Verifier) LogValue() slog.Value { return slog.StringValue("core.Verifier" + redacted) }
