package core_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// A look is answered as a refresh is.
func TestALookAtASessionThatIsGoneMayDeleteTheCookies(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.store.restore(map[string]core.Record{})
	_, err := w.VerifyRefreshToken(w.ctx, pair.RefreshToken)
	rec := httptest.NewRecorder()
	w.WriteError(rec, withCookies("GET", pair), err)
	if rec.Code != 401 || len(rec.Header().Values("Set-Cookie")) != 3 {
		t.Errorf("%v is answered %d %v", err, rec.Code, rec.Header())
	}
}

// The other one may belong to a live session.
func TestAnErrorDeletesNoCookiesWhereThereAreTwo(t *testing.T) {
	w := newWorld(t, nil)
	gone := w.login("ada")
	w.store.restore(map[string]core.Record{})
	_, err := w.VerifyRefreshToken(w.ctx, gone.RefreshToken)
	r := withCookies("GET", w.login("ada"))
	r.AddCookie(&http.Cookie{Name: "refresh_token", Value: gone.RefreshToken})
	rec := httptest.NewRecorder()
	w.WriteError(rec, r, err)
	if rec.Code != 401 || len(rec.Header().Values("Set-Cookie")) != 0 {
		t.Errorf("%v is answered %d %v", err, rec.Code, rec.Header())
	}
}

// A store may drop what has expired, and the answer may be overtaking a new login's.
func TestALateAnswerOfADroppedSessionClearsNoNewLogin(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.IdleTimeout = 2 * time.Minute })
	b := s.newBrowser()
	b.logIn("ada")
	for _, test := range []struct {
		after time.Duration
		kept  bool
	}{{2 * time.Minute, true}, {10*time.Second - time.Millisecond, true}, {time.Millisecond, false}} {
		s.clock.Advance(test.after)
		s.store.restore(map[string]core.Record{})
		a := b.copy().post("/refresh", nil)
		a.want(t, 401, "invalid_refresh_token")
		if kept := len(a.Header.Values("Set-Cookie")) == 0; kept != test.kept {
			t.Errorf("%v later the cookies are kept: %t", test.after, kept)
		}
	}
}

// Cookies are deleted for a refresh token that will never be accepted again.
func TestWorthlessCookiesAreDeleted(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*core.Config)
		spoil  func(*browser)
	}{
		{"unknown", nil, func(b *browser) { b.store.restore(map[string]core.Record{}) }},
		{"overdue", nil, func(b *browser) { b.clock.Advance(7*24*time.Hour + 10*time.Second) }},
		{"idle", func(c *core.Config) { c.IdleTimeout = time.Hour }, func(b *browser) { b.clock.Advance(time.Hour + 10*time.Second) }},
		{"revoked", nil, func(b *browser) { b.RevokeUser(b.ctx, "ada"); b.clock.Advance(10 * time.Second) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newSite(t, test.change).newBrowser()
			b.logIn("ada")
			test.spoil(b)
			b.post("/refresh", nil).want(t, 401, "invalid_refresh_token")
			if b.cookie("access_token") != "" || b.cookie("refresh_token") != "" {
				t.Error("the cookies are still there")
			}
		})
	}
}

// The session expired while two tabs were open: one leads to a new login, and the
// other's answer comes after that.
func TestALateAnswerOfAnExpiredSessionClearsNoNewLogin(t *testing.T) {
	for name, life := range map[string]time.Duration{"deadline": 7 * 24 * time.Hour, "idle": time.Hour} {
		t.Run(name, func(t *testing.T) {
			b := newSite(t, func(c *core.Config) { c.IdleTimeout = life }).newBrowser()
			b.logIn("ada")
			b.clock.Advance(life + 9*time.Second)
			a := b.post("/refresh", nil)
			a.want(t, 401, "invalid_refresh_token")
			a.keepsCookies(t)
		})
	}
}

// A cookie that somebody planted beside the access token hides no theft.
func TestTwoAccessTokensHideNoCompromise(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	stale := b.cookie("refresh_token")
	b.expire()
	for range 2 {
		b.post("/refresh", nil).want(t, 204, "")
		b.expire()
	}
	r := b.newBrowser().request("POST", "/refresh", nil)
	r.Header.Set("Cookie", "access_token=x; access_token=y; refresh_token="+stale)
	b.newBrowser().do(r).want(t, 401, "refresh_token_compromised")
}

// The answer to a request of the old session comes late: it must not delete the
// cookies that the login has set meanwhile.
func TestALateAnswerClearsNoNewLogin(t *testing.T) {
	s := newSite(t, nil)
	b := s.newBrowser()
	b.logIn("ada")
	s.expire()
	late := b.copy()
	b.logIn("ada")
	s.clock.Advance(9 * time.Second)
	a := late.post("/refresh", nil)
	a.want(t, 401, "invalid_refresh_token")
	a.keepsCookies(t)
	s.clock.Advance(time.Second)
	if a := late.post("/refresh", nil); len(a.Header.Values("Set-Cookie")) != 3 {
		t.Error("a session revoked a Grace ago keeps its cookies")
	}
}

// What counts is when a request arrived, however long its claims then take.
func TestASlowRefusalClearsNoNewLogin(t *testing.T) {
	for name, slow := range map[string]time.Duration{
		"revoked meanwhile": time.Minute,
		"expired meanwhile": 8 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			meanwhile := func() {}
			s := newSite(t, func(c *core.Config) {
				c.RefreshClaims = func(_ context.Context, _ string, login map[string]any) (map[string]any, error) {
					meanwhile()
					return login, nil
				}
			})
			b := s.newBrowser()
			b.logIn("ada")
			s.expire()
			late := b.copy()
			meanwhile = func() {
				b.logIn("ada")
				s.clock.Advance(slow)
			}
			a := late.post("/refresh", nil)
			a.want(t, 401, "invalid_refresh_token")
			a.keepsCookies(t)
		})
	}
}

// A handler can ask about a token that came in a form or a body: what is said of that says
// nothing of the cookies.
func TestWriteErrorDeletesOnlyTheCookiesThatWereRefused(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	pair, other := w.login("ada"), w.login("ada")
	if err := w.Logout(w.ctx, other.RefreshToken); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	junk := core.Tokens{AccessToken: "junk", RefreshToken: "junk"}
	for _, test := range []struct {
		name    string
		refused string
		cookies core.Tokens
		deletes bool
	}{
		{"a forged token, and cookies of a live session", "junk", pair, false},
		{"a token of a session that is over, and cookies of a live one", other.RefreshToken, pair, false},
		{"a forged token, and no cookies", "junk", core.Tokens{}, false},
		{"the cookie's own", other.RefreshToken, other, true},
		{"a forged cookie's own, which may be another application's", "junk", junk, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.Refresh(w.ctx, test.refused, "")
			if !errors.Is(err, core.ErrInvalidRefreshToken) {
				t.Fatal(err)
			}
			rec := httptest.NewRecorder()
			w.WriteError(rec, withCookies("POST", test.cookies), err)
			if deletes := len(rec.Header()["Set-Cookie"]) > 0; deletes != test.deletes {
				t.Errorf("cookies are deleted: %t", deletes)
			}
		})
	}
}
