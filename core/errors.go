package core

import (
	"errors"
	"fmt"
)

// The errors of [Schema] and [Verifier]. Match them with [errors.Is]. They say
// what the caller may know; what lies behind them is wrapped, and holds no
// token and no secret.
var (
	// ErrInvalidAccessToken says that the access token is not genuine, or not
	// of the session that is to be refreshed.
	ErrInvalidAccessToken = errors.New("invalid access token")
	// ErrMissingAccessToken says that there is no access token. It matches
	// ErrInvalidAccessToken too.
	ErrMissingAccessToken = fmt.Errorf("%w: none was presented", ErrInvalidAccessToken)
	// ErrAccessTokenExpired says that the access token is genuine and expired:
	// the client refreshes and tries again.
	ErrAccessTokenExpired = errors.New("access token expired")
	// ErrAccessTokenNotExpired says that it is too early for a refresh: the
	// client goes on with the access token it has.
	ErrAccessTokenNotExpired = errors.New("access token not expired")

	// ErrSessionEnded says that the access token would do, and its session is over:
	// the user has to log in. It matches ErrInvalidAccessToken too.
	ErrSessionEnded = fmt.Errorf("%w: its session is over", ErrInvalidAccessToken)
	// ErrNoSession says that the user has no session of that id.
	ErrNoSession = errors.New("no such session")

	// ErrInvalidRefreshToken says that the refresh token is not genuine, or its
	// session is over: the user has to log in.
	ErrInvalidRefreshToken = errors.New("invalid refresh token")
	// ErrMissingRefreshToken says that there is no refresh token. It matches
	// ErrInvalidRefreshToken too.
	ErrMissingRefreshToken = fmt.Errorf("%w: none was presented", ErrInvalidRefreshToken)
	// ErrCompromised says that the refresh token is a stale copy: it is mapped to
	// an access token that is not the last one issued in its session.
	ErrCompromised = errors.New("refresh token compromised")

	// ErrStoreUnavailable says that the store could not answer. It is never a
	// reason to take a token for invalid; the same call may succeed later. It
	// wraps the store's error.
	ErrStoreUnavailable = errors.New("refresh-token store unavailable")
	// ErrClaims says that Config.RefreshClaims gave no claims that an access
	// token can carry, or that the access token could not be signed. The same call
	// may succeed later.
	ErrClaims = errors.New("claims unavailable")
	// ErrInvalidLogin says that a login can't be recorded as it was given: its user
	// id or its claims.
	ErrInvalidLogin = errors.New("invalid login")

	// ErrCrossOrigin says that a browser sent the request from another origin.
	ErrCrossOrigin = errors.New("cross-origin request refused")
	// ErrMethodNotAllowed says that the request is not a POST.
	ErrMethodNotAllowed = errors.New("method not allowed")
)

// refusal is an error together with what the HTTP layer must know of it.
type refusal struct {
	err error
	// final means that the presented refresh token will never be accepted
	// again, so that the cookies that brought it are worth nothing.
	final bool
	// session is the id of the refresh token's session, empty where it is not genuine.
	session string
}

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// isOurs reports whether the error is a failure of the server's and not a verdict.
// It is asked first: what such an error wraps may look like one.
func isOurs(err error) bool {
	return errors.Is(err, ErrStoreUnavailable) || errors.Is(err, ErrClaims)
}
