package core

import (
	"errors"
	"net/http"
)

// TokenEndpoint returns a handler for clients without cookies: the refresh_token
// grant of OAuth 2.0 (RFC 6749 §6). It takes a POST whose form holds grant_type
// and refresh_token and, optionally, access_token. [Schema.Refresh] says what the
// access token is good for; one that is wrong, or has not expired, is
// invalid_request, for which RFC 6749 has no better name, so most clients leave
// it out. A parameter without a value counts as left out, and any other is ignored;
// scope is too: it can't widen what the session has, and WriteTokens says what that is.
//
// It answers as [Schema.WriteTokens] does (§5.1), or with an error of §5.2:
// invalid_request, unsupported_grant_type or invalid_grant, all 400 (but 405 for a
// request that is not a POST), and 503 with Retry-After where the store could not
// answer. After that, and where no answer came, the client sends the same again, within
// Config.Grace. Of a request that is not such a form no hook is told.
// Config.ErrorHandler has no part in that. It looks at no cookie, so it needs no
// cross-origin check, and it does not authenticate the client, by an Authorization
// header or otherwise: the refresh token is the credential. CORS headers, for clients
// in pages of other origins, are the application's.
func (s *Schema) TokenEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := readForm(w, r, "grant_type", "refresh_token", "access_token", "scope", "client_id", "client_secret")
		if !ok {
			return
		}
		refused := func(code, description string) {
			writeOAuthError(w, http.StatusBadRequest, code, description)
		}
		refresh := form.Get("refresh_token")
		switch kind := form.Get("grant_type"); {
		case kind == "":
			refused("invalid_request", "grant_type is required.")
			return
		case kind != "refresh_token":
			refused("unsupported_grant_type", "Only the grant type refresh_token is supported.")
			return
		case refresh == "":
			refused("invalid_request", "refresh_token is required.")
			return
		}
		pair, err := s.Refresh(r.Context(), refresh, form.Get("access_token"))
		switch {
		case err == nil:
			s.WriteTokens(w, pair)
		case isOurs(err):
			s.writeOurs(w, err)
		case errors.Is(err, ErrInvalidRefreshToken), errors.Is(err, ErrCompromised):
			refused("invalid_grant", asError(err).description)
		default: // of the access token
			refused("invalid_request", asError(err).description)
		}
	})
}
