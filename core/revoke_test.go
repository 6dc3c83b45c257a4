package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func manySessions(c *core.Config) { c.MaxSessions = -1 }

func TestRevokeSessionEndsThatOneAlone(t *testing.T) {
	w := newWorld(t, manySessions)
	phone, laptop := w.login("ada"), w.login("ada")
	if err := w.RevokeSession(w.ctx, "ada", phone.Claims.SessionID); err != nil {
		t.Fatal(err)
	}
	if e := w.events.last["revocation"]; e.UserID != "ada" || e.SessionID != phone.Claims.SessionID || e.Reason != core.ReasonRevoked {
		t.Errorf("the hook was told %+v", e)
	}
	if err := w.RevokeSession(w.ctx, "ada", phone.Claims.SessionID); err != nil {
		t.Errorf("RevokeSession again: %v", err)
	}
	if n := w.events.count("revocation"); n != 1 {
		t.Errorf("the hook was told %d times", n)
	}
	w.expire()
	w.refused(phone, core.ErrInvalidRefreshToken)
	w.refresh(laptop)
}

func TestRevokeSessionEndsNobodyElses(t *testing.T) {
	w := newWorld(t, nil)
	bobs := w.login("bob")
	id := bobs.Claims.SessionID
	stranger := core.NewRecordID("ada")
	for name, sessionID := range map[string]string{
		"of another user":  id,
		"of nobody":        stranger,
		"empty":            "",
		"of another shape": "1",
		"too long":         id + "a",
		"upper case":       strings.ToUpper(stranger),
		"line breaks":      stranger[:39] + "\n",
	} {
		w.store.total()
		if err := w.RevokeSession(w.ctx, "ada", sessionID); !errors.Is(err, core.ErrNoSession) {
			t.Errorf("an id %s: RevokeSession = %v", name, err)
		}
		if n := w.store.total(); n > 0 && sessionID != stranger {
			t.Errorf("an id %s: the store was called %d times", name, n)
		}
	}
	w.expire()
	w.refresh(bobs)
}

// Two users can share a shard, and a store can hold what the id does not say.
func TestRevokeSessionAsksWhoseTheRecordIs(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	records := w.store.snapshot()
	r := records[pair.Claims.SessionID]
	r.UserID = "bob"
	records[r.ID] = r
	w.store.restore(records)
	if err := w.RevokeSession(w.ctx, "ada", r.ID); !errors.Is(err, core.ErrNoSession) {
		t.Errorf("RevokeSession = %v", err)
	}
	if _, _, err := w.VerifySession(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrInvalidAccessToken) {
		t.Errorf("VerifySession = %v", err)
	}
	if !w.store.snapshot()[r.ID].RevokedAt.IsZero() {
		t.Error("the record is revoked")
	}
}

func TestRevokeOtherSessionsKeepsThisOne(t *testing.T) {
	w := newWorld(t, manySessions)
	phone, laptop, desktop := w.login("ada"), w.login("ada"), w.login("ada")
	bobs := w.login("bob")
	n, err := w.RevokeOtherSessions(w.ctx, "ada", laptop.Claims.SessionID)
	if n != 2 || err != nil {
		t.Fatalf("RevokeOtherSessions = %d, %v", n, err)
	}
	if told := w.events.count("revocation"); told != 2 {
		t.Errorf("the hook was told %d times", told)
	}
	w.expire()
	w.refused(phone, core.ErrInvalidRefreshToken)
	w.refused(desktop, core.ErrInvalidRefreshToken)
	w.refresh(laptop)
	w.refresh(bobs)
	if n, err := w.RevokeOtherSessions(w.ctx, "ada", phone.Claims.SessionID); n != 1 || err != nil {
		t.Errorf("RevokeOtherSessions by a session that is over = %d, %v", n, err)
	}
}

func TestRevokeOtherSessionsWantsTheIDOfASession(t *testing.T) {
	w := newWorld(t, manySessions)
	this := w.login("ada")
	for name, sessionID := range map[string]string{
		"empty": "", "of another user": w.login("bob").Claims.SessionID, "no id": "ada",
	} {
		if n, err := w.RevokeOtherSessions(w.ctx, "ada", sessionID); n != 0 || !errors.Is(err, core.ErrNoSession) {
			t.Errorf("an id that is %s: RevokeOtherSessions = %d, %v", name, n, err)
		}
	}
	w.expire()
	w.refresh(this)
}

// slowStore takes its time to revoke.
type slowStore struct {
	*testStore
	takes time.Duration
}

func (s slowStore) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	select {
	case <-time.After(s.takes):
		return s.testStore.Revoke(ctx, v)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// foldingStore takes user IDs that differ in case for one.
type foldingStore struct{ *testStore }

func (s foldingStore) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	lower, err := s.testStore.ListUser(ctx, strings.ToLower(userID), at)
	upper, err2 := s.testStore.ListUser(ctx, strings.ToUpper(userID), at)
	return append(lower, upper...), errors.Join(err, err2)
}

func (s foldingStore) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	lower, upper := v, v
	lower.UserID, upper.UserID = strings.ToLower(v.UserID), strings.ToUpper(v.UserID)
	revoked, err := s.testStore.Revoke(ctx, lower)
	more, err2 := s.testStore.Revoke(ctx, upper)
	return append(revoked, more...), errors.Join(err, err2)
}

func TestSessionsBelieveOnlyTheirUsersRecords(t *testing.T) {
	w := newWorld(t, nil)
	s, err := core.New(foldingStore{w.store}, w.tokens, core.Config{Secret: secret, Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	this := w.login("ada")
	w.login("ADA")
	if _, err := s.Sessions(w.ctx, "ada"); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("Sessions = %v", err)
	}
	if n, err := s.RevokeOtherSessions(w.ctx, "ada", this.Claims.SessionID); n != 0 || !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("RevokeOtherSessions = %d, %v", n, err)
	}
	if n := w.events.count("revocation"); n != 0 {
		t.Errorf("the hook was told of %d sessions", n)
	}
}

// Sessions can have been issued by a server whose clock is ahead.
func TestAllSessionsEndByAClockThatIsBehind(t *testing.T) {
	for name, end := range map[string]func(w *world, pair core.Tokens) (int, error){
		"RevokeUser":   func(w *world, _ core.Tokens) (int, error) { return w.RevokeUser(w.ctx, "ada") },
		"RevokeUserOf": func(w *world, pair core.Tokens) (int, error) { return w.RevokeUserOf(w.ctx, pair.RefreshToken) },
	} {
		ahead := newWorld(t, manySessions)
		first := ahead.login("ada")
		ahead.clock.Advance(5 * time.Second)
		ahead.login("ada")
		behind := newWorldOn(t, ahead.store, newClock(), nil)
		if n, err := end(behind, first); n != 2 || err != nil {
			t.Errorf("%s = %d, %v", name, n, err)
		}
		if n := behind.live("ada"); n != 0 {
			t.Errorf("%s: %d sessions are live", name, n)
		}
	}
}

// What expires before the clock that is ahead is revoked by this one.
func TestAllSessionsEndWhereOneIsAboutToExpire(t *testing.T) {
	idle := func(c *core.Config) { c.IdleTimeout, c.MaxSessions = 2*time.Minute, -1 }
	behind := newWorld(t, idle)
	first := behind.login("ada")
	behind.clock.Advance(118 * time.Second)
	ahead := newClock()
	ahead.Advance(123 * time.Second)
	newWorldOn(t, behind.store, ahead, idle).login("ada")
	if n, err := behind.RevokeUser(behind.ctx, "ada"); n != 2 || err != nil {
		t.Errorf("RevokeUser = %d, %v", n, err)
	}
	behind.refused(first, core.ErrInvalidRefreshToken)
	if e := behind.events.last["revocation"]; !e.At.Equal(behind.clock.Now()) || behind.events.count("revocation") != 2 {
		t.Errorf("the hook was told %d times, last %+v", behind.events.count("revocation"), e)
	}
}

func TestEverySessionEndsAlthoughTheRequestIsGone(t *testing.T) {
	for name, end := range map[string]func(ctx context.Context, w *world, this, other core.Tokens) error{
		"Logout": func(ctx context.Context, w *world, _, other core.Tokens) error {
			return w.Logout(ctx, other.RefreshToken)
		},
		"RevokeSession": func(ctx context.Context, w *world, _, other core.Tokens) error {
			return w.RevokeSession(ctx, "ada", other.Claims.SessionID)
		},
		"RevokeOtherSessions": func(ctx context.Context, w *world, this, _ core.Tokens) error {
			return second(w.RevokeOtherSessions(ctx, "ada", this.Claims.SessionID))
		},
		"RevokeUser": func(ctx context.Context, w *world, _, _ core.Tokens) error { return second(w.RevokeUser(ctx, "ada")) },
		"RevokeUserOf": func(ctx context.Context, w *world, this, _ core.Tokens) error {
			return second(w.RevokeUserOf(ctx, this.RefreshToken))
		},
	} {
		w := newWorld(t, manySessions)
		this, other := w.login("ada"), w.login("ada")
		ctx, cancel := context.WithCancel(w.ctx)
		cancel()
		if err := end(ctx, w, this, other); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if w.store.snapshot()[other.Claims.SessionID].RevokedAt.IsZero() {
			t.Errorf("%s: the session goes on", name)
		}
	}
}

func TestRevokeOtherSessionsGoesOnWhenItsRequestIsGone(t *testing.T) {
	w := newWorld(t, manySessions)
	this := w.login("ada")
	w.login("ada")
	w.login("ada")
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	w.store.before = func(method string) error {
		if method == "Revoke" {
			cancel()
		}
		return nil
	}
	if n, err := w.RevokeOtherSessions(ctx, "ada", this.Claims.SessionID); n != 2 || err != nil {
		t.Errorf("RevokeOtherSessions = %d, %v", n, err)
	}
}

func TestEndingSessionsFailsWithTheStore(t *testing.T) {
	w := newWorld(t, manySessions)
	this, other := w.login("ada"), w.login("ada")
	w.store.fail(errBroken, "Revoke")
	if err := w.RevokeSession(w.ctx, "ada", other.Claims.SessionID); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("RevokeSession = %v", err)
	}
	if n, err := w.RevokeOtherSessions(w.ctx, "ada", this.Claims.SessionID); n != 0 || !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("RevokeOtherSessions = %d, %v", n, err)
	}
	if n, err := w.RevokeUser(w.ctx, "ada"); n != 0 || !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("RevokeUser = %d, %v", n, err)
	}
	w.store.fail(errBroken, "Get") // asked only if nothing was revoked
	if err := w.RevokeSession(w.ctx, "ada", core.NewRecordID("ada")); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("RevokeSession of none = %v", err)
	}
	if n := w.live("ada"); n != 2 {
		t.Errorf("%d sessions are live", n)
	}
}

func TestEndingSessionsRefusesImpossibleUsers(t *testing.T) {
	w := newWorld(t, nil)
	for _, user := range []string{"", strings.Repeat("u", 256), "\xff"} {
		if err := w.RevokeSession(w.ctx, user, "x"); !errors.Is(err, core.ErrInvalidLogin) {
			t.Errorf("RevokeSession(%q) = %v", user, err)
		}
		if _, err := w.RevokeOtherSessions(w.ctx, user, "x"); !errors.Is(err, core.ErrInvalidLogin) {
			t.Errorf("RevokeOtherSessions(%q) = %v", user, err)
		}
	}
}

func TestRevokingASessionThatExpiredIsNoError(t *testing.T) {
	w := newWorld(t, nil)
	id := w.login("ada").Claims.SessionID
	w.clock.Advance(8 * 24 * time.Hour)
	if err := w.RevokeSession(w.ctx, "ada", id); err != nil {
		t.Errorf("RevokeSession = %v", err)
	}
}

// A session that has expired by this server's clock alone can still be refreshed by a
// server whose clock is right.
func TestRevocationsEndWhatIsExpiredByThisClockAlone(t *testing.T) {
	for name, revoke := range map[string]func(w *world, old, this core.Tokens) error{
		"RevokeUser": func(w *world, _, _ core.Tokens) error { return second(w.RevokeUser(w.ctx, "ada")) },
		"RevokeOtherSessions": func(w *world, _, this core.Tokens) error {
			return second(w.RevokeOtherSessions(w.ctx, "ada", this.Claims.SessionID))
		},
		"RevokeSession": func(w *world, old, _ core.Tokens) error {
			return w.RevokeSession(w.ctx, "ada", old.Claims.SessionID)
		},
	} {
		store, right := newStore(), newClock()
		config := func(c *core.Config) { c.MaxSessions, c.IdleTimeout = -1, 5*time.Minute }
		ahead := &clock{at: start.Add(5 * time.Second)}
		w, wAhead := newWorldOn(t, store, right, config), newWorldOn(t, store, ahead, config)
		old := w.login("ada")
		right.Advance(5*time.Minute - 2*time.Second)
		ahead.Advance(5*time.Minute - 2*time.Second)
		this := w.login("ada")
		if err := revoke(wAhead, old, this); err != nil {
			t.Fatal(name, err)
		}
		right.Advance(time.Second)
		if _, err := w.Refresh(w.ctx, old.RefreshToken, old.AccessToken); err == nil {
			t.Errorf("%s succeeded, and the session is refreshed a second later", name)
		}
	}
}

// exactTimes wants whole milliseconds, as every store may.
type exactTimes struct {
	*testStore
	t *testing.T
}

func (s exactTimes) check(at time.Time) {
	s.t.Helper()
	if !at.Equal(at.Truncate(time.Millisecond)) {
		s.t.Errorf("the store is asked for the moment %v", at)
	}
}

func (s exactTimes) ListUser(ctx context.Context, id string, at time.Time) ([]core.Record, error) {
	s.check(at)
	return s.testStore.ListUser(ctx, id, at)
}

func (s exactTimes) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	s.check(v.At)
	s.check(v.IssuedUntil)
	return s.testStore.Revoke(ctx, v)
}

func TestAStoreGetsWholeMilliseconds(t *testing.T) {
	c := newClock()
	s, err := core.New(exactTimes{newStore(), t}, &testTokens{key: []byte("signing")}, core.Config{
		Secret: secret, Clock: c.Now, Grace: 10*time.Second + time.Microsecond, IdleTimeout: 2 * time.Minute, MaxSessions: -1})
	if err != nil {
		t.Fatal(err)
	}
	s.Login(t.Context(), "ada", core.LoginOptions{})
	c.Advance(2*time.Minute + time.Second)
	s.Login(t.Context(), "ada", core.LoginOptions{})
	s.RevokeUser(t.Context(), "ada")
}

// A revocation says no earlier end than that of the session.
func TestALateAnswerAfterRevokeUserClearsNoNewLogin(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions, c.IdleTimeout = -1, 5*time.Minute })
	old := w.login("ada")
	w.clock.Advance(5*time.Minute + time.Second)
	// The session ended a second ago.
	rec := serve(w.RefreshAccessToken(nil), withCookies("POST", old))
	if n := len(rec.Header()["Set-Cookie"]); n != 0 {
		t.Fatalf("before: %d cookies are deleted", n)
	}
	w.RevokeUser(w.ctx, "ada")
	rec = serve(w.RefreshAccessToken(nil), withCookies("POST", old))
	if n := len(rec.Header()["Set-Cookie"]); n != 0 {
		t.Errorf("%d %s: %d cookies are deleted, of a session that is over since a second", rec.Code, rec.Body, n)
	}
}
