package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// LoginOptions is what a login can add to the user id. The zero value adds
// nothing. It prints and logs as "core.LoginOptions{redacted}", because it can hold a
// token, and encoding/json leaves that out.
type LoginOptions struct {
	// Claims are the application's own claims, carried by every access token
	// of the session: anything encoding/json can encode, under names that are
	// not reserved (see ReservedClaim) and differ in more than case. Default: none.
	Claims map[string]any
	// Device describes the session to its user, as Sessions returns it, such as the
	// client's User-Agent: NUL is taken out, what is not UTF-8 becomes U+FFFD, and
	// what is beyond MaxDeviceBytes bytes is cut off. Default: empty.
	Device string
	// Replaces is the refresh token that the client presents with the login,
	// if any: its session ends, so that a late answer to it can't take the
	// place of the new one. A text that is not a genuine token is ignored.
	// Default: none.
	Replaces string `json:"-"`
}

// Login begins a session of the user and returns its first pair of tokens. Who
// the user is must be certain: Login asks for no password. It ends the user's
// oldest sessions beyond Config.MaxSessions and the one that it replaces.
//
// The user id is 1 to MaxUserIDBytes bytes of valid UTF-8. An id, or claims, that a
// record or a cookie of 4096 bytes can't hold are ErrInvalidLogin.
// ErrClaims means that the access token could not be signed, and nothing has
// changed. ErrStoreUnavailable means that the store could not answer: the session to
// be replaced may have ended, and one that nobody has the tokens of may have begun.
func (s *Schema) Login(ctx context.Context, userID string, opts LoginOptions) (Tokens, error) {
	var replaced []Event
	for _, id := range s.sessionsOf(slices.Values([]string{opts.Replaces}), s.now()) {
		replaced = append(replaced, Event{SessionID: id, cause: causeLogin})
	}
	return s.login(ctx, userID, opts, replaced)
}

func (s *Schema) login(ctx context.Context, userID string, opts LoginOptions, replaced []Event) (Tokens, error) {
	if err := checkUserID(userID); err != nil {
		return Tokens{}, invalidLogin(err)
	}
	device := deviceFrom(opts.Device)
	extra, err := encodeAppClaims(opts.Claims)
	if err != nil {
		return Tokens{}, invalidLogin(err)
	}
	now := s.now()
	id := NewRecordID(userID)
	// The end is a whole second, so that the last access token can end with it.
	first := refreshToken{ref: newRef(), issued: now, deadline: now.Add(s.cfg.RefreshTokenDuration).Truncate(time.Second)}
	if _, err := idEncoding.Decode(first.id[:], []byte(id)); err != nil {
		return Tokens{}, fmt.Errorf("decode a new id: %w", err)
	}
	pair, err := s.pair(userID, first, extra)
	if err != nil {
		s.logFailure(ctx, "tokenauth: claims unavailable", "user", userID, "err", err)
		return Tokens{}, s.reject(ctx, fmt.Errorf("%w: %w", ErrClaims, err), Event{UserID: userID})
	}
	if err := s.cfg.Cookies.checkSize(pair.AccessToken); err != nil {
		return Tokens{}, invalidLogin(err)
	}

	// The old session ends first: once the new pair is out, nothing of the old
	// one can be refreshed any more.
	if err := s.revokeAll(ctx, replaced, now); err != nil {
		return Tokens{}, err
	}
	evictable := s.evictable(ctx, userID, now)
	err = s.store.Create(ctx, Record{
		ID:          id,
		UserID:      userID,
		AccessRef:   first.ref,
		Device:      device,
		Data:        []byte(extra),
		IssuedAt:    now,
		ExchangedAt: now,
		ExpiresAt:   s.expiry(now, first.deadline),
	}, s.cfg.MaxSessions)
	if err != nil {
		return Tokens{}, s.reject(ctx, s.unavailable(ctx, "create the session", err), Event{UserID: userID})
	}
	call(ctx, s.cfg.Hooks.Login, Event{At: now, UserID: userID, SessionID: id, Ref: first.ref, Device: device})
	s.tellEvicted(ctx, evictable, now)
	return pair, nil
}

func invalidLogin(err error) error { return fmt.Errorf("%w: %w", ErrInvalidLogin, err) }

func checkUserID(userID string) error {
	switch {
	case userID == "":
		return errors.New("the user id is empty")
	case len(userID) > MaxUserIDBytes:
		return fmt.Errorf("the user id is %d bytes long, more than %d", len(userID), MaxUserIDBytes)
	case !utf8.ValidString(userID):
		return errors.New("the user id is not valid UTF-8")
	}
	return nil
}

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
