package core

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// maxFormBytes is the longest body the token endpoint reads: both tokens and room
// for what else clients send.
const maxFormBytes = 16 << 10

// TokenEndpoint returns a handler for clients without cookies: the refresh_token
// grant of OAuth 2.0 (RFC 6749 §6). It takes a POST whose form holds grant_type
// and refresh_token and, optionally, access_token. [Schema.Refresh] says what the
// access token is good for; one that is wrong, or has not expired, is
// invalid_request, for which RFC 6749 has no better name, so most clients leave
// it out. It answers with access_token, token_type, expires_in (in
// seconds) and refresh_token (§5.1), or with an error of §5.2: invalid_request,
// unsupported_grant_type or invalid_grant, all 400 (but 405 for a request that is not a POST), and 503
// where the store could not answer. Of a request that is not such a form no hook is
// told. Config.ErrorHandler has no part in that. It looks at no cookie, so it
// needs no cross-origin check, and it does not authenticate the client: the refresh
// token is the credential.
func (s *Schema) TokenEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// RFC 6749 §5.1 asks for both.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Pragma", "no-cache")
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			writeGrantError(w, http.StatusMethodNotAllowed, "invalid_request", "Only POST is allowed.")
			return
		}
		form, ok := readForm(w, r)
		switch {
		case !ok:
			writeGrantError(w, http.StatusBadRequest, "invalid_request", "The body must be a form in which no parameter is repeated.")
		case form.Get("grant_type") == "":
			writeGrantError(w, http.StatusBadRequest, "invalid_request", "grant_type is required.")
		case form.Get("grant_type") != "refresh_token":
			writeGrantError(w, http.StatusBadRequest, "unsupported_grant_type", "Only the grant type refresh_token is supported.")
		case form.Get("refresh_token") == "":
			writeGrantError(w, http.StatusBadRequest, "invalid_request", "refresh_token is required.")
		default:
			s.grant(w, r, form)
		}
	})
}

// readForm returns the parameters of the body. Those of the URL don't count, and
// none may be repeated (RFC 6749 §3.2).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, false
	}
	r = r.WithContext(r.Context()) // a copy, whose URL has nothing to read or to fail at
	r.URL = &url.URL{}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return nil, false
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return nil, false
		}
	}
	return r.PostForm, true
}

func (s *Schema) grant(w http.ResponseWriter, r *http.Request, form url.Values) {
	pair, err := s.Refresh(r.Context(), form.Get("refresh_token"), form.Get("access_token"))
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, struct {
			AccessToken  string `json:"access_token"`
			TokenType    string `json:"token_type"`
			ExpiresIn    int64  `json:"expires_in"`
			RefreshToken string `json:"refresh_token"`
		}{pair.AccessToken, "Bearer", int64(max(pair.Claims.ExpiresAt.Sub(s.now()), 0) / time.Second), pair.RefreshToken})
	case isOurs(err):
		e := asError(err)
		w.Header().Set("Retry-After", retryAfter(s.cfg.Grace))
		writeGrantError(w, e.Status, e.Code, e.description)
	case errors.Is(err, ErrInvalidRefreshToken), errors.Is(err, ErrCompromised):
		writeGrantError(w, http.StatusBadRequest, "invalid_grant", asError(err).description)
	default: // of the access token
		writeGrantError(w, http.StatusBadRequest, "invalid_request", asError(err).description)
	}
}

func writeGrantError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, errorBody{code, description})
}
