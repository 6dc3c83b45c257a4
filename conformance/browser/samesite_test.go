package browser_test

import (
	"net/http"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// What a page of another site can make the browser send with the cookies.
func TestWhatOtherSitesCanSend(t *testing.T) {
	browser := newProfile(t).open("about:blank")
	for _, test := range []struct {
		name                             string
		mode                             http.SameSite
		link, form, fetch, frame, typing string
	}{
		{name: "Lax", mode: http.SameSiteLaxMode, link: bothCookies, typing: bothCookies},
		{name: "Strict", mode: http.SameSiteStrictMode, typing: bothCookies},
		{name: "None", mode: http.SameSiteNoneMode, link: bothCookies, form: bothCookies, fetch: bothCookies, frame: bothCookies, typing: bothCookies},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *core.Config) { c.Cookies.SameSite = test.mode })
			tab := browser.in(t)
			tab.visit(s.at("app.example.com", "/"))
			tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
			me := s.at("app.example.com", "/me")

			sent := func(how, want string, send func()) {
				t.Helper()
				tab.visit(s.at("other.test", "/"))
				send()
				if got := s.last("/me").cookies; got != want {
					t.Errorf("%s brings %q, want %q", how, got, want)
				}
			}
			sent("a link", test.link, func() { tab.follow(me) })
			sent("a form", test.form, func() { tab.submit(me) })
			sent("a fetch", test.fetch, func() { tab.fire("POST", me) })
			sent("a frame", test.frame, func() { tab.embed(me) })
			sent("an address typed in", test.typing, func() { tab.visit(me) })
		})
	}
}

// Pages of the same site get past SameSite, and not past the check of the origin.
func TestASiblingCanNotRefreshOrLogOut(t *testing.T) {
	s := newSite(t, nil)
	p := newProfile(t)
	app := p.open(s.at("app.example.com", "/"))
	app.want("200", "POST", s.at("app.example.com", "/login/ada"))
	s.clock.expire()
	evil := p.open(s.at("evil.example.com", "/"))
	for _, path := range []string{"/refresh", "/logout"} {
		evil.fire("POST", s.at("app.example.com", path))
		if got := s.last(path); got != (request{bothCookies, "403 cross_origin"}) {
			t.Errorf("a fetch of %s brings %q and is %q", path, got.cookies, got.outcome)
		}
		if got := evil.submit(s.at("app.example.com", path)); got != "403 cross_origin" {
			t.Errorf("a form to %s is %q", path, got)
		}
		evil.visit(s.at("evil.example.com", "/"))
	}
	if jar := p.cookies(); jar != bothCookies || s.live("ada") != 1 {
		t.Errorf("there are the cookies %q and %d sessions", jar, s.live("ada"))
	}
	app.want("204", "POST", s.at("app.example.com", "/refresh"))
	app.want("200 ada", "GET", s.at("app.example.com", "/me"))
}
