package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Error is the refusal of a request, as Config.ErrorHandler gets it. It wraps one
// of the package's errors and is itself the handler that answers by default.
type Error struct {
	// Status is the HTTP status: 401, 403, 404, 405, 409, 500 or 503.
	Status int
	// Code is the error's stable name, as the JSON body has it.
	Code string
	// Err is the error behind it, for errors.Is and logs. It is not for clients.
	Err error

	description string
}

// Error returns the code and the error behind it.
func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Code, e.Err) }

// Unwrap returns the error behind it.
func (e *Error) Unwrap() error { return e.Err }

// ServeHTTP writes the status and a JSON body that holds the code and a sentence
// for people: {"error":"…","error_description":"…"}.
func (e *Error) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	// As http.Error does: those of the body that was to be.
	for _, name := range [...]string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		w.Header().Del(name)
	}
	writeJSON(w, e.Status, errorBody{e.Code, e.description})
}

type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(append(text, '\n')) // the client may be gone: there is nobody to tell
}

// answers says how each error is answered. The first that matches counts.
var answers = []struct {
	err         error
	status      int
	code        string
	description string
}{
	{ErrStoreUnavailable, http.StatusServiceUnavailable, "store_unavailable", "The session could not be looked up. Try again."},
	{ErrClaims, http.StatusServiceUnavailable, "claims_unavailable", "The access token could not be made. Try again."},
	{ErrMissingAccessToken, http.StatusUnauthorized, "missing_access_token", "An access token is required."},
	{ErrSessionEnded, http.StatusUnauthorized, "session_ended", "The session is over. Log in."},
	{ErrInvalidAccessToken, http.StatusUnauthorized, "invalid_access_token", "The access token is not valid."},
	{ErrAccessTokenExpired, http.StatusUnauthorized, "access_token_expired", "The access token has expired. Refresh it."},
	{ErrMissingRefreshToken, http.StatusUnauthorized, "missing_refresh_token", "A refresh token is required."},
	{ErrInvalidRefreshToken, http.StatusUnauthorized, "invalid_refresh_token", "The session is over. Log in."},
	{ErrCompromised, http.StatusUnauthorized, "refresh_token_compromised", "The session was used from elsewhere and has been ended. Log in."},
	{ErrCrossOrigin, http.StatusForbidden, "cross_origin", "The request comes from another origin."},
	{ErrNoSession, http.StatusNotFound, "no_such_session", "There is no such session."},
	{ErrAccessTokenNotExpired, http.StatusConflict, "access_token_not_expired", "The access token has not expired. Go on with it."},
	{ErrMethodNotAllowed, http.StatusMethodNotAllowed, "method_not_allowed", "Only POST is allowed."},
}

func asError(err error) *Error {
	for _, a := range answers {
		if errors.Is(err, a.err) {
			return &Error{Status: a.status, Code: a.code, Err: err, description: a.description}
		}
	}
	return &Error{Status: http.StatusInternalServerError, Code: "internal_error", Err: err, description: "The request could not be answered."}
}

// WriteError answers a request with an error of this package's, as the schema's
// own handlers do: it sets the headers that go with the error, deletes the request's
// cookies where the error says that they are worth nothing any more, and calls
// Config.ErrorHandler.
// It is for handlers that call the schema's methods themselves. Any other error is a
// 500, and the answer says nothing of it. It calls no hook.
func (s *Schema) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	if s.isWorthless(r, err) {
		s.clearCookies(w)
	}
	s.verifier.writeError(w, r, err)
}

// isWorthless reports whether the error, which can be about a token from elsewhere, says
// that the refresh token in the request's cookies will never be accepted again. A failure
// of ours never says so, whatever caused it.
func (s *Schema) isWorthless(r *http.Request, err error) bool {
	var refused *refusal
	if !errors.As(err, &refused) || !refused.final || isOurs(err) {
		return false
	}
	text, ok := s.cfg.Cookies.refreshToken(r)
	if !ok || text == "" {
		return false
	}
	t, _, genuine := s.keys.open(text)
	return !genuine || t.recordID() == refused.session
}

func (v *Verifier) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := asError(err)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch e.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", challenge(err))
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", retryAfter(v.cfg.Grace))
	}
	v.cfg.ErrorHandler(w, r, e)
}

// challenge is the WWW-Authenticate of RFC 6750 §3; without a token it names no
// error (§3.1).
func challenge(err error) string {
	if errors.Is(err, ErrMissingAccessToken) || errors.Is(err, ErrMissingRefreshToken) {
		return "Bearer"
	}
	return `Bearer error="invalid_token"`
}

// retryAfter asks for a retry while the grace window is still open.
func retryAfter(grace time.Duration) string {
	switch {
	case grace == 0 || grace > time.Second && grace < 2*time.Second:
		return "1"
	default:
		return strconv.Itoa(int(min(grace/2, 5*time.Second) / time.Second))
	}
}
