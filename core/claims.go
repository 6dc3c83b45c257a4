package core

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Claims is what an access token says. It is a plain value, comparable with ==,
// and refers to nothing that could be changed: it is safe to keep and to share.
type Claims struct {
	// UserID is the claim user_id: the user who is authorized.
	UserID string
	// Ref is the claim ref_id: the reference that names this access token.
	Ref Ref
	// SessionID is the claim sid: the id of the session's refresh-token record.
	SessionID string
	// IssuedAt is the claim iat (RFC 7519 §4.1.6): UTC, whole seconds.
	IssuedAt time.Time
	// ExpiresAt is the claim exp (RFC 7519 §4.1.4): UTC, whole seconds. The token
	// is expired from that moment on.
	ExpiresAt time.Time
	// Extra is the application's own claims: the text of one JSON object
	// without reserved names, or empty where there are none. Decode reads it.
	Extra string
}

// Decode stores the application's own claims in the value that v points to, as
// [json.Unmarshal] does, except that a number that goes into an interface value
// becomes a [json.Number] and so survives unchanged. Without such claims it
// leaves v as it is and returns nil.
func (c Claims) Decode(v any) error {
	if c.Extra == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(c.Extra))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("decode claims: %w", err)
	}
	return nil
}

type authorizedKey struct{}

// authorized is the context of a request that was let through. It is a context
// of its own, and not a value in one, to cost one allocation less on every request.
type authorized struct {
	context.Context
	claims Claims
	// by is who verified them: what one schema lets through says nothing to another.
	by *Verifier
	// session is that of the claims, where it was looked up.
	session *Session
}

func (a *authorized) Value(key any) any {
	if key == (authorizedKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// ClaimsFrom returns the claims of the access token that authorized the request
// with this context, and whether there are any: inside [Schema.TokenRequired],
// [Verifier.TokenRequired], [Schema.SessionRequired] and [Schema.RefreshAccessToken]
// there are.
func ClaimsFrom(ctx context.Context) (Claims, bool) {
	a, ok := ctx.Value(authorizedKey{}).(*authorized)
	if !ok {
		return Claims{}, false
	}
	return a.claims, true
}

// ReservedClaim reports whether the name belongs to the schema or to the token
// format, so that the application can't use it for a claim of its own: iat, exp, nbf,
// iss, aud, user_id, ref_id and sid, in any mixture of cases, because readers
// that ignore case would take one for the other (RFC 7519 §4).
func ReservedClaim(name string) bool {
	for _, reserved := range [...]string{"iat", "exp", "nbf", "iss", "aud", "user_id", "ref_id", "sid"} {
		if strings.EqualFold(name, reserved) {
			return true
		}
	}
	return false
}
