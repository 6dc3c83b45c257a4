package core

import (
	"context"
	"net/http"
)

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
	// fresh means that KeepFresh has refreshed them for this request.
	fresh bool
	// refused is why KeepFresh could not refresh them. Then there are no claims.
	refused error
}

func (a *authorized) Value(key any) any {
	if key == (authorizedKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// ContextWithClaims returns a context in which ClaimsFrom finds the claims: for the
// middleware of a router that does not take handlers, after [Schema.VerifyRequest], and for
// tests of handlers. A TokenRequired inside does not accept them: it looks at the request.
func ContextWithClaims(ctx context.Context, c Claims) context.Context {
	return &authorized{Context: ctx, claims: c}
}

// ClaimsFrom returns the claims of the access token that authorized the request
// with this context, and whether there are any. There are inside
// [Schema.TokenRequired], [Verifier.TokenRequired], [Schema.SessionRequired] and
// [Schema.RefreshAccessToken], inside [Schema.TokenOptional] and [Schema.KeepFresh] if the
// request has a valid token, and in a context of [ContextWithClaims]. ctx must be the
// request's: routers whose own context is a [context.Context] may hide it.
func ClaimsFrom(ctx context.Context) (Claims, bool) {
	a, ok := ctx.Value(authorizedKey{}).(*authorized)
	if !ok || a.refused != nil {
		return Claims{}, false
	}
	return a.claims, true
}

// authorizedIn returns what a handler outside has found out about the request with this
// context, nil if none of this verifier did.
func (v *Verifier) authorizedIn(ctx context.Context) *authorized {
	if a, ok := ctx.Value(authorizedKey{}).(*authorized); ok && a.by == v {
		return a
	}
	return nil
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
