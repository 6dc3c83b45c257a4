package core_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestARetryWithinGraceGetsTheSamePair(t *testing.T) {
	for name, change := range map[string]func(*core.Config){
		"exchange first": nil,
		"look first":     func(c *core.Config) { c.RefreshClaims = keepClaims },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change)
			first := w.login("ada")
			w.expire()
			w.clock.Advance(345 * time.Millisecond)
			next := w.refresh(first)
			for range 3 {
				w.clock.Advance(3 * time.Second)
				samePair(t, w.refresh(first), next)
			}
			if r, n := w.events.count("refresh"), w.events.count("retry"); r != 1 || n != 3 {
				t.Errorf("%d refreshes and %d retries were told, want 1 and 3", r, n)
			}
			// Three retries did not extend the window.
			w.clock.Advance(time.Second)
			w.refused(first, core.ErrCompromised)
		})
	}
}

func TestTheWindowEndsExactlyAtGrace(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  error
	}{
		{10*time.Second - time.Millisecond, nil},
		{10 * time.Second, core.ErrCompromised},
	} {
		w := newWorld(t, nil)
		first := w.login("ada")
		w.expire()
		w.refresh(first)
		w.clock.Advance(test.after)
		if _, err := w.Refresh(w.ctx, first.RefreshToken, first.AccessToken); !errors.Is(err, test.want) {
			t.Errorf("a retry after %v: %v, want %v", test.after, err, test.want)
		}
	}
}

func TestTheWindowCoversThePrecedingGenerationOnly(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.AccessTokenDuration, c.Grace = 11*time.Second, 10*time.Second })
	first := w.login("ada")
	w.clock.Advance(11 * time.Second)
	second := w.refresh(first)
	w.clock.Advance(11 * time.Second)
	w.refresh(second)
	w.refused(first, core.ErrCompromised)
	w.refused(second, core.ErrInvalidRefreshToken)
}

func TestWithoutGraceARepetitionIsACompromise(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Grace = -1 })
	first := w.login("ada")
	w.expire()
	w.refresh(first)
	w.refused(first, core.ErrCompromised)
}

func TestTwoTabsRefreshAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	first := w.login("ada")
	w.expire()
	var wg sync.WaitGroup
	pairs := make([]core.Tokens, 16)
	for i := range pairs {
		wg.Go(func() {
			pair, err := w.Refresh(w.ctx, first.RefreshToken, first.AccessToken)
			if err != nil {
				t.Error(err)
			}
			pairs[i] = pair
		})
	}
	wg.Wait()
	for _, pair := range pairs {
		samePair(t, pair, pairs[0])
	}
	if r, n := w.events.count("refresh"), w.events.count("retry"); r != 1 || n != 15 {
		t.Errorf("%d refreshes and %d retries, want 1 and 15", r, n)
	}
	w.expire()
	w.refresh(pairs[0])
}

// A client may apply the two cookies of an answer one by one, and send a request
// in between. Both mixtures belong to the same session: nobody is harmed.
func TestMixedPairsHarmNobody(t *testing.T) {
	w := newWorld(t, nil)
	old := w.login("ada")
	w.expire()
	next := w.refresh(old)
	w.clock.Advance(time.Second)

	w.refused(core.Tokens{RefreshToken: old.RefreshToken, AccessToken: next.AccessToken}, core.ErrAccessTokenNotExpired)
	samePair(t, w.refresh(core.Tokens{RefreshToken: next.RefreshToken, AccessToken: old.AccessToken}), next)
	w.expire()
	w.refresh(next)
}

// Without an access token nothing says that the mapped one is still young, but
// two exchanges never fall into one window.
func TestAYoungMappingDoesNotMove(t *testing.T) {
	w := newWorld(t, nil)
	first := w.login("ada")
	first.AccessToken = ""
	w.clock.Advance(10*time.Second - time.Millisecond)
	young := w.refresh(first)
	if w.events.count("retry") != 1 || w.events.count("refresh") != 0 {
		t.Errorf("the hooks were told %v", w.events.seen)
	}
	if young.Claims != first.Claims || young.RefreshToken != first.RefreshToken {
		t.Error("a mapping younger than Grace moved")
	}
	w.clock.Advance(time.Millisecond)
	if next := w.refresh(first); next.RefreshToken == first.RefreshToken {
		t.Error("a mapping as old as Grace did not move")
	}
}

func TestAClockThatIsBehindChangesNothing(t *testing.T) {
	c := newClock()
	store := newStore()
	ahead := newWorldOn(t, store, c, nil)
	first := ahead.login("ada")
	behind := newWorldOn(t, store, &clock{at: start.Add(-5 * time.Second)}, nil)
	first.AccessToken = ""
	if pair := behind.refresh(first); pair.RefreshToken != first.RefreshToken {
		t.Error("a mapping of the future moved")
	}
	first = ahead.login("ada")
	ahead.expire()
	next := ahead.refresh(first)
	behind.clock.Advance(time.Minute)
	samePair(t, behind.refresh(core.Tokens{RefreshToken: first.RefreshToken}), next)
}
