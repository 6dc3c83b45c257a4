package core

import (
	"fmt"
	"io"
	"log/slog"
)

// Values that hold a secret or a token print as their name alone, with every verb
// and in slog records. fmt does not ask an unexported field of another struct how to
// print itself; nothing can be done about that here.

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
