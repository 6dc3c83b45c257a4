package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The errors of [Schema] and [Verifier]. Match them with [errors.Is]. They say
// what the caller may know. They wrap their cause, and hold no token and no secret.
var (
	// ErrInvalidAccessToken means that the access token is not genuine, or not
	// of the session to be refreshed.
	ErrInvalidAccessToken = errors.New("invalid access token")
	// ErrMissingAccessToken means that no access token was presented. It matches
	// ErrInvalidAccessToken too.
	ErrMissingAccessToken = fmt.Errorf("%w: none was presented", ErrInvalidAccessToken)
	// ErrAccessTokenExpired means that the access token is genuine and expired:
	// the client refreshes and tries again.
	ErrAccessTokenExpired = errors.New("access token expired")
	// ErrAccessTokenNotExpired means that it is too early for a refresh: the
	// client goes on with the access token that it has.
	ErrAccessTokenNotExpired = errors.New("access token not expired")

	// ErrSessionEnded means that the access token is valid but its session has
	// ended. The user must log in again. It matches ErrInvalidAccessToken too.
	ErrSessionEnded = fmt.Errorf("%w: its session has ended", ErrInvalidAccessToken)
	// ErrNoSession means that the user has no session of that ID.
	ErrNoSession = errors.New("no such session")

	// ErrInvalidRefreshToken means that the refresh token is not genuine, or that its
	// session has ended: the user must log in again.
	ErrInvalidRefreshToken = errors.New("invalid refresh token")
	// ErrMissingRefreshToken means that no refresh token was presented. It matches
	// ErrInvalidRefreshToken too.
	ErrMissingRefreshToken = fmt.Errorf("%w: none was presented", ErrInvalidRefreshToken)
	// ErrCompromised means that the refresh token is a stale copy: its session was refreshed
	// twice since, or once and longer than Config.Grace ago. A refresh with it has ended
	// sessions of its user (see Config.CompromiseEnds). VerifyRefreshToken only looks.
	ErrCompromised = errors.New("refresh token compromised")

	// ErrStoreUnavailable means that the store could not answer. It is never a
	// reason to take a token for invalid; the same call may succeed later. It
	// wraps the store's error.
	ErrStoreUnavailable = errors.New("refresh-token store unavailable")
	// ErrKeysUnavailable means that the keys of access tokens could not be known, as those of
	// a JWK set that could not be fetched. It is never a reason to take a token for invalid;
	// the same call may succeed later. A [TokenVerifier] returns it.
	ErrKeysUnavailable = errors.New("keys unavailable")
	// ErrClaims means that Config.RefreshClaims returned an error, or that the access
	// token could not be signed. The same call may succeed later.
	ErrClaims = errors.New("claims unavailable")
	// ErrInvalidClaims means that Config.RefreshClaims returned claims that an access
	// token, or its cookie, cannot carry. The same call fails until the claims
	// change. It matches ErrClaims too.
	ErrInvalidClaims = fmt.Errorf("%w: they are not possible", ErrClaims)
	// ErrDenied is for Config.RefreshClaims to return, wrapped or not: it ends the
	// session of a user who may no longer have one. It matches ErrInvalidRefreshToken too.
	ErrDenied = fmt.Errorf("%w: the user was denied a refresh", ErrInvalidRefreshToken)
	// ErrInvalidLogin means that no session can have what was given: the user ID, or the
	// claims or the duration of a login. Methods that look for a user's sessions return it
	// too.
	ErrInvalidLogin = errors.New("invalid login")

	// ErrCrossOrigin means that a browser sent the request from another origin.
	ErrCrossOrigin = errors.New("cross-origin request refused")
	// ErrMethodNotAllowed means that the request is not a POST.
	ErrMethodNotAllowed = errors.New("method not allowed")
	// ErrTooManyCookies means that a logout has more cookies than are looked at, so that
	// a session may not have ended.
	ErrTooManyCookies = errors.New("too many cookies")
)

// Reason is the stable name of an error of this package, or of the cause that ended a
// session. There are few, so a Reason is fit for a label of a metric.
type Reason string

// The reasons of errors. ReasonOf returns them.
const (
	ReasonStoreUnavailable      Reason = "store_unavailable"
	ReasonKeysUnavailable       Reason = "keys_unavailable"
	ReasonClaims                Reason = "claims_unavailable"
	ReasonInvalidClaims         Reason = "invalid_claims"
	ReasonInvalidLogin          Reason = "invalid_login"
	ReasonMissingAccessToken    Reason = "missing_access_token"
	ReasonSessionEnded          Reason = "session_ended"
	ReasonInvalidAccessToken    Reason = "invalid_access_token"
	ReasonAccessTokenExpired    Reason = "access_token_expired"
	ReasonAccessTokenNotExpired Reason = "access_token_not_expired"
	ReasonMissingRefreshToken   Reason = "missing_refresh_token"
	ReasonInvalidRefreshToken   Reason = "invalid_refresh_token"
	ReasonCompromised           Reason = "refresh_token_compromised"
	ReasonNoSession             Reason = "no_such_session"
	ReasonCrossOrigin           Reason = "cross_origin"
	ReasonMethodNotAllowed      Reason = "method_not_allowed"
	ReasonTooManyCookies        Reason = "too_many_cookies"
	// ReasonInternal is that of any error that is not of this package.
	ReasonInternal Reason = "internal_error"
)

// The reasons for which sessions end, in [Hooks].Revocation. A compromise has
// ReasonCompromised.
const (
	// ReasonLogout: the client logged out.
	ReasonLogout Reason = "logout"
	// ReasonLogin: a login took the place of the session.
	ReasonLogin Reason = "login"
	// ReasonMaxSessions: a login ended it because of Config.MaxSessions.
	ReasonMaxSessions Reason = "max_sessions"
	// ReasonRevoked: RevokeSession or a method like it ended it.
	ReasonRevoked Reason = "revoked"
	// ReasonDenied: Config.RefreshClaims returned ErrDenied.
	ReasonDenied Reason = "denied"
)

// answers says how each error is answered. The first that matches counts.
var answers = []struct {
	err         error
	status      int
	reason      Reason
	description string
}{
	{ErrStoreUnavailable, http.StatusServiceUnavailable, ReasonStoreUnavailable, "The session could not be looked up. Try again."},
	{ErrKeysUnavailable, http.StatusServiceUnavailable, ReasonKeysUnavailable, "The access token could not be checked. Try again."},
	{ErrInvalidClaims, http.StatusInternalServerError, ReasonInvalidClaims, "The access token cannot be made."},
	{ErrClaims, http.StatusServiceUnavailable, ReasonClaims, "The access token could not be made. Try again."},
	{ErrMissingAccessToken, http.StatusUnauthorized, ReasonMissingAccessToken, "An access token is required."},
	{ErrSessionEnded, http.StatusUnauthorized, ReasonSessionEnded, "The session has ended. Log in."},
	{ErrInvalidAccessToken, http.StatusUnauthorized, ReasonInvalidAccessToken, "The access token is not valid."},
	{ErrAccessTokenExpired, http.StatusUnauthorized, ReasonAccessTokenExpired, "The access token has expired. Refresh it."},
	{ErrMissingRefreshToken, http.StatusUnauthorized, ReasonMissingRefreshToken, "A refresh token is required."},
	{ErrInvalidRefreshToken, http.StatusUnauthorized, ReasonInvalidRefreshToken, "The session has ended. Log in."},
	{ErrCompromised, http.StatusUnauthorized, ReasonCompromised, "The session was used from elsewhere and has been ended. Log in."},
	{ErrCrossOrigin, http.StatusForbidden, ReasonCrossOrigin, "The request comes from another origin."},
	{ErrNoSession, http.StatusNotFound, ReasonNoSession, "There is no such session."},
	{ErrAccessTokenNotExpired, http.StatusConflict, ReasonAccessTokenNotExpired, "The access token has not expired. Go on with it."},
	{ErrMethodNotAllowed, http.StatusMethodNotAllowed, ReasonMethodNotAllowed, "Only POST is allowed."},
	{ErrTooManyCookies, http.StatusBadRequest, ReasonTooManyCookies, "The request has too many cookies. Delete those of this site."},
	{ErrInvalidLogin, http.StatusBadRequest, ReasonInvalidLogin, "The login is not possible."},
	{nil, http.StatusInternalServerError, ReasonInternal, "The request could not be answered."},
}

// ReasonOf returns the stable name of an error of this package, as Error.Reason and the
// JSON body of a refusal have it. An error that matches none is ReasonInternal; nil has
// the empty Reason.
func ReasonOf(err error) Reason {
	if err == nil {
		return ""
	}
	return asError(err).Reason
}

// StatusOf returns the HTTP status with which WriteError answers the error: 200 for nil,
// 500 for an error that is not of this package.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return asError(err).Status
}

// Error is the refusal of a request, as Config.ErrorHandler gets it. It wraps one
// of the package's errors and is itself the handler that answers by default.
type Error struct {
	// Status is the HTTP status: 400, 401, 403, 404, 405, 409, 500 or 503.
	Status int
	// Reason is the error's stable name. The JSON body has it as "error".
	Reason Reason
	// Description is a sentence for people. The JSON body has it as
	// "error_description".
	Description string
	// Err is the error behind it, for errors.Is and logs. It is not for clients.
	Err error
}

func asError(err error) *Error {
	for _, a := range answers {
		if a.err == nil || errors.Is(err, a.err) {
			return &Error{Status: a.status, Reason: a.reason, Description: a.description, Err: err}
		}
	}
	panic("unreachable: the last answer matches every error")
}

// Error returns the reason and the error behind it.
func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Reason, e.Err) }

// Unwrap returns the error behind it.
func (e *Error) Unwrap() error { return e.Err }

// ServeHTTP writes the status and a JSON body that holds the reason and the
// description: {"error":"…","error_description":"…"}.
func (e *Error) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	// As http.Error does: those of the body that was to be.
	for _, name := range [...]string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		w.Header().Del(name)
	}
	writeJSON(w, e.Status, errorBody{string(e.Reason), e.Description})
}

type errorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, _ := json.Marshal(body) // strings and numbers: it never fails
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(append(text, '\n')) // the client may be gone: there is nobody to tell
}

// WriteError answers a request with an error of this package, as the schema's
// own handlers do. It sets the headers that go with the error, deletes the request's
// cookies if the error means that they will never be accepted again, and calls
// Config.ErrorHandler. It is for handlers that call the schema's methods themselves. Any
// other error is a 500, and the response says nothing of it. It calls no hook.
func (s *Schema) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	if s.isWorthless(r, err) {
		s.clearCookies(w)
	}
	if StatusOf(err) == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", s.retryAfter())
	}
	s.verifier.writeError(w, r, err)
}

// isWorthless reports whether the error, which can be about a token from elsewhere, means
// that the refresh token in the request's cookies will never be accepted again. A failure
// of ours never means that, whatever caused it. A token that is not genuine may be another
// application's.
func (s *Schema) isWorthless(r *http.Request, err error) bool {
	var refused *refusal
	if !errors.As(err, &refused) || !refused.final || isOurs(err) {
		return false
	}
	text, ok := s.cfg.Cookies.refreshToken(r)
	if !ok {
		return false
	}
	t, _, genuine := s.keys.Open(text)
	return genuine && recordID(t) == refused.session
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
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", seconds(usualRetry))
		}
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

// retryAfter asks for a retry, and for one while Grace lasts.
func (s *Schema) retryAfter() string {
	wait := usualRetry
	if s.cfg.Grace != 0 {
		wait = min(usualRetry, max(s.cfg.Grace/2, time.Second))
	}
	return seconds(wait)
}

// usualRetry is after how long a client should repeat what failed for us.
const usualRetry = 5 * time.Second

// seconds returns the duration as the headers of HTTP have it (RFC 9110 §10.2.3).
func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// refusal is an error together with what the HTTP layer must know of it.
type refusal struct {
	err error
	// final means that the presented refresh token will never be accepted again.
	final bool
	// session is the ID of the refresh token's session, empty where it is not genuine.
	session string
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// isOurs reports whether the error is a failure of the server's and not a verdict.
// It is asked first: what such an error wraps may look like a verdict.
func isOurs(err error) bool {
	return errors.Is(err, ErrStoreUnavailable) || errors.Is(err, ErrKeysUnavailable) || errors.Is(err, ErrClaims)
}
