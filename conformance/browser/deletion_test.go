package browser_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestCookiesAreReallyDeleted(t *testing.T) {
	browser := newProfile(t).open("about:blank")
	const none = http.SameSiteNoneMode
	for name, cookies := range map[string]core.Cookies{
		"default":                             {},
		"Insecure":                            {Insecure: true},
		"Strict":                              {SameSite: http.SameSiteStrictMode},
		"None":                                {SameSite: none},
		"Domain":                              {Domain: "example.com"},
		"Domain of the host":                  {Domain: "app.example.com"},
		"RefreshPath":                         {RefreshPath: "/refresh"},
		"Domain and RefreshPath":              {Domain: "example.com", RefreshPath: "/refresh"},
		"Partitioned":                         {SameSite: none, Partitioned: true},
		"Partitioned, Domain and RefreshPath": {SameSite: none, Partitioned: true, Domain: "example.com", RefreshPath: "/refresh"},
		"__Host-":                             {Prefix: "__Host-"},
		"__Host- and Partitioned":             {Prefix: "__Host-", SameSite: none, Partitioned: true},
		"__Secure-":                           {Prefix: "__Secure-", Domain: "example.com", RefreshPath: "/refresh"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(c *core.Config) { c.Cookies = cookies })
			tab := browser.in(t)
			tab.visit(s.at("app.example.com", "/"))
			logIn := func() {
				t.Helper()
				tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
				s.clock.expire()
				tab.want("204", "POST", s.at("app.example.com", "/refresh"))
				tab.hasCookies(jar(cookies))
			}
			logIn()
			tab.want("200", "POST", s.at("app.example.com", "/logout"))
			tab.hasCookies("")
			logIn()
			s.clock.advance(8 * 24 * time.Hour)
			tab.want("401 invalid_refresh_token", "POST", s.at("app.example.com", "/refresh"))
			tab.hasCookies("")
		})
	}
}
