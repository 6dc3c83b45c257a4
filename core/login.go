package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

// LoginOptions is what a login can add to the user ID. The zero value adds
// nothing. It prints and logs as "core.LoginOptions{redacted}", because it can hold a
// token, and encoding/json leaves that out.
type LoginOptions struct {
	// Claims are the application's own claims, carried by every access token
	// of the session. The values can be anything that encoding/json encodes. The
	// names must not be reserved (see ReservedClaim), and must differ in more than case.
	// Default: none.
	Claims map[string]any
	// Device describes the session to its user, as Sessions returns it, such as the
	// client's User-Agent. NUL is taken out, bytes that are not UTF-8 become U+FFFD, and
	// what is beyond MaxDeviceBytes bytes is cut off. Default: empty; for
	// SetTokenCookies the request's User-Agent.
	Device string
	// Duration is the time from the login to the end of the session, which no refresh
	// moves: from two seconds to Config.RefreshTokenDuration. The end is a whole second.
	// Default: Config.RefreshTokenDuration.
	Duration time.Duration
	// BrowserSession makes the cookies end with the browser: they have no Max-Age, at
	// the login and at every refresh. Browsers that restore their tabs keep such cookies,
	// so set Duration too. Default: false, the cookies live as long as the session.
	BrowserSession bool
	// Replaces is a refresh token that the client presents with the login. Its
	// session ends, so that a late response to it cannot replace the new tokens. A text
	// that is not a genuine token is ignored. Default: none.
	Replaces string `json:"-"`
}

// Login begins a session of the user and returns its first pair of tokens. Login asks
// for no password: make certain who the user is before you call it. It ends the session
// that it replaces and the user's oldest sessions beyond Config.MaxSessions.
//
// The user ID must be 1 to MaxUserIDBytes bytes of valid UTF-8, and must never change or be
// given to another user: RevokeUser finds sessions by it. So an e-mail address is a bad
// choice. ErrInvalidLogin means
// that the user ID, the claims or the duration are not possible. ErrClaims means that
// the access token could not be signed, and nothing has changed. ErrStoreUnavailable
// means that the store could not answer: the session to be replaced may have ended, and
// a session whose tokens nobody has may have begun.
func (s *Schema) Login(ctx context.Context, userID string, opts LoginOptions) (Tokens, error) {
	return s.login(ctx, userID, opts, s.withSession(nil, opts.Replaces, s.now()), checkLength)
}

// SetTokenCookies is the login of a browser: it logs the user in (see [Schema.Login]),
// sets the cookies of the new session, and returns its pair. It ends the sessions of the
// tokens in the request's cookies, as ClearTokenCookies does. The device defaults to the
// request's User-Agent.
//
// Of more cookies than a browser sends it looks at some alone: see ErrTooManyCookies.
//
// SetTokenCookies asks for no password: make certain who the user is before you call it.
//
// If it returns an error it has written nothing, and WriteError answers the request. The
// errors are those of Login. ErrInvalidLogin also means that the cookies cannot hold the
// claims (see Cookies.MaxBytes). After ErrStoreUnavailable the sessions that the request
// presents may have ended all the same. ErrCrossOrigin means that the request came from
// another origin than the server's or Config.TrustedOrigins. GET, HEAD and OPTIONS are not
// held to that: the callback of an identity provider is a GET of another site. A
// callback by form_post needs the provider's origin in Config.TrustedOrigins.
func (s *Schema) SetTokenCookies(w http.ResponseWriter, r *http.Request, userID string, opts LoginOptions) (Tokens, error) {
	if err := s.verifier.checkOrigin(r); err != nil {
		return Tokens{}, s.reject(r.Context(), err, Event{})
	}
	if opts.Device == "" {
		opts.Device = r.UserAgent()
	}
	now := s.now()
	replaced, _ := s.sessionsOfCookies(r, now)
	replaced = s.withSession(replaced, opts.Replaces, now)
	pair, err := s.login(r.Context(), userID, opts, replaced, s.checkCookies)
	if err != nil {
		return Tokens{}, err
	}
	now = s.now()
	s.cfg.Cookies.forget(w)
	s.cfg.Cookies.clearVariants(w)
	s.cfg.Cookies.setSession(w, pair.Claims.SessionID, maxAge(pair, now))
	s.cfg.Cookies.set(w, pair, now)
	return pair, nil
}

// login is Login. It ends the sessions of the IDs replaced. carries returns an error if
// the client cannot be given that access token.
func (s *Schema) login(ctx context.Context, userID string, opts LoginOptions, replaced []string, carries func(string) error) (Tokens, error) {
	if err := checkUserID(userID); err != nil {
		return Tokens{}, invalidLogin(err)
	}
	if opts.Duration == 0 {
		opts.Duration = s.cfg.RefreshTokenDuration
	}
	if opts.Duration < 2*time.Second || opts.Duration > s.cfg.RefreshTokenDuration {
		return Tokens{}, invalidLogin(fmt.Errorf("Duration is %v: it must be from 2s to RefreshTokenDuration, %v", opts.Duration, s.cfg.RefreshTokenDuration))
	}
	device := deviceFrom(opts.Device)
	extra, err := encodeAppClaims(opts.Claims)
	if err != nil {
		return Tokens{}, invalidLogin(err)
	}
	now := s.now()
	first := sealed.Token{
		ID: newID(userID), Ref: newRef(), Issued: now, BrowserSession: opts.BrowserSession,
		// A whole second, so that the last access token can end with the session.
		Deadline: now.Add(opts.Duration).Truncate(time.Second),
	}
	id := recordID(first)
	pair, err := s.pair(userID, first, extra, now)
	switch {
	case errors.Is(err, ErrInvalidClaims):
		return Tokens{}, invalidLogin(err)
	case err != nil:
		s.logFailure(ctx, "tokenauth: claims unavailable", "user", userID, "err", err)
		return Tokens{}, s.reject(ctx, fmt.Errorf("%w: %w", ErrClaims, err), Event{UserID: userID})
	}
	if err := carries(pair.AccessToken); err != nil {
		return Tokens{}, invalidLogin(err)
	}

	// The old session ends first: once the new pair is out, nothing of the old
	// one can be refreshed any more.
	if err := s.revokeEach(ctx, replaced, ReasonLogin, now); err != nil {
		return Tokens{}, err
	}
	evicted, err := s.store.Create(ctx, Record{
		ID:          id,
		UserID:      userID,
		AccessRef:   first.Ref,
		Device:      device,
		Data:        []byte(extra),
		IssuedAt:    now,
		ExchangedAt: now,
		ExpiresAt:   s.expiry(now, first.Deadline),
	}, s.cfg.MaxSessions)
	for _, r := range evicted {
		if r.UserID != userID || r.ID == id {
			err = errWrongRecord
		}
	}
	if err != nil {
		return Tokens{}, s.reject(ctx, s.unavailable(ctx, "create the session", err), Event{UserID: userID})
	}
	call(ctx, s.cfg.Hooks.Login, Event{At: now, UserID: userID, SessionID: id, Ref: first.Ref, Device: device})
	s.tellEnded(ctx, evicted, ReasonMaxSessions, now)
	return pair, nil
}

func invalidLogin(err error) error { return fmt.Errorf("%w: %w", ErrInvalidLogin, err) }

// deviceFrom makes a device of a text that a client sent, which may be far longer.
func deviceFrom(text string) string {
	text = cutText(text, MaxDeviceBytes)
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	// A clone, so that who keeps the device doesn't keep the header that it is from.
	return strings.Clone(cutText(text, MaxDeviceBytes))
}

// cutText returns the beginning of the text, in whole characters, up to that many bytes.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	// What is not UTF-8 may have no character that begins here, and is cut all the same.
	for end := most; end > most-utf8.UTFMax; end-- {
		if utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
	return text[:most]
}
