package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	w.outdate(stale)
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

// Computing claims may take longer than Grace, which begins when they are there.
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

// Grace counts from the arrival of a request, however long the claims then take.
func TestSlowRefreshClaimsMakeNoCompromise(t *testing.T) {
	meanwhile := func() {}
	w := newWorld(t, func(c *core.Config) {
		c.Grace = 10 * time.Second
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
	a.want(t, 500, "invalid_claims")
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

// Claims that just fitted make no token that fits under a longer key: that moves nothing
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
		opts := core.LoginOptions{Claims: map[string]any{"x": strings.Repeat("x", n)}}
		pair, err = s.SetTokenCookies(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), "ada", opts)
		if err != nil && !errors.Is(err, core.ErrInvalidLogin) {
			t.Fatal(err)
		}
	}
	refresh := func() *httptest.ResponseRecorder {
		return serve(s.RefreshAccessToken(nil), withCookies("POST", pair))
	}
	tokens.suffix = "~" + strings.Repeat("s", 300) // RS256 in the place of HS256
	c.Advance(time.Minute)
	for range 2 {
		if rec := refresh(); rec.Code != 500 || len(rec.Header()["Set-Cookie"]) > 0 || rec.Header().Get("Retry-After") != "" {
			t.Errorf("a refresh is %d %s", rec.Code, rec.Body)
		}
		c.Advance(11 * time.Second)
	}
	if _, err := s.Refresh(t.Context(), pair.RefreshToken, ""); err != nil {
		t.Errorf("Refresh of a client without cookies = %v", err)
	}
	tokens.suffix = ""
	if rec := refresh(); rec.Code != 204 {
		t.Errorf("a refresh with the shorter key again is %d %s", rec.Code, rec.Body)
	}
}

// No access token is made that Verify refuses for its length.
func TestTokensBeyondWhatIsVerified(t *testing.T) {
	c := newClock()
	tokens := &longTokens{testTokens: &testTokens{key: []byte("signing")}}
	s, err := core.New(newStore(), tokens, core.Config{Secret: secret, Clock: c.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := s.Login(t.Context(), "ada", core.LoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tokens.suffix = "~" + strings.Repeat("s", 8192)
	c.Advance(time.Minute)
	if _, err := s.Login(t.Context(), "bob", core.LoginOptions{}); !errors.Is(err, core.ErrInvalidLogin) {
		t.Errorf("Login = %v", err)
	}
	if _, err := s.Refresh(t.Context(), pair.RefreshToken, pair.AccessToken); !errors.Is(err, core.ErrClaims) {
		t.Errorf("Refresh = %v", err)
	}
	longest := "~" + strings.Repeat("s", 8192-1-len(pair.AccessToken))
	tokens.suffix = longest + "s"
	if _, err := s.Login(t.Context(), "bob", core.LoginOptions{}); !errors.Is(err, core.ErrInvalidLogin) {
		t.Errorf("Login with a token of 8193 bytes = %v", err)
	}
	tokens.suffix = longest
	next, err := s.Refresh(t.Context(), pair.RefreshToken, pair.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context(), next.AccessToken); err != nil {
		t.Errorf("Verify of a token of %d bytes = %v", len(next.AccessToken), err)
	}
	if _, err := s.Verify(t.Context(), next.AccessToken+"s"); !errors.Is(err, core.ErrInvalidAccessToken) {
		t.Errorf("Verify of a token of %d bytes = %v", len(next.AccessToken)+1, err)
	}
	c.Advance(time.Minute)
	if _, err := s.Refresh(t.Context(), next.RefreshToken, next.AccessToken+"s"); !errors.Is(err, core.ErrInvalidAccessToken) || !strings.Contains(err.Error(), "8192") {
		t.Errorf("Refresh with a token of %d bytes = %v", len(next.AccessToken)+1, err)
	}
}

// A user who was banned has the session ended: no outage, no alarm, nothing to try again.
func TestADeniedRefreshEndsTheSession(t *testing.T) {
	banned := false
	config := func(c *core.Config) {
		c.MaxSessions = -1
		c.RefreshClaims = func(_ context.Context, userID string, login map[string]any) (map[string]any, error) {
			if banned && userID == "ada" {
				return nil, fmt.Errorf("%s is banned: %w", userID, core.ErrDenied)
			}
			return login, nil
		}
	}
	w := newWorld(t, config)
	pair, elsewhere, bobs := w.login("ada"), w.login("ada"), w.login("bob")
	w.expire()
	banned = true
	rec := serve(w.RefreshAccessToken(nil), withCookies("POST", pair))
	if rec.Code != 401 || !strings.Contains(rec.Body.String(), `"invalid_refresh_token"`) || rec.Header().Get("Retry-After") != "" {
		t.Errorf("the refresh is %d %s", rec.Code, rec.Body)
	}
	if e := w.events.last["revocation"]; w.events.count("revocation") != 1 || e.SessionID != pair.Claims.SessionID || e.Reason != core.ReasonDenied {
		t.Errorf("the hook was told %+v", e)
	}
	if w.events.count("compromise") != 0 || w.log.Len() != 0 {
		t.Errorf("an alarm was raised: %s", w.log)
	}
	w.refused(elsewhere, core.ErrDenied)
	w.refused(pair, core.ErrInvalidRefreshToken)
	w.refresh(bobs)
	if n := w.live("ada"); n != 0 {
		t.Errorf("%d sessions are live", n)
	}

	w = newWorld(t, config)
	banned = false
	pair = w.login("ada")
	w.expire()
	banned = true
	w.store.fail(errBroken, "Revoke")
	w.refused(pair, core.ErrStoreUnavailable)
	w.store.mend()
	w.refused(pair, core.ErrDenied)
}

// What a signer refuses for good is not to be tried again.
func TestClaimsThatTheSignerRefuses(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	w.tokens.signErr = fmt.Errorf("too long: %w", core.ErrInvalidClaims)
	if _, err := w.Login(w.ctx, "ada", core.LoginOptions{}); !errors.Is(err, core.ErrInvalidLogin) {
		t.Errorf("Login = %v, want ErrInvalidLogin", err)
	}
	w.refused(pair, core.ErrInvalidClaims)
	for name, r := range map[string]*http.Request{
		"/token":   httptest.NewRequest("POST", "/token", strings.NewReader("grant_type=refresh_token&refresh_token="+pair.RefreshToken)),
		"/refresh": withCookies("POST", pair),
	} {
		rec := httptest.NewRecorder()
		if name == "/token" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w.TokenEndpoint().ServeHTTP(rec, r)
		} else {
			w.RefreshAccessToken(nil).ServeHTTP(rec, r)
		}
		if rec.Code != 500 || rec.Header().Get("Retry-After") != "" || !strings.Contains(rec.Body.String(), "invalid_claims") {
			t.Errorf("%s: %d %v %s", name, rec.Code, rec.Header(), rec.Body)
		}
	}
	w.tokens.signErr = nil
	w.refresh(pair)
}
