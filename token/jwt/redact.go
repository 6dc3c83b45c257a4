package jwttoken

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Whatever holds keys prints them as algorithm and kid, with any verb and in slog
// records.

// Format implements [fmt.Formatter]: it prints the algorithm and the kid.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.describe()) }

// LogValue implements [slog.LogValuer]: it logs the algorithm and the kid.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.describe()) }

func (k Key) describe() string {
	if k.k == nil {
		return "jwttoken.Key{}"
	}
	return "jwttoken.Key{" + k.k.describe() + "}"
}

// Format implements [fmt.Formatter]: it prints no key material.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, o.describe()) }

// LogValue implements [slog.LogValuer]: it logs no key material.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.describe()) }

func (o Options) describe() string {
	names := make([]string, len(o.Keys))
	for i, k := range o.Keys {
		names[i] = k.describe()
	}
	return fmt.Sprintf("jwttoken.Options{Keys: [%s], Issuer: %q, Audience: %q, Type: %q}",
		strings.Join(names, ", "), o.Issuer, o.Audience, o.Type)
}

// Format implements [fmt.Formatter]: it prints no key material.
func (s *Signer) Format(f fmt.State, _ rune) { io.WriteString(f, s.describe()) }

// LogValue implements [slog.LogValuer]: it logs no key material.
func (s *Signer) LogValue() slog.Value { return slog.StringValue(s.describe()) }

func (s *Signer) describe() string {
	if s == nil {
		return "jwttoken.Signer(nil)"
	}
	return "jwttoken.Signer{" + s.ring.describe() + "}"
}

// Format implements [fmt.Formatter]: it prints no key material.
func (v *Verifier) Format(f fmt.State, _ rune) { io.WriteString(f, v.describe()) }

// LogValue implements [slog.LogValuer]: it logs no key material.
func (v *Verifier) LogValue() slog.Value { return slog.StringValue(v.describe()) }

func (v *Verifier) describe() string {
	if v == nil {
		return "jwttoken.Verifier(nil)"
	}
	return "jwttoken.Verifier{" + v.ring.describe() + "}"
}

func (r *ring) describe() string {
	names := make([]string, len(r.keys))
	for i, k := range r.keys {
		names[i] = k.describe()
	}
	return strings.Join(names, ", ")
}

func (k *key) describe() string {
	if k.kid == "" {
		return k.name
	}
	return fmt.Sprintf("%s %q", k.name, k.kid)
}
