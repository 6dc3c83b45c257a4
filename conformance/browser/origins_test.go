package browser_test

import (
	"net/http"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestFrontEndsOfOtherOrigins(t *testing.T) {
	for _, test := range []struct {
		name, front, evil string
		mode              http.SameSite
	}{
		{"of the same site", "web.example.com", "evil.example.com", http.SameSiteLaxMode},
		{"of another site", "front.test", "evil.test", http.SameSiteNoneMode},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, nil)
			s.configure(func(c *core.Config) {
				c.Cookies.SameSite = test.mode
				c.TrustedOrigins = []string{s.at(test.front, "")}
			})
			me, refresh, logout := s.at("app.example.com", "/me"), s.at("app.example.com", "/refresh"), s.at("app.example.com", "/logout")
			p := newProfile(t)
			front := p.open(s.at(test.front, "/"))
			front.want("200", "POST", s.at("app.example.com", "/login/ada"))
			s.clock.expire()

			evil := p.open(s.at(test.evil, "/"))
			for _, path := range []string{"/refresh", "/logout"} {
				evil.want("unreadable", "POST", s.at("app.example.com", path))
				if got := s.last(path); got != (request{bothCookies, "403 cross_origin"}) {
					t.Errorf("%s gets %q and is %q", path, got.cookies, got.outcome)
				}
			}
			if jar := p.cookies(); jar != bothCookies || s.live("ada") != 1 {
				t.Errorf("the untrusted origin leaves the cookies %q and %d sessions", jar, s.live("ada"))
			}

			front.want("401 access_token_expired", "GET", me)
			front.want("204", "POST", refresh)
			front.want("200 ada", "GET", me)
			front.want("200", "POST", logout)
			if jar := p.cookies(); jar != "" || s.live("ada") != 0 {
				t.Errorf("the logout leaves the cookies %q and %d sessions", jar, s.live("ada"))
			}
		})
	}
}

// An attacker who can't send the request has somebody send it who can.
func TestNobodyBorrowsAnOrigin(t *testing.T) {
	s := newSite(t, nil)
	s.configure(func(c *core.Config) {
		c.Cookies.SameSite = http.SameSiteNoneMode
		c.TrustedOrigins = []string{s.at("front.test", "")}
	})
	p := newProfile(t)
	app, front := p.open(s.at("app.example.com", "/")), p.open(s.at("front.test", "/"))
	app.want("200", "POST", s.at("app.example.com", "/login/ada"))
	s.clock.expire()
	for _, path := range []string{"/refresh", "/logout"} {
		target := s.at("app.example.com", path)
		app.visit(s.at("app.example.com", "/"))
		front.visit(s.at("front.test", "/"))
		for _, way := range []struct {
			name string
			send func()
		}{
			{"a sandbox in a trusted page", func() { front.sandbox(s.at("front.test", "/")).fire("POST", target) }},
			{"a sandbox in our own page", func() { app.sandbox(s.at("app.example.com", "/")).fire("POST", target) }},
			{"a form of a trusted page that goes by the attacker", func() { front.submit(s.bounce("evil.test", target)) }},
			{"a form of our own page that goes by the attacker", func() { app.submit(s.bounce("evil.test", target)) }},
		} {
			way.send()
			if got := s.last(path); got != (request{bothCookies, "403 cross_origin"}) {
				t.Errorf("%s to %s brings %q and is %q", way.name, path, got.cookies, got.outcome)
			}
		}
	}
	if jar := p.cookies(); jar != bothCookies || s.live("ada") != 1 {
		t.Errorf("there are the cookies %q and %d sessions", jar, s.live("ada"))
	}
}
