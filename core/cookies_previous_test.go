package core_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// renamed is a server whose cookies have got other names than those of before.
func renamed(t *testing.T, before *world) *world {
	t.Helper()
	return newWorldOn(t, before.store, before.clock, func(c *core.Config) {
		c.Cookies = core.Cookies{Prefix: "__Host-", Previous: []core.Cookies{
			{AccessTokenName: "oldest_access", RefreshTokenName: "oldest_refresh"},
			{Domain: "example.com", RefreshPath: "/auth"},
		}}
	})
}

// loginCookies logs ada in and returns the cookies that a browser then has.
func loginCookies(t *testing.T, w *world, presented ...*http.Cookie) map[string]*http.Cookie {
	t.Helper()
	rec := httptest.NewRecorder()
	if _, err := w.SetTokenCookies(rec, requestWith("POST", presented...), "ada", core.LoginOptions{}); err != nil {
		t.Fatal(err)
	}
	return setCookies(t, rec.Header())
}

func requestWith(method string, cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

var ok = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// deletesPrevious fails the test unless the previous cookies are deleted, with the
// attributes they were set with.
func deletesPrevious(t *testing.T, header http.Header) {
	t.Helper()
	set := setCookies(t, header)
	for _, want := range []http.Cookie{
		{Name: "access_token", Path: "/", Domain: "example.com"},
		{Name: "refresh_token", Path: "/auth", Domain: "example.com"},
		{Name: "oldest_access", Path: "/"},
		{Name: "oldest_refresh", Path: "/"},
	} {
		want.MaxAge, want.Secure, want.HttpOnly, want.SameSite = -1, true, true, http.SameSiteLaxMode
		if got := set[want.Name]; got == nil || got.String() != want.String() {
			t.Errorf("the cookie is %s, want %s", got, &want)
		}
	}
}

func TestPreviousCookiesAreAcceptedAndReplaced(t *testing.T) {
	before := newWorld(t, func(c *core.Config) { c.Cookies = core.Cookies{Domain: "example.com", RefreshPath: "/auth"} })
	old := loginCookies(t, before)
	w := renamed(t, before)
	if rec := serve(w.TokenRequired(ok), requestWith("GET", old["access_token"])); rec.Code != 200 {
		t.Fatalf("TokenRequired: %d %s", rec.Code, rec.Body)
	}
	w.expire()
	rec := serve(w.RefreshAccessToken(nil), requestWith("POST", old["access_token"], old["refresh_token"]))
	if rec.Code != 204 {
		t.Fatalf("RefreshAccessToken: %d %s", rec.Code, rec.Body)
	}
	deletesPrevious(t, rec.Header())
	set := setCookies(t, rec.Header())
	access, refresh := set["__Host-access_token"], set["__Host-refresh_token"]
	if access == nil || refresh == nil {
		t.Fatalf("the cookies of the present names are not set: %v", rec.Header())
	}
	if rec := serve(w.TokenRequired(ok), requestWith("GET", access)); rec.Code != 200 {
		t.Errorf("TokenRequired with the new cookie: %d %s", rec.Code, rec.Body)
	}
	// One that the browser has taken up, and the other one not yet.
	w.expire()
	if rec := serve(w.RefreshAccessToken(nil), requestWith("POST", old["access_token"], refresh)); rec.Code != 204 {
		t.Errorf("RefreshAccessToken with one of each: %d %s", rec.Code, rec.Body)
	}
}

func TestACookieOfThePresentNameGoesBeforeThePreviousOne(t *testing.T) {
	before := newWorld(t, nil)
	planted := loginCookies(t, before)["access_token"]
	w := renamed(t, before)
	own := loginCookies(t, w)["__Host-access_token"]
	own.Value += "x" // not genuine: the other one must not stand in for it
	if rec := serve(w.TokenRequired(ok), requestWith("GET", planted, own)); rec.Code != 401 {
		t.Errorf("TokenRequired: %d", rec.Code)
	}
}

// Two of the present name are no guess either, be they empty.
func TestTwoEmptyCookiesMakeNoWayForThePreviousOne(t *testing.T) {
	before := newWorld(t, nil)
	old := loginCookies(t, before)
	w := renamed(t, before)
	empty := &http.Cookie{Name: "__Host-access_token"}
	if rec := serve(w.TokenRequired(ok), requestWith("GET", empty, empty, old["access_token"])); rec.Code != 401 {
		t.Errorf("TokenRequired: %d", rec.Code)
	}
	if rec := serve(w.TokenRequired(ok), requestWith("GET", empty, old["access_token"])); rec.Code != 200 {
		t.Errorf("TokenRequired with one empty cookie: %d", rec.Code)
	}
	w.expire()
	empty = &http.Cookie{Name: "__Host-refresh_token"}
	if rec := serve(w.RefreshAccessToken(nil), requestWith("POST", empty, empty, old["access_token"], old["refresh_token"])); rec.Code != 401 {
		t.Errorf("RefreshAccessToken: %d", rec.Code)
	}
}

func TestTwoPreviousCookiesOfOneNameAreNone(t *testing.T) {
	before := newWorld(t, nil)
	old := loginCookies(t, before)
	w := renamed(t, before)
	w.expire()
	for name, r := range map[string]*http.Request{
		"access token":  requestWith("POST", old["access_token"], old["access_token"], old["refresh_token"]),
		"refresh token": requestWith("POST", old["access_token"], old["refresh_token"], old["refresh_token"]),
	} {
		rec := serve(w.RefreshAccessToken(nil), r)
		if rec.Code != 401 || len(rec.Header()["Set-Cookie"]) > 0 {
			t.Errorf("two of the %s: %d, %v", name, rec.Code, rec.Header())
		}
	}
}

func TestALoginEndsTheSessionOfThePreviousCookies(t *testing.T) {
	unlimited := func(c *core.Config) { c.MaxSessions = -1 }
	before := newWorld(t, unlimited)
	old := loginCookies(t, before)
	w := newWorldOn(t, before.store, before.clock, func(c *core.Config) {
		unlimited(c)
		c.Cookies = core.Cookies{Prefix: "__Host-", Previous: []core.Cookies{{}}}
	})
	loginCookies(t, w, old["refresh_token"])
	if n := w.live("ada"); n != 1 {
		t.Errorf("%d sessions are live", n)
	}
}

func TestALogoutWithPreviousCookiesEndsTheirSession(t *testing.T) {
	for _, name := range []string{"access_token", "refresh_token"} {
		t.Run(name, func(t *testing.T) {
			before := newWorld(t, nil)
			old := loginCookies(t, before)
			w := renamed(t, before)
			rec := httptest.NewRecorder()
			if err := w.ClearTokenCookies(rec, requestWith("POST", old[name])); err != nil {
				t.Fatal(err)
			}
			deletesPrevious(t, rec.Header())
			if n := w.live("ada"); n != 0 {
				t.Errorf("%d sessions are live", n)
			}
		})
	}
}

func TestAVerifierAcceptsPreviousCookies(t *testing.T) {
	before := newWorld(t, nil)
	old := loginCookies(t, before)
	v, err := core.NewVerifier(before.tokens, core.VerifierConfig{
		Clock: before.clock.Now, Cookies: core.Cookies{Prefix: "__Secure-", Previous: []core.Cookies{{}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if rec := serve(v.TokenRequired(ok), requestWith("GET", old["access_token"])); rec.Code != 200 {
		t.Errorf("TokenRequired: %d %s", rec.Code, rec.Body)
	}
}
