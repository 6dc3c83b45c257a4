package core_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestVerifyJudgesTimesByTheClock(t *testing.T) {
	for _, test := range []struct {
		name          string
		leeway, after time.Duration
		want          error
	}{
		{"new", 0, 0, nil},
		{"the last moment", 0, time.Minute - time.Nanosecond, nil},
		{"at exp", 0, time.Minute, core.ErrAccessTokenExpired},
		{"at exp with leeway", 5 * time.Second, time.Minute, nil},
		{"the last moment of the leeway", 5 * time.Second, 65*time.Second - time.Nanosecond, nil},
		{"past the leeway", 5 * time.Second, 65 * time.Second, core.ErrAccessTokenExpired},
	} {
		for _, cache := range []int{0, 10} {
			w := newWorld(t, func(c *core.Config) { c.Leeway, c.VerifiedCache = test.leeway, cache })
			pair := w.login("ada")
			if cache > 0 {
				w.Verify(w.ctx, pair.AccessToken)
			}
			w.clock.Advance(test.after)
			c, err := w.Verify(w.ctx, pair.AccessToken)
			if !errors.Is(err, test.want) {
				t.Errorf("%s, cache of %d: Verify = %v, want %v", test.name, cache, err, test.want)
			}
			if err != nil && c != (core.Claims{}) {
				t.Errorf("%s: claims came with the error", test.name)
			}
		}
	}
}

func TestVerifyNeverTouchesTheStore(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.store.total()
	w.Verify(w.ctx, pair.AccessToken)
	w.Verify(w.ctx, "junk")
	if n := w.store.total(); n != 0 {
		t.Errorf("the store was called %d times", n)
	}
}

func TestVerifyRefuses(t *testing.T) {
	w := newWorld(t, nil)
	for text, want := range map[string]error{
		"":                         core.ErrMissingAccessToken,
		"junk":                     core.ErrInvalidAccessToken,
		strings.Repeat("a", 1<<20): core.ErrInvalidAccessToken,
	} {
		if _, err := w.Verify(w.ctx, text); !errors.Is(err, want) {
			t.Errorf("Verify(%.10q) = %v, want %v", text, err, want)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error holds the token")
		}
	}
	if !errors.Is(core.ErrMissingAccessToken, core.ErrInvalidAccessToken) {
		t.Error("a missing token is not an invalid one")
	}
}

func TestATokenThatIsTooLongIsNotLookedAt(t *testing.T) {
	counting := &countingVerifier{TokenVerifier: &testTokens{}}
	v, err := core.NewVerifier(counting, core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), strings.Repeat("a", 4097)); !errors.Is(err, core.ErrInvalidAccessToken) || counting.calls.Load() != 0 {
		t.Errorf("Verify = %v, or the token was looked at", err)
	}
}

func TestAVerifierNeedsNoSecret(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	v, err := core.NewVerifier(w.tokens, core.Config{Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Verify(w.ctx, pair.AccessToken); err != nil || c != pair.Claims {
		t.Errorf("Verify = %v, %v", c, err)
	}
	w.expire()
	if _, err := v.Verify(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrAccessTokenExpired) {
		t.Errorf("Verify of an expired token = %v", err)
	}
}

func TestARejectionTellsWhose(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	w.Verify(w.ctx, pair.AccessToken)
	e := w.events.last["rejection"]
	if e.UserID != "ada" || e.SessionID != pair.Claims.SessionID || e.Ref != pair.Claims.Ref || !errors.Is(e.Err, core.ErrAccessTokenExpired) || !e.At.Equal(w.clock.Now()) {
		t.Errorf("the hook was told %+v", e)
	}
}

// countingVerifier counts what gets past the cache.
type countingVerifier struct {
	core.TokenVerifier
	calls atomic.Int64
}

func (v *countingVerifier) Verify(token string) (core.Claims, error) {
	v.calls.Add(1)
	return v.TokenVerifier.Verify(token)
}

func TestVerifiedCacheRemembersUntilExpiry(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	counting := &countingVerifier{TokenVerifier: w.tokens}
	v, err := core.NewVerifier(counting, core.Config{Clock: w.clock.Now, VerifiedCache: 100})
	if err != nil {
		t.Fatal(err)
	}
	pair := w.login("ada")
	for range 10 {
		if c, err := v.Verify(w.ctx, pair.AccessToken); err != nil || c != pair.Claims {
			t.Fatalf("Verify = %v, %v", c, err)
		}
	}
	if n := counting.calls.Load(); n != 1 {
		t.Errorf("10 verifications checked %d signatures, want 1", n)
	}
	if n := testing.AllocsPerRun(100, func() { v.Verify(w.ctx, pair.AccessToken) }); n != 0 {
		t.Errorf("a token seen before cost %v allocations, want 0", n)
	}
	w.expire()
	if _, err := v.Verify(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrAccessTokenExpired) {
		t.Errorf("Verify of an expired token = %v", err)
	}
}

func TestVerifiedCacheIsBounded(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	for _, size := range []int{1, 3, 16, 50} {
		counting := &countingVerifier{TokenVerifier: w.tokens}
		v, err := core.NewVerifier(counting, core.Config{Clock: w.clock.Now, VerifiedCache: size})
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for range 4 * size {
			texts = append(texts, w.login("ada").AccessToken)
		}
		verifyAll := func() int {
			counting.calls.Store(0)
			for _, text := range texts {
				if _, err := v.Verify(w.ctx, text); err != nil {
					t.Fatal(err)
				}
			}
			return int(counting.calls.Load())
		}
		verifyAll()
		// Going round through more than it holds, it can remember size at most.
		if missed := verifyAll(); missed < len(texts)-size {
			t.Errorf("a cache of %d remembered %d tokens", size, len(texts)-missed)
		}
		// What it holds of the last ones it finds again.
		counting.calls.Store(0)
		v.Verify(w.ctx, texts[len(texts)-1])
		if n := counting.calls.Load(); n != 0 {
			t.Errorf("a cache of %d forgot the newest token", size)
		}
	}
}

func TestVerifiedCacheTakesOnlyWhatVerifies(t *testing.T) {
	w := newWorld(t, nil)
	counting := &countingVerifier{TokenVerifier: w.tokens}
	v, err := core.NewVerifier(counting, core.Config{Clock: w.clock.Now, VerifiedCache: 1})
	if err != nil {
		t.Fatal(err)
	}
	good := w.login("ada").AccessToken
	v.Verify(w.ctx, good)
	for i := range 100 {
		v.Verify(w.ctx, good+strings.Repeat("x", i+1))
	}
	counting.calls.Store(0)
	if _, err := v.Verify(w.ctx, good); err != nil || counting.calls.Load() != 0 {
		t.Error("tokens that do not verify pushed one out that does")
	}
}
