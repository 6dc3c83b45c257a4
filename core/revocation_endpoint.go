package core

import (
	"context"
	"net/http"
)

// RevocationEndpoint returns a handler for clients without cookies that log out: the
// token revocation of RFC 7009. It takes a POST whose form holds token, and ends the
// session of that, whichever of the two tokens it is:
//
//   - a refresh token, current or not, as in [Schema.Logout];
//   - an access token, expired or not. It can't be revoked by itself, because where it
//     is verified nothing is looked up; so its revocation is that of the refresh token,
//     as RFC 7009 §2.1 allows. That it has expired says nothing against a client that
//     wants to leave and has no other.
//
// token_type_hint is ignored, right or wrong: the token itself shows what it is. Access
// tokens of the session go on until they expire, except where SessionRequired asks.
//
// The answer is 200 with an empty body, also where the token is not genuine or its
// session is over: the client has what it wanted (RFC 7009 §2.2). A request that is
// not such a form, or repeats one of these parameters or of those that name the
// client, is invalid_request, 400, and one that is not a POST 405. Where the store
// could not answer it is 503 with Retry-After: the session may not have ended, and
// the client tries again (§2.2.1). Errors have the form of RFC 6749 §5.2;
// Config.ErrorHandler has no part in that.
//
// For a token that is not genuine the store is not asked. Hooks.Revocation is told of a
// session that ended, Hooks.Rejection of a token that is not genuine, or past the end
// of its session, and of a store that could not answer. It looks at no cookie, so it
// needs no cross-origin check, and it does not authenticate the client: the token is
// the credential. CORS headers, for clients in pages of other origins, are the
// application's.
func (s *Schema) RevocationEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := readForm(w, r, "token", "token_type_hint", "client_id", "client_secret")
		if !ok {
			return
		}
		token := form.Get("token")
		if token == "" {
			writeOAuthError(w, http.StatusBadRequest, "invalid_request", "token is required.")
			return
		}
		if err := s.revokeToken(r.Context(), token); err != nil && isOurs(err) {
			s.writeOurs(w, err)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// revokeToken is Logout for a token of either kind.
func (s *Schema) revokeToken(ctx context.Context, text string) error {
	now := s.now()
	a := &attempt{arrived: now, now: now}
	var err error
	if a.token, a.keys, err = s.genuine(text, now); err == nil {
		return s.revoke(ctx, Event{SessionID: a.token.recordID(), cause: causeLogout}, now)
	}
	c, notAccess := s.verifier.genuine(text)
	if notAccess != nil {
		return s.reject(ctx, err, a.event())
	}
	return s.revokeOf(ctx, c)
}
