package browser_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// jar returns the names of both cookies as a jar has them.
func jar(c core.Cookies) string {
	if c.AccessTokenName == "" {
		c.AccessTokenName, c.RefreshTokenName = "access_token", "refresh_token"
	}
	names := []string{c.Prefix + c.AccessTokenName, c.Prefix + c.RefreshTokenName}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestCookiesCanChangeWhileUsersAreLoggedIn(t *testing.T) {
	browser := newProfile(t).open("about:blank")
	const none = http.SameSiteNoneMode
	for _, test := range []struct {
		name     string
		from, to core.Cookies
	}{
		{"a prefix", core.Cookies{}, core.Cookies{Prefix: "__Host-"}},
		{"from Insecure", core.Cookies{Insecure: true}, core.Cookies{Prefix: "__Host-"}},
		{"from Domain and RefreshPath", core.Cookies{Domain: "example.com", RefreshPath: "/refresh"}, core.Cookies{Prefix: "__Host-"}},
		{"to Domain and RefreshPath", core.Cookies{Prefix: "__Host-"}, core.Cookies{Prefix: "__Secure-", Domain: "example.com", RefreshPath: "/refresh"}},
		{"to None and Partitioned", core.Cookies{}, core.Cookies{Prefix: "__Host-", SameSite: none, Partitioned: true}},
		{"from None and Partitioned", core.Cookies{AccessTokenName: "a", RefreshTokenName: "r", SameSite: none, Partitioned: true}, core.Cookies{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, nil)
			tab := browser.in(t)
			tab.visit(s.at("app.example.com", "/"))
			me, login, refresh, logout := s.at("app.example.com", "/me"), s.at("app.example.com", "/login/ada"), s.at("app.example.com", "/refresh"), s.at("app.example.com", "/logout")
			// loggedIn has the user log in with the old cookies, and the site restart.
			loggedIn := func() {
				t.Helper()
				s.configure(func(c *core.Config) { c.Cookies = test.from })
				tab.want("200", "POST", login)
				tab.hasCookies(jar(test.from))
				s.configure(func(c *core.Config) {
					c.Cookies = test.to
					c.Cookies.Previous = []core.Cookies{test.from}
				})
				tab.want("200 ada", "GET", me)
			}

			loggedIn()
			s.clock.expire()
			tab.want("204", "POST", refresh)
			tab.hasCookies(jar(test.to))
			tab.want("200 ada", "GET", me)
			tab.want("200", "POST", logout)
			tab.hasCookies("")

			loggedIn()
			tab.want("200", "POST", logout)
			tab.hasCookies("")
			if n := s.live("ada"); n != 0 {
				t.Errorf("after a logout with the old cookies there are %d sessions", n)
			}

			loggedIn()
			s.clock.advance(8 * 24 * time.Hour)
			tab.want("401 invalid_refresh_token", "POST", refresh)
			tab.hasCookies("")

			loggedIn()
			tab.want("200", "POST", login)
			tab.hasCookies(jar(test.to))
			tab.want("200 ada", "GET", me)
		})
	}
}

// While servers are restarted one after the other, some know the new names as the
// present ones and some as previous ones.
func TestServersCanChangeTheCookiesOneByOne(t *testing.T) {
	s := newSite(t, nil)
	tab := newProfile(t).open(s.at("app.example.com", "/"))
	plain, host := core.Cookies{}, core.Cookies{Prefix: "__Host-"}
	for i := range 5 {
		s.configure(func(c *core.Config) {
			c.Cookies, c.Cookies.Previous = plain, []core.Cookies{host}
			if i%2 == 1 {
				c.Cookies, c.Cookies.Previous = host, []core.Cookies{plain}
			}
		})
		if i == 0 {
			tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
		}
		tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
		s.clock.expire()
		tab.want("204", "POST", s.at("app.example.com", "/refresh"))
		tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
	}
	if n := s.live("ada"); n != 1 {
		t.Errorf("%d sessions", n)
	}
}
