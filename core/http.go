package core

import (
	"context"
	"fmt"
	"net/http"
)

// SetTokenCookies is the login of a browser: it logs the user in (see [Schema.Login])
// and sets the cookies of the new session. The sessions of the tokens in its
// cookies end, as in ClearTokenCookies. claims are the application's own, carried
// by every access token of the session; nil for none. The session's device is the
// request's User-Agent.
//
// Who the user is must be certain: SetTokenCookies asks for no password. Protect
// the handler that calls it from cross-origin requests, as with
// [http.CrossOriginProtection]. Where it returns an error (ErrInvalidLogin,
// ErrClaims, ErrStoreUnavailable) it has written nothing, and WriteError answers
// the request; where the store could not answer, the session that the request
// presents may have ended all the same.
func (s *Schema) SetTokenCookies(w http.ResponseWriter, r *http.Request, userID string, claims map[string]any) error {
	opts := LoginOptions{Claims: claims, Device: r.UserAgent()}
	pair, err := s.login(r.Context(), userID, opts, s.sessionsOfCookies(r, causeLogin, s.now()))
	if err != nil {
		return err
	}
	s.cfg.Cookies.setSession(w, pair.Claims.SessionID, s.cfg.RefreshTokenDuration)
	s.cfg.Cookies.set(w, pair, s.now())
	return nil
}

// ClearTokenCookies is the logout: it ends the session of the request and deletes its
// cookies. The session is that of the refresh token and of the access token, expired
// or not, which may come alone, as with a Cookies.RefreshPath elsewhere. Where
// another host has planted tokens beside those, each that is genuine ends its
// session, of refresh tokens the first four and of access tokens those among the first
// eight texts; so does the access token of an Authorization header. A request without a
// session, or with one that is over, only has its cookies deleted. A client without
// cookies that presents an access token (RFC 6750 §2.1) ends the session of that.
//
// Where it returns an error it has written nothing, and WriteError answers the
// request: ErrMethodNotAllowed for any other method than POST, ErrCrossOrigin for
// one that another origin than the server's or Config.TrustedOrigins sent (a client
// without cookies excepted), ErrStoreUnavailable where the session may not have
// ended (the cookies are still there, and the page should say so), and for a client
// without cookies what Verify returns.
func (s *Schema) ClearTokenCookies(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if r.Method != http.MethodPost {
		return s.reject(ctx, ErrMethodNotAllowed, Event{})
	}
	access, one := s.cfg.Cookies.accessToken(r)
	if !s.cfg.Cookies.hasRefreshToken(r) && one && access == "" {
		if text, bearer, err := bearerToken(r); err != nil {
			return s.reject(ctx, err, Event{})
		} else if bearer {
			return s.logoutBearer(ctx, text)
		}
	}
	if err := s.origins.Check(r); err != nil {
		return s.reject(ctx, fmt.Errorf("%w: %w", ErrCrossOrigin, err), Event{})
	}
	now := s.now()
	sessions := s.sessionsOfCookies(r, causeLogout, now)
	if text, bearer, err := bearerToken(r); bearer && err == nil {
		sessions = s.withSessionOf(sessions, text, causeLogout)
	}
	if err := s.revokeAll(ctx, sessions, now); err != nil {
		return err
	}
	s.clearCookies(w)
	return nil
}

// logoutBearer ends the session of an access token.
func (s *Schema) logoutBearer(ctx context.Context, accessToken string) error {
	c, err := s.Verify(ctx, accessToken)
	if err != nil {
		return err
	}
	return s.revokeOf(ctx, c)
}

// RefreshAccessToken returns a handler that refreshes the tokens in the request's
// cookies (see [Schema.Refresh]), sets the new ones and calls next, which sees the
// new claims by ClaimsFrom. Where next is nil it answers 204.
//
// Both cookies are required. What it refuses goes to Config.ErrorHandler:
// ErrMethodNotAllowed for any other method than POST, ErrCrossOrigin for a request
// that another origin than the server's or Config.TrustedOrigins sent, and the
// errors of Refresh. Cookies are deleted only where the refresh token will never be
// accepted again, and not yet where its session ended less than Config.Grace ago,
// because that answer may be overtaking the cookies of a new login.
func (s *Schema) RefreshAccessToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pair, err := s.refreshCookies(r)
		if err != nil {
			s.WriteError(w, r, err)
			return
		}
		s.cfg.Cookies.set(w, pair, s.now())
		if next == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r.WithContext(&authorized{Context: r.Context(), claims: pair.Claims, by: s.verifier}))
	})
}

func (s *Schema) refreshCookies(r *http.Request) (Tokens, error) {
	ctx := r.Context()
	if r.Method != http.MethodPost {
		return Tokens{}, s.reject(ctx, ErrMethodNotAllowed, Event{})
	}
	if err := s.origins.Check(r); err != nil {
		return Tokens{}, s.reject(ctx, fmt.Errorf("%w: %w", ErrCrossOrigin, err), Event{})
	}
	refresh, ok := s.cfg.Cookies.refreshToken(r)
	if !ok {
		return Tokens{}, s.reject(ctx, fmt.Errorf("%w: more than one cookie", ErrInvalidRefreshToken), Event{})
	}
	// The access token is judged after the refresh token.
	access, ok := s.cfg.Cookies.accessToken(r)
	switch {
	case !ok:
		return s.refresh(ctx, refresh, "", errTwoAccessTokens)
	case access == "":
		return s.refresh(ctx, refresh, "", ErrMissingAccessToken)
	}
	return s.refresh(ctx, refresh, access, nil)
}
