package core_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// eachWay runs the test for the two ways of a refresh: the exchange as the only question
// to the store, and a look at the record first.
func eachWay(t *testing.T, test func(t *testing.T, change func(*core.Config))) {
	t.Run("exchange first", func(t *testing.T) { test(t, func(*core.Config) {}) })
	t.Run("look first", func(t *testing.T) { test(t, func(c *core.Config) { c.RefreshClaims = keepClaims }) })
}

func TestARetryGetsTheSamePairWhileItsAccessTokenIsValid(t *testing.T) {
	eachWay(t, func(t *testing.T, change func(*core.Config)) {
		w := newWorld(t, change)
		first := w.login("ada")
		w.expire()
		w.clock.Advance(345 * time.Millisecond)
		next := w.refresh(first)
		for range 3 {
			w.clock.Advance(14 * time.Second)
			samePair(t, w.refresh(first), next)
		}
		if r, n := w.events.count("refresh"), w.events.count("retry"); r != 1 || n != 3 {
			t.Errorf("%d refreshes and %d retries were told, want 1 and 3", r, n)
		}
	})
}

// A retry never hands out what can be exchanged at once: a retry of another tab may be
// under way, and would be two exchanges behind.
func TestAfterALateRetryTheNextExchangeIsNotDueAtOnce(t *testing.T) {
	for name, present := range map[string]func(w *world, pair core.Tokens) core.Tokens{
		"with access tokens":    func(_ *world, pair core.Tokens) core.Tokens { return pair },
		"without access tokens": (*world).withoutAccess,
	} {
		for _, later := range []time.Duration{
			4999 * time.Millisecond, 5 * time.Second, 9 * time.Second, 44999 * time.Millisecond, 45 * time.Second, 51 * time.Second, 59 * time.Second, time.Hour,
		} {
			w := newWorld(t, nil)
			first := present(w, w.login("ada"))
			w.expire()
			w.refresh(first) // the response is lost
			w.clock.Advance(later)
			tab := present(w, w.refresh(first))
			w.clock.Advance(5 * time.Second)
			if _, err := w.Refresh(w.ctx, tab.RefreshToken, tab.AccessToken); err != nil && !errors.Is(err, core.ErrAccessTokenNotExpired) {
				t.Errorf("%s, %v later: a refresh = %v", name, later, err)
			}
			if _, err := w.Refresh(w.ctx, first.RefreshToken, first.AccessToken); err != nil {
				t.Errorf("%s, %v later: a retry of another tab = %v", name, later, err)
			}
		}
	}
}

// A phone sleeps for hours with a lost response.
func TestARetryAfterThatGetsAnAccessTokenOfNewTimes(t *testing.T) {
	eachWay(t, func(t *testing.T, change func(*core.Config)) {
		w := newWorld(t, change)
		first := w.login("ada")
		w.expire()
		lost := w.refresh(first)
		record := w.store.snapshot()[first.Claims.SessionID]
		for _, slept := range []time.Duration{time.Minute, 5 * time.Hour, 3 * 24 * time.Hour} {
			w.clock.Advance(slept)
			again := w.refresh(first)
			if again.RefreshToken != lost.RefreshToken || again.Claims.Ref != lost.Claims.Ref {
				t.Errorf("after %v a retry got another mapping", slept)
			}
			if now := w.clock.Now(); !again.Claims.IssuedAt.Equal(now.Truncate(time.Second)) || !again.Claims.ExpiresAt.Equal(again.Claims.IssuedAt.Add(time.Minute)) {
				t.Errorf("after %v the access token is valid from %v to %v, and it is %v", slept, again.Claims.IssuedAt, again.Claims.ExpiresAt, now)
			}
			if now := w.store.snapshot()[first.Claims.SessionID]; !reflect.DeepEqual(now, record) {
				t.Errorf("after %v a retry moved the record to %+v", slept, now)
			}
		}
		w.expire()
		w.refresh(lost)
		w.refused(w.withoutAccess(first), core.ErrCompromised)
	})
}

func TestARetryEndsWithTheNextExchange(t *testing.T) {
	w := newWorld(t, nil)
	first := w.login("ada")
	w.expire()
	second := w.refresh(first)
	w.expire()
	w.refresh(second)
	w.refused(first, core.ErrCompromised)
	w.refused(second, core.ErrInvalidRefreshToken)
}

// A retry is one whatever its access token says of its times: another server's clock has
// allowed the exchange already.
func TestARetryIsNeverTooEarly(t *testing.T) {
	for name, before := range map[string]time.Duration{"with RefreshBefore": 0, "without": -1} {
		t.Run(name, func(t *testing.T) {
			store, now := newStore(), newClock()
			change := func(c *core.Config) { c.RefreshBefore = before }
			a := newWorldOn(t, store, now, change)
			behind := &clock{at: now.Now().Add(-5 * time.Second)}
			b := newWorldOn(t, store, behind, change)
			pass := func(d time.Duration) { now.Advance(d); behind.Advance(d) }

			pair := a.login("ada")
			pass(time.Minute)
			lost := a.refresh(pair)
			pass(time.Second)
			samePair(t, b.refresh(pair), lost)
			pass(time.Minute)
			a.refresh(pair)
			if n := a.events.count("compromise"); n != 0 {
				t.Error("taken for a compromise")
			}
		})
	}
}

// A page whose handler refreshes is closed while it loads, and opened again later.
func TestAPageThatIsClosedWhileItLoads(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	ctx, abort := context.WithCancel(w.ctx)
	page := w.RefreshAccessToken(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { abort() }))
	serve(page, withCookies("POST", pair).WithContext(ctx))
	for _, later := range []time.Duration{11 * time.Second, time.Hour} {
		w.clock.Advance(later)
		if rec := serve(w.RefreshAccessToken(nil), withCookies("POST", pair)); rec.Code != 204 {
			t.Errorf("%v later: %d %s", later, rec.Code, rec.Body)
		}
	}
}

// withoutAccess returns the pair without its access token.
func (w *world) withoutAccess(pair core.Tokens) core.Tokens {
	pair.AccessToken = ""
	return pair
}

func TestGraceLimitsRetries(t *testing.T) {
	for _, grace := range []time.Duration{10 * time.Second, time.Hour} {
		for _, test := range []struct {
			after time.Duration
			want  error
		}{
			{grace - time.Millisecond, nil},
			{grace, core.ErrCompromised},
		} {
			w := newWorld(t, func(c *core.Config) { c.Grace = grace })
			first := w.login("ada")
			w.expire()
			w.refresh(first)
			w.clock.Advance(test.after)
			if _, err := w.Refresh(w.ctx, first.RefreshToken, first.AccessToken); !errors.Is(err, test.want) {
				t.Errorf("Grace %v: a retry after %v: %v, want %v", grace, test.after, err, test.want)
			}
		}
	}
}

func TestGraceCoversThePrecedingGenerationOnly(t *testing.T) {
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

	samePair(t, w.refresh(core.Tokens{RefreshToken: old.RefreshToken, AccessToken: next.AccessToken}), next)
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
		t.Error("a mapping younger than ten seconds moved")
	}
	w.clock.Advance(time.Millisecond)
	if next := w.refresh(first); next.RefreshToken == first.RefreshToken {
		t.Error("a mapping of ten seconds did not move")
	}
}

func TestHowLongAMappingIsYoung(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*core.Config)
		young  time.Duration
	}{
		{"by default", func(*core.Config) {}, 10 * time.Second},
		{"with a shorter Grace", func(c *core.Config) { c.Grace = 2 * time.Second }, 2 * time.Second},
		{"with a longer Grace", func(c *core.Config) { c.Grace = time.Minute }, 10 * time.Second},
		{"without Grace", func(c *core.Config) { c.Grace = -1 }, 0},
		{"with short access tokens", func(c *core.Config) { c.AccessTokenDuration = 6 * time.Second }, 4 * time.Second},
		{"with a long RefreshBefore", func(c *core.Config) { c.RefreshBefore = 55 * time.Second }, 4 * time.Second},
	} {
		for _, age := range []time.Duration{test.young - time.Millisecond, test.young} {
			if age < 0 {
				continue
			}
			w := newWorld(t, test.change)
			first := w.login("ada")
			w.clock.Advance(age)
			moved := w.refresh(w.withoutAccess(first)).RefreshToken != first.RefreshToken
			if moved != (age == test.young) {
				t.Errorf("%s: a mapping of %v moved: %v", test.name, age, moved)
			}
		}
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
