package core_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestASecondLogin(t *testing.T) {
	for _, test := range []struct{ maxSessions, status int }{{1, 401}, {3, 204}} {
		s := newSite(t, func(c *core.Config) { c.MaxSessions = test.maxSessions })
		first, second := s.newBrowser(), s.newBrowser()
		first.logIn("ada")
		s.clock.Advance(time.Second)
		second.logIn("ada")
		s.expire()
		first.post("/refresh", nil).want(t, test.status, "")
		second.post("/refresh", nil).want(t, 204, "")
	}
}

func TestALoginTakesThePlaceOfTheBrowsersSession(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.MaxSessions = -1 })
	b := s.newBrowser()
	b.logIn("ada")
	late := b.copy()
	b.logIn("bob")
	if n := s.live("ada"); n != 0 {
		t.Errorf("ada has %d live sessions", n)
	}
	s.expire()
	late.post("/refresh", nil).want(t, 401, "invalid_refresh_token")
	b.post("/refresh", nil).want(t, 204, "")
	if a := b.get("/me"); a.body != "bob" {
		t.Errorf("the page says %q", a.body)
	}
}

// Cookies of another path or domain can hide behind one name. A few are ended, and
// nobody makes the server work through a header full of them.
func TestSeveralRefreshCookiesAreAllEnded(t *testing.T) {
	for _, path := range []string{"/logout", "/login"} {
		s := newSite(t, func(c *core.Config) { c.MaxSessions = -1 })
		one, other := s.login("ada"), s.login("ada")
		b := s.newBrowser()
		r := b.request("POST", path, url.Values{"user": {"bob"}})
		r.Header.Set("Cookie", strings.Repeat("refresh_token="+one.RefreshToken+"; ", 1000)+"refresh_token="+other.RefreshToken)
		s.store.total()
		b.do(r).want(t, 200, "")
		if n := s.store.total(); n > 5 { // two to end each session and to tell whose it was, and the login
			t.Errorf("%s cost %d calls of the store", path, n)
		}
		if n := s.live("ada"); n != 0 {
			t.Errorf("after %s ada has %d live sessions", path, n)
		}
	}
}

// A limit fails closed: a logout never says success while a session may go on.
func TestALogoutBeyondItsLimitsIsAnError(t *testing.T) {
	for _, test := range []struct {
		name   string
		plant  func(w *world, r *http.Request) // in front of the victim's cookies
		status int
	}{
		{"dead sessions of the attacker", func(w *world, r *http.Request) {
			for range 31 {
				pair := w.login("eve")
				w.Logout(w.ctx, pair.RefreshToken)
				r.AddCookie(&http.Cookie{Name: "refresh_token", Value: pair.RefreshToken})
			}
		}, 200},
		{"more dead sessions than are looked at", func(w *world, r *http.Request) {
			for range 32 {
				r.AddCookie(&http.Cookie{Name: "refresh_token", Value: w.login("eve").RefreshToken})
			}
		}, 400},
		{"junk for access tokens", func(_ *world, r *http.Request) {
			for i := range 63 {
				r.AddCookie(&http.Cookie{Name: "access_token", Value: fmt.Sprint("junk", i)})
			}
		}, 200},
		{"more junk than is looked at", func(_ *world, r *http.Request) {
			for i := range 64 {
				r.AddCookie(&http.Cookie{Name: "access_token", Value: fmt.Sprint("junk", i)})
			}
		}, 400},
		{"forged refresh tokens", func(w *world, r *http.Request) {
			for _, text := range forgeries(w.t, 201) {
				r.AddCookie(&http.Cookie{Name: "refresh_token", Value: text})
			}
		}, 400},
		{"thousands of cookies", func(_ *world, r *http.Request) { r.Header.Set("Cookie", strings.Repeat("a;", 3000)) }, 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, manySessions)
			pair := w.login("ada")
			r := httptest.NewRequest("POST", "/logout", nil)
			test.plant(w, r)
			r.AddCookie(&http.Cookie{Name: "access_token", Value: pair.AccessToken})
			r.AddCookie(&http.Cookie{Name: "refresh_token", Value: pair.RefreshToken})
			rec := httptest.NewRecorder()
			err := w.ClearTokenCookies(rec, r)
			if err != nil {
				w.WriteError(rec, r, err)
			}
			if rec.Code != test.status || errors.Is(err, core.ErrTooManyCookies) != (test.status == 400) {
				t.Errorf("the logout is %d: %v", rec.Code, err)
			}
			if n := w.live("ada"); n > 0 && rec.Code == 200 {
				t.Error("the logout succeeded, and the session goes on")
			}
			if n := len(rec.Header()["Set-Cookie"]); n > 0 && rec.Code != 200 {
				t.Errorf("%d cookies are deleted", n)
			}
		})
	}
}

func TestLogoutWithoutTheRefreshCookie(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.Cookies.RefreshPath = "/refresh" })
	b := s.newBrowser()
	b.logIn("ada")
	s.expire()
	b.post("/logout", nil).want(t, 200, "")
	if n := s.live("ada"); n != 0 {
		t.Errorf("ada has %d live sessions", n)
	}
	b.setCookie("access_token", "junk")
	b.post("/logout", nil).want(t, 200, "")
}

func TestLogoutWithAWorthlessRefreshCookie(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	b.setCookie("refresh_token", "junk")
	b.post("/logout", nil).want(t, 200, "")
	if n := b.live("ada"); n != 0 {
		t.Errorf("ada has %d live sessions", n)
	}
}

// A browser's cookies may be there but for the access token's.
func TestALogoutEndsTheSessionOfTheRefreshTokenAndOfTheHeader(t *testing.T) {
	s := newSite(t, nil)
	b := s.newBrowser()
	ada, eve := s.login("ada"), s.login("eve")
	r := b.request("POST", "/logout", nil)
	r.AddCookie(&http.Cookie{Name: "refresh_token", Value: ada.RefreshToken})
	r.Header.Set("Authorization", "Bearer "+eve.AccessToken)
	a := b.do(r)
	a.want(t, 200, "")
	if n := s.live("ada") + s.live("eve"); n != 0 {
		t.Errorf("%d sessions are live", n)
	}
	if len(a.Header.Values("Set-Cookie")) == 0 {
		t.Error("the cookies are kept")
	}
}

// A signer may know no sessions.
func TestALogoutOfAnAccessTokenWithoutASessionEndsNone(t *testing.T) {
	w := newWorld(t, nil)
	text, err := w.tokens.Sign(core.Claims{UserID: "ada", IssuedAt: start, ExpiresAt: start.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.AddCookie(&http.Cookie{Name: "access_token", Value: text})
	if err := w.ClearTokenCookies(httptest.NewRecorder(), r); err != nil {
		t.Error(err)
	}
	if n := w.store.total(); n != 0 {
		t.Errorf("the store was called %d times", n)
	}
}

func TestALogoutEndsTheOtherSessionsWhereTheStoreFailsForOne(t *testing.T) {
	w := newWorld(t, manySessions)
	r := withCookies("POST", w.login("ada"))
	for range 2 {
		r.AddCookie(&http.Cookie{Name: "refresh_token", Value: w.login("ada").RefreshToken})
	}
	failed := false
	w.store.before = func(string) error {
		if !failed {
			failed = true
			return errBroken
		}
		return nil
	}
	if err := w.ClearTokenCookies(httptest.NewRecorder(), r); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("the logout = %v", err)
	}
	if n := w.live("ada"); n != 1 {
		t.Errorf("%d sessions are live, want the first alone", n)
	}
}

func TestALogoutTellsWhose(t *testing.T) {
	s := newSite(t, nil)
	b := s.newBrowser()
	b.logIn("ada")
	s.expire()
	b.post("/logout", nil).want(t, 200, "")
	if e := s.events.last["revocation"]; e.UserID != "ada" || e.SessionID == "" {
		t.Errorf("a logout with both cookies tells of %+v", e)
	}

	pair := s.login("bob")
	r := b.request("POST", "/logout", nil)
	r.Header.Set("Authorization", "Bearer "+pair.AccessToken)
	b.do(r).want(t, 200, "")
	if e := s.events.last["revocation"]; e.UserID != "bob" || e.SessionID != pair.Claims.SessionID {
		t.Errorf("a logout of a client without cookies tells of %+v", e)
	}

	// The access token of one session says nothing of the user of another: the record does.
	told := map[string]string{}
	s = newSite(t, func(c *core.Config) {
		c.Hooks.Revocation = func(_ context.Context, e core.Event) { told[e.SessionID] = e.UserID }
	})
	b = s.newBrowser()
	ada, eve := s.login("ada"), s.login("eve")
	r = b.request("POST", "/logout", nil)
	r.AddCookie(&http.Cookie{Name: "refresh_token", Value: ada.RefreshToken})
	r.AddCookie(&http.Cookie{Name: "access_token", Value: eve.AccessToken})
	b.do(r).want(t, 200, "")
	if want := map[string]string{ada.Claims.SessionID: "ada", eve.Claims.SessionID: "eve"}; !maps.Equal(told, want) {
		t.Errorf("a logout with the tokens of two sessions tells of %v, want %v", told, want)
	}
	if n := s.live("ada") + s.live("eve"); n != 0 {
		t.Errorf("%d sessions are live", n)
	}
}

// A host of the same domain can plant tokens of its own account's, which come first, and
// junk.
func TestPlantedTokensHideNoSessionFromALogoutOrALogin(t *testing.T) {
	for _, path := range []string{"/logout", "/login"} {
		for name, test := range map[string]struct {
			junk, genuine int
			refreshPath   string
		}{
			"one refresh token":                    {0, 1, "/refresh"},
			"many refresh tokens":                  {0, 9, "/refresh"},
			"an access token":                      {1, 0, "/refresh"},
			"all of it where both tokens are seen": {1, 4, "/"},
		} {
			s := newSite(t, func(c *core.Config) { c.Cookies.RefreshPath = test.refreshPath })
			adas := s.login("ada")
			b := s.newBrowser()
			r := b.request("POST", path, url.Values{"user": {"bob"}})
			for range test.genuine {
				r.AddCookie(&http.Cookie{Name: "refresh_token", Value: s.login("mallory").RefreshToken})
			}
			for range test.junk {
				r.AddCookie(&http.Cookie{Name: "access_token", Value: "junk"})
			}
			r.AddCookie(&http.Cookie{Name: "access_token", Value: adas.AccessToken})
			if test.refreshPath == "/" {
				r.AddCookie(&http.Cookie{Name: "refresh_token", Value: adas.RefreshToken})
			}
			b.do(r).want(t, 200, "")
			if n := s.live("ada"); n != 0 {
				t.Errorf("%s hides %d sessions from %s", name, n, path)
			}
		}
	}
}

// No store is asked to end what is over anyway.
func TestALoginIgnoresAnOverdueRefreshToken(t *testing.T) {
	s := newSite(t, manySessions)
	b := s.newBrowser()
	overdue := s.login("ada").RefreshToken
	s.clock.Advance(8 * 24 * time.Hour)
	r := b.request("POST", "/login", url.Values{"user": {"ada"}})
	r.AddCookie(&http.Cookie{Name: "refresh_token", Value: overdue})
	s.store.total()
	b.do(r).want(t, 200, "")
	if n := s.store.total(); n != 1 {
		t.Errorf("the login cost %d calls of the store", n)
	}
}

func TestALogoutOfManySessionsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, manySessions)
		s, err := core.New(slowStore{w.store, 4 * time.Second}, w.tokens, core.Config{Secret: secret, Clock: w.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		r := requestWith("POST")
		for range 4 {
			r.AddCookie(&http.Cookie{Name: "refresh_token", Value: w.login("ada").RefreshToken})
		}
		for name, call := range map[string]func() error{
			"ClearTokenCookies": func() error { return s.ClearTokenCookies(httptest.NewRecorder(), r) },
			"SetTokenCookies":   func() error { return second(s.SetTokenCookies(httptest.NewRecorder(), r, "ada", core.LoginOptions{})) },
		} {
			began := time.Now()
			err := call()
			if took := time.Since(began); took > 10*time.Second || !errors.Is(err, core.ErrStoreUnavailable) {
				t.Errorf("%s took %v: %v", name, took, err)
			}
		}
	})
}

func TestALoginEndsTheSessionOfTheAccessTokenToo(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.Cookies.RefreshPath = "/refresh" })
	b := s.newBrowser()
	b.logIn("ada")
	b.logIn("bob")
	if n := s.live("ada"); n != 0 {
		t.Errorf("ada has %d live sessions", n)
	}
}

// The texts are several, the session is one: it ends, and is told of, once.
func TestSeveralTokensOfOneSessionEndItOnce(t *testing.T) {
	s := newSite(t, nil)
	first := s.login("ada")
	s.expire()
	second := s.refresh(first)
	b := s.newBrowser()
	r := b.request("POST", "/logout", nil)
	for _, text := range []string{first.RefreshToken, second.RefreshToken, first.RefreshToken} {
		r.AddCookie(&http.Cookie{Name: "refresh_token", Value: text})
	}
	r.AddCookie(&http.Cookie{Name: "access_token", Value: second.AccessToken})
	s.store.total()
	b.do(r).want(t, 200, "")
	if n, told := s.store.total(), s.events.count("revocation"); n != 1 || told != 1 {
		t.Errorf("%d calls of the store, told %d times", n, told)
	}
}

func TestALogoutOutlivesItsRequest(t *testing.T) {
	for name, end := range map[string]func(*world, context.Context, core.Tokens) error{
		"Logout": func(w *world, ctx context.Context, p core.Tokens) error { return w.Logout(ctx, p.RefreshToken) },
		"RevokeUser": func(w *world, ctx context.Context, _ core.Tokens) error {
			_, err := w.RevokeUser(ctx, "ada")
			return err
		},
	} {
		w := newWorld(t, nil)
		pair := w.login("ada")
		ctx, cancel := context.WithCancel(t.Context())
		w.store.before = func(string) error { cancel(); return nil }
		if err := end(w, ctx, pair); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		w.store.mend()
		if n := w.live("ada"); n != 0 {
			t.Errorf("after %s ada has %d live sessions", name, n)
		}
	}
}

// TokenRequired takes the token of the header, whatever cookie of that name another
// application has set: so does a logout.
func TestALogoutEndsTheSessionOfTheHeader(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	r := httptest.NewRequest("POST", "/logout", nil)
	r.Header.Set("Authorization", "Bearer "+pair.AccessToken)
	r.AddCookie(&http.Cookie{Name: "access_token", Value: "of-another-application"})
	err := w.ClearTokenCookies(httptest.NewRecorder(), r)
	if n := w.live("ada"); err == nil && n != 0 {
		t.Errorf("the logout succeeded, and %d session lives", n)
	}
}

func TestAFailureToEndTwoSessionsIsToldOnce(t *testing.T) {
	for name, do := range map[string]func(w *world, r *http.Request) error{
		"SetTokenCookies": func(w *world, r *http.Request) error {
			return second(w.SetTokenCookies(httptest.NewRecorder(), r, "bob", core.LoginOptions{}))
		},
		"ClearTokenCookies": func(w *world, r *http.Request) error { return w.ClearTokenCookies(httptest.NewRecorder(), r) },
	} {
		w := newWorld(t, nil)
		a, b := w.login("ada"), w.login("bob")
		w.store.fail(errBroken, "Revoke")
		r := withCookies("POST", core.Tokens{AccessToken: a.AccessToken, RefreshToken: b.RefreshToken})
		if err := do(w, r); !errors.Is(err, core.ErrStoreUnavailable) {
			t.Fatal(err)
		}
		if n := w.events.count("rejection"); n != 1 {
			t.Errorf("%s: one failure was told by Rejection %d times", name, n)
		}
	}
}
