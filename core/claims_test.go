package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestClaimsOfTheLoginSurviveRefreshes(t *testing.T) {
	w := newWorld(t, nil)
	pair, err := w.Login(w.ctx, "ada", core.LoginOptions{Claims: map[string]any{"n": json.Number("1e400"), "html": "<b>&"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"html":"<b>&","n":1e400}`; pair.Claims.Extra != want {
		t.Errorf("the claims are %s, want %s", pair.Claims.Extra, want)
	}
	for range 3 {
		w.expire()
		next := w.refresh(pair)
		if next.Claims.Extra != pair.Claims.Extra {
			t.Errorf("the claims became %s", next.Claims.Extra)
		}
		pair = next
	}
}

func TestDecodeReportsWhatDoesNotFit(t *testing.T) {
	c := core.Claims{Extra: `{"n":"text"}`}
	var app struct{ N int }
	if err := c.Decode(&app); err == nil {
		t.Error("no error")
	}
	app.N = 7
	if err := (core.Claims{}).Decode(&app); err != nil || app.N != 7 {
		t.Errorf("Decode of no claims: %v, %v", app, err)
	}
}

func TestRefreshClaimsRecomputes(t *testing.T) {
	var userID string
	var given map[string]any
	role := "admin"
	w := newWorld(t, func(c *core.Config) {
		c.RefreshClaims = func(_ context.Context, user string, login map[string]any) (map[string]any, error) {
			userID, given = user, login
			return map[string]any{"role": role}, nil
		}
	})
	login := map[string]any{"role": "guest", "n": json.Number("9007199254740993")}
	pair, err := w.Login(w.ctx, "ada", core.LoginOptions{Claims: login})
	if err != nil {
		t.Fatal(err)
	}
	w.expire()
	w.store.total()
	pair = w.refresh(pair)
	if n := w.store.total(); n != 2 {
		t.Errorf("the refresh cost %d calls of the store, want 2", n)
	}
	if userID != "ada" || !reflect.DeepEqual(given, login) {
		t.Errorf("called with %q and %v", userID, given)
	}
	if pair.Claims.Extra != `{"role":"admin"}` {
		t.Errorf("the claims are %s", pair.Claims.Extra)
	}

	role = "none"
	w.expire()
	pair = w.refresh(pair)
	if !reflect.DeepEqual(given, login) || pair.Claims.Extra != `{"role":"none"}` {
		t.Errorf("the second time it was called with %v, and the claims are %s", given, pair.Claims.Extra)
	}
}

func TestRefreshClaimsThatFailChangeNothing(t *testing.T) {
	broken := errors.New("no directory")
	for name, fail := range map[string]func() (map[string]any, error){
		"an error":         func() (map[string]any, error) { return nil, broken },
		"too large":        func() (map[string]any, error) { return map[string]any{"x": strings.Repeat("x", 5000)}, nil },
		"beyond a cookie":  func() (map[string]any, error) { return map[string]any{"x": strings.Repeat("x", 3500)}, nil },
		"a reserved claim": func() (map[string]any, error) { return map[string]any{"sid": "x"}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			failing := true
			w := newWorld(t, func(c *core.Config) {
				c.RefreshClaims = func(_ context.Context, _ string, login map[string]any) (map[string]any, error) {
					if failing {
						return fail()
					}
					return login, nil
				}
			})
			pair := w.login("ada")
			w.expire()
			before := w.store.of("ada")[0]
			w.refused(pair, core.ErrClaims)
			if after := w.store.of("ada")[0]; !reflect.DeepEqual(after, before) {
				t.Errorf("the record changed from %+v to %+v", before, after)
			}
			failing = false
			w.clock.Advance(60e9)
			w.refresh(pair)
		})
	}
}

func TestRefreshClaimsAreNotAskedForNothing(t *testing.T) {
	calls := 0
	w := newWorld(t, func(c *core.Config) {
		c.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) {
			calls++
			return nil, nil
		}
	})
	pair := w.login("ada")
	w.refused(pair, core.ErrAccessTokenNotExpired)
	w.expire()
	w.refused(core.Tokens{RefreshToken: pair.RefreshToken, AccessToken: "junk"}, core.ErrInvalidAccessToken)
	w.refused(core.Tokens{RefreshToken: "junk"}, core.ErrInvalidRefreshToken)
	if calls != 0 {
		t.Errorf("called %d times for refreshes that were refused", calls)
	}
}

func TestRefreshClaimsRefuseDataThatIsNotTheirs(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.RefreshClaims = keepClaims })
	pair := w.login("ada")
	r := w.store.of("ada")[0]
	r.Data = []byte("not JSON")
	w.store.records[r.ID] = r
	w.expire()
	w.refused(pair, core.ErrClaims)
}

// Two requests compute claims for the same exchange: the one that comes second
// finds it done, and gets the same reference.
func TestRefreshClaimsInTwoTabs(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.RefreshClaims = keepClaims })
	pair := w.login("ada")
	w.expire()
	var first core.Tokens
	w.store.before = func(method string) error {
		if method == "Exchange" {
			w.store.mend()
			first = w.refresh(pair)
		}
		return nil
	}
	samePair(t, w.refresh(pair), first)
	if w.events.count("refresh") != 1 || w.events.count("retry") != 1 {
		t.Errorf("the hooks were told %v", w.events.seen)
	}
}

// The next access token is signed before anything moves: however long that fails, and
// however often the client repeats its request, it is no theft.
func TestASignerThatFailsChangesNothing(t *testing.T) {
	for _, access := range []bool{true, false} {
		t.Run(fmt.Sprintf("access token %t", access), func(t *testing.T) {
			w := newWorld(t, nil)
			pair := w.login("ada")
			if !access {
				pair.AccessToken = ""
			}
			w.expire()
			w.tokens.signErr = errors.New("no key")
			for range 12 {
				w.refused(pair, core.ErrClaims)
				w.clock.Advance(time.Second)
			}
			w.tokens.signErr = nil
			w.refresh(pair)
		})
	}
}

// What comes before the claims in the order of checks decides, signer or not.
func TestASignerThatFailsHidesNoVerdict(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	ended := w.login("ada")
	if err := w.Logout(w.ctx, ended.RefreshToken); err != nil {
		t.Fatal(err)
	}
	stale := w.login("ada")
	w.expire()
	w.refresh(stale)
	w.expire()
	w.tokens.signErr = errors.New("no key")
	w.refused(ended, core.ErrInvalidRefreshToken)
	w.refused(stale, core.ErrCompromised)
	if n := w.live("ada"); n != 0 {
		t.Errorf("%d sessions are live", n)
	}
}

// The access token's claims are what the next one gets, unless the record says
// otherwise: as when RefreshClaims was there and is no more.
func TestTheRecordsClaimsCount(t *testing.T) {
	c, store := newClock(), newStore()
	computing := newWorldOn(t, store, c, func(cfg *core.Config) {
		cfg.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) {
			return map[string]any{"role": "computed"}, nil
		}
	})
	keeping := newWorldOn(t, store, c, nil)
	pair := computing.login("ada")
	c.Advance(time.Minute)
	pair = computing.refresh(pair)
	c.Advance(time.Minute)
	if next := keeping.refresh(pair); next.Claims.Extra != "" {
		t.Errorf("the claims are %s, want those of the login, none", next.Claims.Extra)
	}
}

// Computing claims may take longer than Grace: the window begins when they are there.
func TestSlowRefreshClaimsLeaveTheWindowOpen(t *testing.T) {
	var w *world
	slow := 11 * time.Second
	w = newWorld(t, func(c *core.Config) {
		c.RefreshClaims = func(_ context.Context, _ string, login map[string]any) (map[string]any, error) {
			w.clock.Advance(slow)
			return login, nil
		}
	})
	pair := w.login("ada")
	w.expire()
	next := w.refresh(pair)
	slow = 0
	w.clock.Advance(time.Second)
	samePair(t, w.refresh(pair), next)

	w.clock.Advance(time.Minute)
	slow = 8 * 24 * time.Hour
	w.refused(next, core.ErrInvalidRefreshToken)
}

// The window is open for whoever arrives in it, however long the claims then take.
func TestSlowRefreshClaimsMakeNoCompromise(t *testing.T) {
	meanwhile := func() {}
	w := newWorld(t, func(c *core.Config) {
		c.RefreshClaims = func(_ context.Context, _ string, login map[string]any) (map[string]any, error) {
			f := meanwhile
			meanwhile = func() {}
			f()
			return login, nil
		}
	})
	pair := w.login("ada")
	w.expire()
	var next core.Tokens
	meanwhile = func() { // another tab is faster, and then time passes
		next = w.refresh(pair)
		w.clock.Advance(11 * time.Second)
	}
	samePair(t, w.refresh(pair), next)
	w.refused(pair, core.ErrCompromised) // who arrives now is late
}

// A retry is answered with claims that are computed anew, and those may not fit.
func TestARetryWhoseClaimsDoNotFitChangesNothing(t *testing.T) {
	size := 10
	s := newSite(t, func(c *core.Config) {
		c.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) {
			return map[string]any{"x": strings.Repeat("x", size)}, nil
		}
	})
	b := s.newBrowser()
	b.logIn("ada")
	b.expire()
	b.copy().post("/refresh", nil).want(t, 204, "")
	size = 3500
	a := b.post("/refresh", nil)
	a.want(t, 503, "claims_unavailable")
	a.keepsCookies(t)
	size = 10
	b.post("/refresh", nil).want(t, 204, "")
}

// Whatever RefreshClaims returns, it is a failure of ours and no verdict.
func TestErrorsOfRefreshClaimsAreNoVerdict(t *testing.T) {
	var w *site
	w = newSite(t, func(c *core.Config) {
		c.RefreshClaims = func(ctx context.Context, _ string, _ map[string]any) (map[string]any, error) {
			_, err := w.VerifyRefreshToken(ctx, "junk") // final, where it is a verdict
			return nil, err
		}
	})
	b := w.newBrowser()
	b.logIn("ada")
	b.expire()
	a := b.post("/refresh", nil)
	a.want(t, 503, "claims_unavailable")
	a.keepsCookies(t)
	a, _ = b.grant(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {b.cookie("refresh_token")}})
	a.want(t, 503, "claims_unavailable")
}

func TestReservedClaims(t *testing.T) {
	for name, want := range map[string]bool{
		"iat": true, "exp": true, "nbf": true, "iss": true, "aud": true, "user_id": true, "ref_id": true, "sid": true,
		"IAT": true, "User_ID": true, "ſid": true, "iſſ": true, "uſer_id": true,
		"sub": false, "jti": false, "role": false, "": false, "user": false, "sids": false,
	} {
		if got := core.ReservedClaim(name); got != want {
			t.Errorf("ReservedClaim(%q) = %v, want %v", name, got, want)
		}
	}
}

// longTokens is a format whose tokens grow, as by a longer kid, an issuer or another algorithm.
type longTokens struct {
	*testTokens
	suffix string
}

func (l *longTokens) Sign(c core.Claims) (string, error) {
	text, err := l.testTokens.Sign(c)
	return text + l.suffix, err
}

func (l *longTokens) Verify(text string) (core.Claims, error) {
	text, _, _ = strings.Cut(text, "~")
	return l.testTokens.Verify(text)
}

// Of claims that just fitted no token can be made under a longer key: that moves nothing
// either.
func TestTokensThatOutgrowTheirCookieAreNoTheft(t *testing.T) {
	store, c := newStore(), newClock()
	tokens := &longTokens{testTokens: &testTokens{key: []byte("signing")}}
	s, err := core.New(store, tokens, core.Config{Secret: secret, Clock: c.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var pair core.Tokens
	for n := 4000; pair.RefreshToken == ""; n-- { // the longest claim that fits
		pair, err = s.Login(t.Context(), "ada", core.LoginOptions{Claims: map[string]any{"x": strings.Repeat("x", n)}})
		if err != nil && !errors.Is(err, core.ErrInvalidLogin) {
			t.Fatal(err)
		}
	}
	tokens.suffix = "~" + strings.Repeat("s", 300) // RS256 in the place of HS256
	c.Advance(time.Minute)
	for range 2 {
		if _, err := s.Refresh(t.Context(), pair.RefreshToken, ""); !errors.Is(err, core.ErrClaims) {
			t.Errorf("Refresh = %v, want ErrClaims", err)
		}
		c.Advance(11 * time.Second)
	}
	tokens.suffix = ""
	if _, err := s.Refresh(t.Context(), pair.RefreshToken, ""); err != nil {
		t.Errorf("Refresh with the shorter key again = %v", err)
	}
}
