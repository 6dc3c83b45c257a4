package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestRunCleanupDeletesExpiredRecordsInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *core.Config) { c.Clock = time.Now; c.MaxSessions = -1 })
		for i := range 1200 {
			w.login(fmt.Sprint("user", i%7))
		}
		time.Sleep(30 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error)
		go func() { stopped <- w.RunCleanup(ctx, time.Hour) }()

		// It looks half a minute after the records expired, and an hour later.
		time.Sleep(7*24*time.Hour + 30*time.Minute)
		synctest.Wait()
		if n := len(w.store.records); n != 1200 {
			t.Errorf("%d records are left before any has been expired for a minute", n)
		}
		w.store.total()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(w.store.records); n != 0 {
			t.Errorf("%d records are left", n)
		}
		if n := w.store.total(); n != 3 {
			t.Errorf("1200 records were deleted in %d steps, want 3", n)
		}

		cancel()
		if err := <-stopped; !errors.Is(err, context.Canceled) {
			t.Errorf("RunCleanup = %v", err)
		}
	})
}

// As long as an answer may be overtaking a new login's cookies, it has to be known how
// long ago the session ended.
func TestRunCleanupKeepsRecordsForLateResponses(t *testing.T) {
	b := newSite(t, func(c *core.Config) { c.AccessTokenDuration, c.IdleTimeout = 10*time.Minute, 11*time.Minute }).newBrowser()
	b.logIn("ada")
	late := b.copy()
	for _, at := range []struct {
		sinceEnd time.Duration
		keeps    bool
	}{{9 * time.Second, true}, {11 * time.Second, false}} {
		b.clock.Advance(start.Add(11*time.Minute + at.sinceEnd).Sub(b.clock.Now()))
		tab := late.copy()
		ctx, cancel := context.WithCancel(t.Context())
		b.store.after = func(string) error { cancel(); return nil }
		b.RunCleanup(ctx, time.Hour)
		b.store.mend()
		a := tab.post("/refresh", nil)
		a.want(t, 401, "invalid_refresh_token")
		if keeps := len(a.Header.Values("Set-Cookie")) == 0; keeps != at.keeps {
			t.Errorf("%v after the end the cookies are kept: %v, want %v", at.sinceEnd, keeps, at.keeps)
		}
	}
}

func TestRunCleanupTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *core.Config) { c.Clock = time.Now })
		w.login("ada")
		w.store.fail(errors.New("broken"))
		ctx, cancel := context.WithTimeout(t.Context(), 8*24*time.Hour)
		defer cancel()
		go func() {
			time.Sleep(7*24*time.Hour + 90*time.Minute)
			w.store.mend()
		}()
		if err := w.RunCleanup(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("RunCleanup = %v", err)
		}
		if n := len(w.store.records); n != 0 {
			t.Errorf("%d records are left", n)
		}
		if !strings.Contains(w.log.String(), "delete expired sessions") {
			t.Error("the failure was not logged")
		}
	})
}

func TestRunCleanupWantsAnInterval(t *testing.T) {
	if err := newWorld(t, nil).RunCleanup(t.Context(), 0); err == nil {
		t.Error("no error")
	}
}
