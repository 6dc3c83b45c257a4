package core_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// stolen returns a world in which a copy of ada's pair has been outrun by its
// owner: stale is the copy, owners what ada holds now.
func stolen(t *testing.T, change func(*core.Config)) (w *world, stale, owners core.Tokens) {
	w = newWorld(t, change)
	stale = w.login("ada")
	owners = w.outdate(stale)
	w.clock.Advance(10 * time.Second)
	return w, stale, owners
}

func TestAStaleCopyEndsTheUsersSessions(t *testing.T) {
	w, stale, owners := stolen(t, func(c *core.Config) { c.MaxSessions = -1 })
	elsewhere, bobs := w.login("ada"), w.login("bob")

	w.refused(stale, core.ErrCompromised)
	if n := w.live("ada"); n != 0 {
		t.Errorf("ada has %d live sessions", n)
	}
	w.expire()
	w.refused(owners, core.ErrInvalidRefreshToken)
	w.refused(elsewhere, core.ErrInvalidRefreshToken)
	w.refused(stale, core.ErrInvalidRefreshToken)
	w.refresh(bobs)

	if n := w.events.count("compromise"); n != 1 {
		t.Errorf("the hook fired %d times, want once", n)
	}
	e := w.events.last["compromise"]
	if e.UserID != "ada" || e.SessionID != stale.Claims.SessionID || e.Sessions != 2 || !errors.Is(e.Err, core.ErrCompromised) {
		t.Errorf("the hook was told %+v", e)
	}
	if n, r := w.events.count("revocation"), w.events.last["revocation"]; n != 2 || r.Reason != core.ReasonCompromised || r.UserID != "ada" {
		t.Errorf("the ends of %d sessions were told, the last as %+v", n, r)
	}
	if !strings.Contains(w.log.String(), "compromised") {
		t.Error("nothing was logged")
	}
}

func TestAThiefWhoRefreshesFirstIsCaughtByTheOwner(t *testing.T) {
	w := newWorld(t, nil)
	owners := w.login("ada")
	w.expire()
	thiefs := w.refresh(owners)
	w.expire()
	thiefs = w.refresh(thiefs)
	w.expire()
	w.refused(owners, core.ErrCompromised)
	w.refused(thiefs, core.ErrInvalidRefreshToken)
}

// The refresh token alone decides: the access token neither hides a compromise
// nor makes one.
func TestTheRefreshTokenDecidesTheCompromise(t *testing.T) {
	for name, access := range map[string]func(w *world, stale, owners core.Tokens) string{
		"none":               func(*world, core.Tokens, core.Tokens) string { return "" },
		"junk":               func(*world, core.Tokens, core.Tokens) string { return "junk" },
		"its own":            func(_ *world, stale, _ core.Tokens) string { return stale.AccessToken },
		"the current one":    func(_ *world, _, owners core.Tokens) string { return owners.AccessToken },
		"of another session": func(w *world, _, _ core.Tokens) string { return w.login("bob").AccessToken },
	} {
		t.Run(name, func(t *testing.T) {
			w, stale, owners := stolen(t, nil)
			stale.AccessToken = access(w, stale, owners)
			w.refused(stale, core.ErrCompromised)
			if n := w.live("ada"); n != 0 {
				t.Errorf("%d live sessions", n)
			}
		})
	}
}

func TestALoginAfterACompromiseSurvivesIt(t *testing.T) {
	w, stale, _ := stolen(t, nil)
	w.refused(stale, core.ErrCompromised)
	w.clock.Advance(time.Millisecond)
	again := w.login("ada")
	w.refused(stale, core.ErrInvalidRefreshToken)
	w.expire()
	w.refresh(again)
}

// What counts is when the stale copy arrived, however long its claims then took.
func TestALoginAfterASlowCompromiseSurvivesIt(t *testing.T) {
	meanwhile := func() {}
	w := newWorld(t, func(c *core.Config) {
		c.MaxSessions = -1
		c.RefreshClaims = func(_ context.Context, _ string, login map[string]any) (map[string]any, error) {
			f := meanwhile
			meanwhile = func() {}
			f()
			return login, nil
		}
	})
	slow := w.login("ada")
	w.expire()
	var again core.Tokens
	meanwhile = func() {
		next := w.refresh(slow)
		w.expire()
		w.refresh(next)
		again = w.login("ada")
		w.expire()
	}
	w.refused(slow, core.ErrCompromised)
	w.refresh(again)
}

func TestARevocationOutlivesTheRequestThatCausedIt(t *testing.T) {
	w, stale, owners := stolen(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	w.store.before = func(method string) error {
		if method == "Revoke" {
			cancel()
		}
		return nil
	}
	if _, err := w.Refresh(ctx, stale.RefreshToken, stale.AccessToken); !errors.Is(err, core.ErrCompromised) {
		t.Fatalf("Refresh = %v", err)
	}
	w.refused(owners, core.ErrInvalidRefreshToken)
}

func TestAFailedRevocationIsDetectedAgain(t *testing.T) {
	w, stale, owners := stolen(t, nil)
	broken := errors.New("broken")
	w.store.fail(broken, "Revoke")
	w.refused(stale, core.ErrStoreUnavailable)
	w.refused(stale, core.ErrStoreUnavailable)
	if n := w.events.count("compromise"); n != 0 {
		t.Errorf("the hook fired %d times for sessions that go on", n)
	}
	if !strings.Contains(w.log.String(), "refresh token compromised") {
		t.Error("the compromise was not logged")
	}
	w.store.mend()
	w.refused(stale, core.ErrCompromised)
	w.expire()
	w.refused(owners, core.ErrInvalidRefreshToken)
}

func TestManyDetectionsTellOnce(t *testing.T) {
	w, stale, _ := stolen(t, nil)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := w.Refresh(w.ctx, stale.RefreshToken, stale.AccessToken)
			if !errors.Is(err, core.ErrCompromised) && !errors.Is(err, core.ErrInvalidRefreshToken) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.events.count("compromise"); n != 1 {
		t.Errorf("the hook fired %d times, want once", n)
	}
}

// Two requests see the stale copy before either has revoked anything.
func TestTheSlowerOfTwoDetectionsTellsNoCompromise(t *testing.T) {
	w, stale, _ := stolen(t, nil)
	w.store.before = func(method string) error {
		if method == "Revoke" {
			w.store.mend()
			w.refused(stale, core.ErrCompromised)
		}
		return nil
	}
	w.refused(stale, core.ErrCompromised)
	if c, r := w.events.count("compromise"), w.events.count("rejection"); c != 1 || r != 1 {
		t.Errorf("%d compromises and %d rejections were told, want 1 and 1", c, r)
	}
}

func TestACompromiseSeenByAClockThatIsBehind(t *testing.T) {
	store := newStore()
	ahead := newWorldOn(t, store, &clock{at: start.Add(time.Hour)}, func(c *core.Config) { c.Grace = -1 })
	stale := ahead.login("ada")
	ahead.expire()
	ahead.refresh(stale)
	behind := newWorldOn(t, store, newClock(), func(c *core.Config) { c.Grace = 10 * time.Second })
	stale.AccessToken = ""
	// Behind by an hour, it takes the exchange for one of just now.
	behind.refresh(stale)
	strict := newWorldOn(t, store, newClock(), func(c *core.Config) { c.Grace = -1 })
	strict.refused(stale, core.ErrCompromised)
	if n := ahead.live("ada"); n != 0 {
		t.Errorf("%d live sessions", n)
	}
}

func TestCompromisedOnlyLooks(t *testing.T) {
	w, stale, behind := stolen(t, nil)
	w.expire()
	owners := w.refresh(behind)
	for _, test := range []struct {
		name            string
		refresh, access string
		want            bool
		err             error
	}{
		{"current", owners.RefreshToken, "", false, nil},
		{"current with its access token", owners.RefreshToken, owners.AccessToken, false, nil},
		{"current with an older access token", owners.RefreshToken, stale.AccessToken, false, nil},
		{"current with junk", owners.RefreshToken, "junk", false, core.ErrInvalidAccessToken},
		{"current with another's", owners.RefreshToken, w.login("bob").AccessToken, false, core.ErrInvalidAccessToken},
		{"one exchange behind", behind.RefreshToken, behind.AccessToken, false, nil},
		{"stale", stale.RefreshToken, "", true, nil},
		{"stale with its access token", stale.RefreshToken, stale.AccessToken, true, nil},
		{"stale with junk", stale.RefreshToken, "junk", true, nil},
		{"missing", "", "", false, core.ErrMissingRefreshToken},
		{"junk", "junk", "", false, core.ErrInvalidRefreshToken},
	} {
		got, err := w.Compromised(w.ctx, test.refresh, test.access)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: Compromised = %v, %v, want %v, %v", test.name, got, err, test.want, test.err)
		}
	}
	if _, err := w.VerifyRefreshToken(w.ctx, stale.RefreshToken); !errors.Is(err, core.ErrCompromised) {
		t.Errorf("VerifyRefreshToken of a stale copy = %v", err)
	}
	if len(w.events.seen) != 5 || w.live("ada") != 1 {
		t.Errorf("looking told hooks (%v) or ended the session", w.events.seen)
	}

	broken := errors.New("broken")
	w.store.fail(broken)
	if _, err := w.Compromised(w.ctx, stale.RefreshToken, ""); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("with a broken store: %v", err)
	}
	w.store.mend()
	if err := w.Logout(w.ctx, owners.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Compromised(w.ctx, stale.RefreshToken, ""); !errors.Is(err, core.ErrInvalidRefreshToken) {
		t.Errorf("after a logout: %v", err)
	}
	w.store.restore(map[string]core.Record{})
	if _, err := w.Compromised(w.ctx, stale.RefreshToken, ""); !errors.Is(err, core.ErrInvalidRefreshToken) {
		t.Errorf("without a record: %v", err)
	}
}

// As RevokeUser does: also what expires before the moment, of a clock that is ahead, in which
// the stolen session was issued.
func TestACompromiseEndsWhatIsAboutToExpire(t *testing.T) {
	store, behind := newStore(), newClock()
	config := func(c *core.Config) { c.MaxSessions, c.IdleTimeout, c.Grace = -1, 5*time.Minute, -1 }
	ahead := &clock{at: start.Add(5 * time.Second)}
	w, wAhead := newWorldOn(t, store, behind, config), newWorldOn(t, store, ahead, config)
	other := w.login("ada")
	behind.Advance(5*time.Minute - 3*time.Second)
	ahead.Advance(5*time.Minute - 3*time.Second)
	stolen := wAhead.login("ada")
	if _, err := wAhead.Refresh(w.ctx, stolen.RefreshToken, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Refresh(w.ctx, stolen.RefreshToken, ""); !errors.Is(err, core.ErrCompromised) {
		t.Fatal(err)
	}
	if _, err := w.Refresh(w.ctx, other.RefreshToken, other.AccessToken); err == nil {
		t.Error("a session of the user outlives the compromise")
	}
	if e := w.events.last["compromise"]; e.Sessions != 2 {
		t.Errorf("told of the end of %d sessions, want 2", e.Sessions)
	}
}

func TestACompromiseEndsTheOneSessionWhereThatIsConfigured(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions, c.CompromiseEnds = -1, core.OneSession })
	stale, elsewhere := w.login("ada"), w.login("ada")
	owners := w.outdate(stale)
	w.refused(stale, core.ErrCompromised)
	w.expire()
	w.refused(owners, core.ErrInvalidRefreshToken)
	w.refresh(elsewhere)
	if c, r := w.events.last["compromise"], w.events.last["revocation"]; c.Sessions != 1 || r.SessionID != stale.Claims.SessionID {
		t.Errorf("the hooks were told %+v and %+v", c, r)
	}
	if c, r := w.events.count("compromise"), w.events.count("revocation"); c != 1 || r != 1 {
		t.Errorf("%d compromises and %d revocations were told", c, r)
	}
}
