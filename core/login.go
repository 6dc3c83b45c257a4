package core

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// LoginOptions is what a login can add to the user id. The zero value adds
// nothing.
type LoginOptions struct {
	// Claims are the application's own claims, carried by every access token
	// of the session: anything encoding/json can encode, under names that are
	// not reserved (see ReservedClaim). Default: none.
	Claims map[string]any
	// Device describes the session to its user, as Sessions returns it: at most
	// MaxDeviceBytes bytes of UTF-8 without NUL. Default: empty.
	Device string
	// Replaces is the refresh token that the client presents with the login,
	// if any: its session ends, so that a late answer to it can't take the
	// place of the new one. A text that is not a genuine token is ignored.
	// Default: none.
	Replaces string
}

// Login begins a session of the user and returns its first pair of tokens. Who
// the user is must be certain: Login asks for no password. It ends the user's
// oldest sessions beyond Config.MaxSessions and the one that it replaces.
//
// The user id is 1 to MaxUserIDBytes bytes of valid UTF-8. An id, a device or
// claims that a record or a cookie of 4096 bytes can't hold are ErrInvalidLogin.
// ErrStoreUnavailable means that no session began; the one to be replaced may have
// ended.
func (s *Schema) Login(ctx context.Context, userID string, opts LoginOptions) (Tokens, error) {
	var replaces []string
	if opts.Replaces != "" {
		replaces = []string{opts.Replaces}
	}
	return s.login(ctx, userID, opts, replaces)
}

func (s *Schema) login(ctx context.Context, userID string, opts LoginOptions, replaces []string) (Tokens, error) {
	if err := checkUserID(userID); err != nil {
		return Tokens{}, invalidLogin(err)
	}
	if err := checkDevice(opts.Device); err != nil {
		return Tokens{}, invalidLogin(err)
	}
	extra, err := encodeAppClaims(opts.Claims)
	if err != nil {
		return Tokens{}, invalidLogin(err)
	}
	now := s.now()
	id := NewTokenID(userID)
	first := refreshToken{ref: newRef(), issued: now, deadline: now.Add(s.cfg.RefreshTokenDuration)}
	if _, err := idEncoding.Decode(first.id[:], []byte(id)); err != nil {
		return Tokens{}, fmt.Errorf("decode a new id: %w", err)
	}
	pair, err := s.pair(userID, first, extra)
	if err != nil {
		return Tokens{}, invalidLogin(err)
	}

	// The old session ends first: once the new pair is out, nothing of the old
	// one can be refreshed any more.
	for _, text := range replaces {
		if err := s.endReplaced(ctx, text); err != nil {
			return Tokens{}, err
		}
	}
	err = s.store.Create(ctx, RefreshToken{
		ID:          id,
		UserID:      userID,
		AccessRef:   first.ref,
		Device:      opts.Device,
		Data:        []byte(extra),
		IssuedAt:    now,
		ExchangedAt: now,
		ExpiresAt:   s.expiry(now, first.deadline),
	}, s.cfg.MaxSessions)
	if err != nil {
		return Tokens{}, s.reject(ctx, s.unavailable(ctx, "create the session", err), Event{UserID: userID})
	}
	call(ctx, s.cfg.Hooks.Login, Event{At: now, UserID: userID, SessionID: id, Ref: first.ref, Device: opts.Device})
	return pair, nil
}

// endReplaced revokes the session of a genuine refresh token, if it is there.
func (s *Schema) endReplaced(ctx context.Context, text string) error {
	t, _, genuine := s.keys.open(text)
	now := s.now()
	if !genuine || !now.Before(t.deadline) {
		return nil
	}
	err := s.revoke(ctx, t.recordID(), now)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
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

func checkDevice(device string) error {
	switch {
	case len(device) > MaxDeviceBytes:
		return fmt.Errorf("the device is %d bytes long, more than %d", len(device), MaxDeviceBytes)
	case !utf8.ValidString(device):
		return errors.New("the device is not valid UTF-8")
	case strings.ContainsRune(device, 0):
		return errors.New("the device holds a NUL")
	}
	return nil
}

// deviceFrom makes a device of a text that a client sent.
func deviceFrom(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if len(text) <= MaxDeviceBytes {
		return text
	}
	end := MaxDeviceBytes
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
