package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestSessionsOfAUser(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	if has, err := w.HasSessions(w.ctx, "ada"); has || err != nil {
		t.Errorf("HasSessions before any login = %v, %v", has, err)
	}
	first := w.login("ada")
	if has, err := w.HasSessions(w.ctx, "ada"); !has || err != nil {
		t.Errorf("HasSessions after a login = %v, %v", has, err)
	}
	w.clock.Advance(time.Minute)
	second := w.login("ada")
	w.refresh(first)

	sessions, err := w.Sessions(w.ctx, "ada")
	if err != nil || len(sessions) != 2 {
		t.Fatalf("Sessions = %v, %v", sessions, err)
	}
	if sessions[0].ID != second.Claims.SessionID || sessions[1].ID != first.Claims.SessionID {
		t.Error("the newest is not first")
	}
	if !sessions[1].IssuedAt.Equal(start) || !sessions[1].ExchangedAt.Equal(start.Add(time.Minute)) {
		t.Errorf("the refreshed session is %+v", sessions[1])
	}
	if has, err := w.HasSessions(w.ctx, "ada"); !has || err != nil {
		t.Errorf("HasSessions = %v, %v", has, err)
	}

	if n, err := w.RevokeUser(w.ctx, "ada"); n != 2 || err != nil {
		t.Errorf("RevokeUser = %v, %v, want 2", n, err)
	}
	if n, err := w.RevokeUser(w.ctx, "ada"); n != 0 || err != nil {
		t.Errorf("RevokeUser again = %v, %v, want 0", n, err)
	}
	if has, err := w.HasSessions(w.ctx, "ada"); has || err != nil {
		t.Errorf("HasSessions after RevokeUser = %v, %v", has, err)
	}
	if e := w.events.last["revocation"]; w.events.count("revocation") != 2 || e.UserID != "ada" || e.SessionID != first.Claims.SessionID {
		t.Errorf("the hook was told %+v", e)
	}
}

func TestRevokeUserOfARefreshToken(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	pair := w.login("ada")
	w.login("ada")
	bobs := w.login("bob")
	if _, err := w.RevokeUserOf(w.ctx, "junk"); !errors.Is(err, core.ErrInvalidRefreshToken) {
		t.Errorf("RevokeUserOf(junk) = %v", err)
	}
	if n, err := w.RevokeUserOf(w.ctx, pair.RefreshToken); n != 2 || err != nil {
		t.Errorf("RevokeUserOf = %v, %v, want 2", n, err)
	}
	if _, err := w.RevokeUserOf(w.ctx, pair.RefreshToken); !errors.Is(err, core.ErrInvalidRefreshToken) {
		t.Errorf("RevokeUserOf a session that is over = %v", err)
	}
	w.expire()
	w.refresh(bobs)
}

func TestLogout(t *testing.T) {
	w := newWorld(t, nil)
	stale := w.login("ada")
	w.expire()
	pair := w.refresh(stale)
	bobs := w.login("bob")
	if err := w.Logout(w.ctx, stale.RefreshToken); err != nil {
		t.Errorf("Logout with an older token of the session: %v", err)
	}
	if err := w.Logout(w.ctx, pair.RefreshToken); err != nil {
		t.Errorf("Logout again: %v", err)
	}
	w.expire()
	w.refused(pair, core.ErrInvalidRefreshToken)
	w.refresh(bobs)

	for _, junk := range []string{"", "junk", strings.Repeat("A", 131)} {
		if err := w.Logout(w.ctx, junk); !errors.Is(err, core.ErrInvalidRefreshToken) {
			t.Errorf("Logout(%q) = %v", junk, err)
		}
	}
	w.store.restore(map[string]core.Record{})
	if err := w.Logout(w.ctx, pair.RefreshToken); err != nil {
		t.Errorf("Logout of a session that is gone: %v", err)
	}
}

func TestSessionCallsFailWithTheStore(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	broken := errors.New("broken")
	w.store.fail(broken)
	for name, err := range map[string]error{
		"Logout":             w.Logout(w.ctx, pair.RefreshToken),
		"RevokeUser":         second(w.RevokeUser(w.ctx, "ada")),
		"RevokeUserOf":       second(w.RevokeUserOf(w.ctx, pair.RefreshToken)),
		"Sessions":           second(w.Sessions(w.ctx, "ada")),
		"HasSessions":        second(w.HasSessions(w.ctx, "ada")),
		"VerifyRefreshToken": second(w.VerifyRefreshToken(w.ctx, pair.RefreshToken)),
	} {
		if !errors.Is(err, core.ErrStoreUnavailable) || !errors.Is(err, broken) {
			t.Errorf("%s = %v, want ErrStoreUnavailable", name, err)
		}
	}
	w.store.mend()
	w.expire()
	w.refresh(pair)
}

func TestSessionCallsRefuseImpossibleUsers(t *testing.T) {
	w := newWorld(t, nil)
	for _, user := range []string{"", strings.Repeat("u", 256), "\xff"} {
		if _, err := w.RevokeUser(w.ctx, user); !errors.Is(err, core.ErrInvalidLogin) {
			t.Errorf("RevokeUser(%q) = %v", user, err)
		}
		if _, err := w.Sessions(w.ctx, user); !errors.Is(err, core.ErrInvalidLogin) {
			t.Errorf("Sessions(%q) = %v", user, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// As for a site and an API: each with a secret of its own.
func TestSchemasCanShareAStore(t *testing.T) {
	site := newWorld(t, func(c *core.Config) { c.MaxSessions = 2 })
	api := newWorldOn(t, site.store, site.clock, func(c *core.Config) {
		c.MaxSessions = 2
		c.Secret = core.NewSecret()
		c.AccessTokenDuration, c.Grace = 10*time.Minute, 5*time.Minute
	})
	first := site.login("ada")
	site.clock.Advance(time.Second) // which is the oldest is no matter of ids
	phone := api.login("ada")
	if sessions, err := site.Sessions(site.ctx, "ada"); err != nil || len(sessions) != 2 {
		t.Errorf("Sessions = %v, %v", sessions, err)
	}
	if _, err := site.Refresh(site.ctx, phone.RefreshToken, ""); !errors.Is(err, core.ErrInvalidRefreshToken) {
		t.Errorf("a refresh by the other schema: %v", err)
	}
	site.clock.Advance(10 * time.Minute)
	site.login("ada")
	site.refused(first, core.ErrInvalidRefreshToken) // the oldest of three
	api.refresh(phone)
	if n, err := site.RevokeUser(site.ctx, "ada"); err != nil || n != 2 {
		t.Errorf("RevokeUser = %d, %v", n, err)
	}
	if n := api.live("ada"); n != 0 {
		t.Errorf("%d sessions are live", n)
	}
}

// A WebSocket outlives its access token, and asks whether its session still stands.
func TestASessionIsFoundByClaims(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.clock.Advance(time.Hour)
	if s, err := w.SessionOf(w.ctx, pair.Claims); err != nil || s.ID != pair.Claims.SessionID || s.UserID != "ada" {
		t.Errorf("SessionOf = %+v, %v", s, err)
	}
	strange := pair.Claims
	strange.UserID = "bob"
	if _, err := w.SessionOf(w.ctx, strange); !errors.Is(err, core.ErrInvalidAccessToken) {
		t.Errorf("SessionOf another user = %v", err)
	}
	if _, err := w.SessionOf(w.ctx, core.Claims{UserID: "ada"}); !errors.Is(err, core.ErrSessionEnded) {
		t.Errorf("SessionOf claims without a session = %v", err)
	}
	w.store.fail(errBroken)
	if _, err := w.SessionOf(w.ctx, pair.Claims); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("SessionOf with a broken store = %v", err)
	}
	w.store.mend()
	w.RevokeUser(w.ctx, "ada")
	if _, err := w.SessionOf(w.ctx, pair.Claims); !errors.Is(err, core.ErrSessionEnded) {
		t.Errorf("SessionOf after a revocation = %v", err)
	}
}
