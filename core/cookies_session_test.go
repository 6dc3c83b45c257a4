package core_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func withSessionCookie(c *core.Config) { c.Cookies.SessionName = "session" }

func withoutSessionCookie(c *core.Config) { c.Cookies.SessionName = "-" }

func TestTheSessionsCookieIsOnByDefault(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	if b.cookie("token_session") == "" {
		t.Error("there is no token_session")
	}
	b = newSite(t, withoutSessionCookie).newBrowser()
	b.logIn("ada")
	if cookies := b.jar.Cookies(b.url()); len(cookies) != 2 {
		t.Errorf("where it is off the cookies are %v", cookies)
	}
}

// take puts the cookies of an answer into the jar, whenever it was given.
func (b *browser) take(a answer) { b.jar.SetCookies(b.url(), a.Cookies()) }

// An answer to a refresh is on its way while somebody else logs in, or while its user
// logs out, and arrives after that.
func TestALateAnswerMakesNobodyTheOldUser(t *testing.T) {
	for _, test := range []struct {
		name      string
		change    func(*core.Config)
		meanwhile func(*browser)
		status    int
		body      string
	}{
		{"another login", withSessionCookie, func(b *browser) { b.logIn("bob") }, 401, "invalid_access_token"},
		{"another login of the same user", withSessionCookie, func(b *browser) { b.logIn("ada") }, 401, "invalid_access_token"},
		{"a logout", withSessionCookie, func(b *browser) { b.post("/logout", nil).want(b.t, 200, "") }, 401, "invalid_access_token"},
		{"a session that ended elsewhere", withSessionCookie, func(b *browser) {
			if _, err := b.RevokeUser(b.ctx, "ada"); err != nil {
				b.t.Fatal(err)
			}
			b.clock.Advance(10 * time.Second)
			b.post("/refresh", nil).want(b.t, 401, "invalid_refresh_token")
		}, 401, "invalid_access_token"},
		{"without the cookie", withoutSessionCookie, func(b *browser) { b.logIn("bob") }, 200, "ada"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newSite(t, test.change).newBrowser()
			b.logIn("ada")
			b.expire()
			late := b.copy().post("/refresh", nil)
			late.want(t, 204, "")
			test.meanwhile(b)
			b.take(late)
			// Just before the late access token expires.
			b.clock.Advance(49*time.Second + 999*time.Millisecond)
			if me := b.get("/me"); me.StatusCode != test.status || !strings.Contains(me.body, test.body) {
				t.Errorf("the page: %d %s, want %d %s", me.StatusCode, me.body, test.status, test.body)
			}
			b.logIn("carol")
			if me := b.get("/me"); me.body != "carol" {
				t.Errorf("after a new login: %d %s", me.StatusCode, me.body)
			}
		})
	}
}

func TestTheSessionsCookieIsSetByLoginsAndLogoutsAlone(t *testing.T) {
	b := newSite(t, func(c *core.Config) {
		withSessionCookie(c)
		c.IdleTimeout = time.Hour
	}).newBrowser()
	a := b.post("/login", map[string][]string{"user": {"ada"}})
	sessions, err := b.Sessions(b.ctx, "ada")
	if err != nil || len(sessions) != 1 {
		t.Fatal(sessions, err)
	}
	// It lasts as long as the session can, because no refresh makes it last longer.
	wantSessionCookie(t, a, sessions[0].ID, 7*24*time.Hour)
	for range 3 {
		b.expire()
		a := b.post("/refresh", nil)
		a.want(t, 204, "")
		if len(a.Cookies()) != 2 {
			t.Errorf("a refresh sets %v", a.Cookies())
		}
		if me := b.get("/me"); me.body != "ada" {
			t.Errorf("after a refresh: %d %s", me.StatusCode, me.body)
		}
	}
	a = b.post("/logout", nil)
	wantSessionCookie(t, a, "none", 70*time.Second+5*time.Minute)
	if len(a.Cookies()) != 3 {
		t.Errorf("a logout sets %v", a.Cookies())
	}
	b.get("/me").want(t, 401, "missing_access_token")
}

func wantSessionCookie(t *testing.T, a answer, value string, lasts time.Duration) {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Name != "session" {
			continue
		}
		if c.Value != value || c.MaxAge != int(lasts/time.Second) || c.Path != "/" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("the session's cookie is %v, want %s for %v", c, value, lasts)
		}
		return
	}
	t.Errorf("no session's cookie in %v", a.Cookies())
}

func TestWhatTheSessionsCookieSays(t *testing.T) {
	b := newSite(t, withSessionCookie).newBrowser()
	b.logIn("ada")
	access, own := b.cookie("access_token"), b.cookie("session")
	other := b.newBrowser()
	other.logIn("bob")
	foreign := other.cookie("session")
	for _, test := range []struct {
		name, cookies, bearer, code string
	}{
		{"its own session", "session=" + own, "", ""},
		{"nothing, as for a session from before there was the cookie", "", "", ""},
		{"another session", "session=" + foreign, "", "invalid_access_token"},
		{"a logout", "session=none", "", "invalid_access_token"},
		{"no session", "session=", "", "invalid_access_token"},
		{"its own session and another", "session=" + own + "; session=" + foreign, "", "invalid_access_token"},
		{"its own session twice", "session=" + own + "; session=" + own, "", ""},
		{"another session, to a bearer token", "session=" + foreign, access, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := b.request("GET", "/me", nil)
			cookies := test.cookies
			if test.bearer != "" {
				r.Header.Set("Authorization", "Bearer "+test.bearer)
			} else {
				cookies = "access_token=" + access + "; " + cookies
			}
			r.Header.Set("Cookie", cookies)
			a := b.newBrowser().do(r)
			if test.code != "" {
				a.want(t, 401, test.code)
			} else if a.body != "ada" {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	}
}

// The name of the session's cookie can change like the others, and an answer to a
// refresh that does so leaves it alone.
func TestTheSessionsCookieCanBeRenamed(t *testing.T) {
	before := newWorld(t, withSessionCookie)
	w := newWorldOn(t, before.store, before.clock, func(c *core.Config) {
		c.Cookies = core.Cookies{Prefix: "__Host-", SessionName: "login", Previous: []core.Cookies{{SessionName: "session"}}}
	})
	old := loginCookies(t, before)
	w.expire()
	rec := serve(w.RefreshAccessToken(nil), requestWith("POST", old["access_token"], old["refresh_token"], old["session"]))
	set := setCookies(t, rec.Header())
	if rec.Code != 204 || len(set) != 4 || set["session"] != nil || set["__Host-login"] != nil {
		t.Fatalf("a refresh: %d, %v", rec.Code, set)
	}
	access := set["__Host-access_token"]
	other := loginCookies(t, before)["session"]
	for name, test := range map[string]struct {
		session *http.Cookie
		status  int
	}{"its own session": {old["session"], 200}, "another session": {other, 401}} {
		if rec := serve(w.TokenRequired(ok), requestWith("GET", access, test.session)); rec.Code != test.status {
			t.Errorf("%s by the previous name: %d, want %d", name, rec.Code, test.status)
		}
	}
	set = loginCookies(t, w, access, old["session"])
	if set["__Host-login"] == nil || set["session"] == nil || set["session"].MaxAge != -1 {
		t.Errorf("a login sets %v", set)
	}
	rec = httptest.NewRecorder()
	if err := w.ClearTokenCookies(rec, requestWith("POST", set["__Host-access_token"])); err != nil {
		t.Fatal(err)
	}
	set = setCookies(t, rec.Header())
	if left := set["__Host-login"]; left == nil || left.Value != "none" || !left.Secure || set["session"] == nil || set["session"].MaxAge != -1 {
		t.Errorf("a logout sets %v", set)
	}
}

func TestAVerifierHeedsTheSessionsCookie(t *testing.T) {
	w := newWorld(t, withSessionCookie)
	set := loginCookies(t, w)
	v, err := core.NewVerifier(w.tokens, core.VerifierConfig{Cookies: core.Cookies{SessionName: "session"}, Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for value, status := range map[string]int{set["session"].Value: 200, "none": 401} {
		r := requestWith("GET", set["access_token"], &http.Cookie{Name: "session", Value: value})
		if rec := serve(v.TokenRequired(ok), r); rec.Code != status {
			t.Errorf("%s: %d, want %d", value, rec.Code, status)
		}
	}
}

func TestALogoutLastsAsLongAsAVerifierTakesTheToken(t *testing.T) {
	w := newWorld(t, withSessionCookie)
	v, err := core.NewVerifier(w.tokens, core.VerifierConfig{Cookies: core.Cookies{SessionName: "session"}, Clock: w.clock.Now, Leeway: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	set := loginCookies(t, w)
	w.expire()
	late := serve(w.RefreshAccessToken(nil), requestWith("POST", set["access_token"], set["refresh_token"], set["session"]))
	rec := httptest.NewRecorder()
	if err := w.ClearTokenCookies(rec, requestWith("POST", set["access_token"], set["refresh_token"])); err != nil {
		t.Fatal(err)
	}
	none := setCookies(t, rec.Header())["session"]
	w.clock.Advance(time.Duration(none.MaxAge) * time.Second) // the browser drops it
	if rec := serve(v.TokenRequired(ok), requestWith("GET", setCookies(t, late.Header())["access_token"])); rec.Code == 200 {
		t.Errorf("%d s after the logout the late answer's access token is good again", none.MaxAge)
	}
}
