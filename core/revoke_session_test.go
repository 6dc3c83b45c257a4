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
	if e := w.events.last["revocation"]; e.UserID != "ada" || e.SessionID != phone.Claims.SessionID || e.Sessions != 1 {
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
	stranger := core.NewTokenID("ada")
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
	if n, err := w.RevokeOtherSessions(w.ctx, "ada", bobs.Claims.SessionID); n != 1 || err != nil {
		t.Errorf("RevokeOtherSessions of nobody's session = %d, %v", n, err)
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
	for _, method := range []string{"Get", "ListUser", "Revoke"} {
		w.store.fail(errBroken, method)
		one := w.RevokeSession(w.ctx, "ada", other.Claims.SessionID)
		n, others := w.RevokeOtherSessions(w.ctx, "ada", this.Claims.SessionID)
		if method != "ListUser" && !errors.Is(one, core.ErrStoreUnavailable) {
			t.Errorf("%s fails: RevokeSession = %v", method, one)
		}
		if method != "Get" && (n != 0 || !errors.Is(others, core.ErrStoreUnavailable)) {
			t.Errorf("%s fails: RevokeOtherSessions = %d, %v", method, n, others)
		}
		w.store.mend()
		other = w.login("ada")
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
