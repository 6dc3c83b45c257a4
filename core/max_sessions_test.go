package core_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Of two logins at once each ends what it ends, and tells of no other.
func TestALoginTellsOfNoSessionThatAnotherHasEnded(t *testing.T) {
	var told []string
	w := newWorld(t, func(c *core.Config) {
		c.MaxSessions = 1
		c.Hooks.Revocation = func(_ context.Context, e core.Event) { told = append(told, e.SessionID) }
	})
	first := w.login("ada")
	w.clock.Advance(time.Second)
	w.store.before = func(method string) error {
		if method == "Create" {
			w.store.mend()
			w.clock.Advance(time.Second)
			w.login("ada") // overtakes the one below
		}
		return nil
	}
	w.login("ada")
	if !slices.Equal(told, []string{first.Claims.SessionID}) {
		t.Errorf("told of %v, want %v", told, first.Claims.SessionID)
	}
}

// What only the hook wants to know fails no login.
func TestALoginDoesNotNeedToKnowWhatItEnds(t *testing.T) {
	w := newWorld(t, nil)
	w.login("ada")
	for _, method := range []string{"ListUser", "Get"} {
		w.store.fail(errBroken, method)
		if _, err := w.Login(w.ctx, "ada", core.LoginOptions{}); err != nil {
			t.Errorf("a store that fails %s: %v", method, err)
		}
		w.store.mend()
	}
	w.store.fail(errBroken, "Create")
	if _, err := w.Login(w.ctx, "ada", core.LoginOptions{}); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("a store that fails: %v", err)
	}
	if n := w.events.count("revocation"); n != 0 {
		t.Errorf("told of %d sessions", n)
	}
}

func TestALoginWithoutAHookAsksTheStoreOnce(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Hooks = core.Hooks{} })
	w.login("ada")
	w.store.total()
	w.login("ada")
	if n := w.store.total(); n != 1 {
		t.Errorf("a login cost %d calls of the store", n)
	}
}
