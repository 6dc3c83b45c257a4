package browser_test

import (
	"sort"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

const bothCookies = "access_token refresh_token"

func TestScriptsSeeNoCookies(t *testing.T) {
	s := newSite(t, nil)
	tab := newProfile(t).open(s.at("app.example.com", "/"))
	tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
	tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
	for _, script := range []string{
		`document.cookie`,
		`cookieStore.getAll().then(all => all.map(c => c.name).join(" "))`,
	} {
		if seen := tab.value(script); seen != "" {
			t.Errorf("%s gives %q", script, seen)
		}
	}
	if jar := tab.cookies(); jar != bothCookies {
		t.Errorf("the jar has %q", jar)
	}
}

func TestCookiesAreNotSentOverPlainHTTP(t *testing.T) {
	for _, test := range []struct {
		name     string
		insecure bool
		want     string
	}{
		{"Secure", false, ""},
		{"Insecure", true, bothCookies},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *core.Config) { c.Cookies.Insecure = test.insecure })
			tab := newProfile(t).open(s.at("app.example.com", "/"))
			tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
			plain := s.plain()
			// An address that is typed in gets all cookies that can be sent there at all.
			tab.visit(plain.at("app.example.com", "/me"))
			if sent := plain.last("/me").cookies; sent != test.want {
				t.Errorf("over plain HTTP %q are sent, want %q", sent, test.want)
			}
		})
	}
}

func TestPlainHTTPCanNotReplaceTheCookies(t *testing.T) {
	s := newSite(t, nil)
	tab := newProfile(t).open(s.at("app.example.com", "/"))
	tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
	plain := s.plain() // what somebody on the way answers
	tab.visit(plain.plant("app.example.com",
		"access_token=planted", "refresh_token=planted; Path=/", "access_token=planted; Path=/me",
		"access_token=planted; Domain=example.com; Path=/", "access_token=; Path=/; Max-Age=0"))
	if got := tab.visit(s.at("app.example.com", "/me")); got != "200 ada" {
		t.Errorf("the page is %q", got)
	}
	if sent := s.last("/me").cookies; sent != bothCookies {
		t.Errorf("the cookies are %q", sent)
	}
}

func TestOtherHostsGetTheCookiesOnlyByDomain(t *testing.T) {
	browser := newProfile(t).open("about:blank")
	for _, test := range []struct{ name, domain, others string }{
		{"host-only", "", ""},
		{"Domain", "example.com", bothCookies},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *core.Config) { c.Cookies.Domain = test.domain })
			tab := browser.in(t)
			tab.visit(s.at("app.example.com", "/"))
			tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
			for host, want := range map[string]string{
				"app.example.com":            bothCookies,
				"sub.app.example.com":        test.others,
				"sibling.example.com":        test.others,
				"example.com":                test.others,
				"other.test":                 "",
				"app.example.com.other.test": "",
			} {
				tab.visit(s.at(host, "/me"))
				if sent := s.last("/me").cookies; sent != want {
					t.Errorf("%s gets %q, want %q", host, sent, want)
				}
			}
		})
	}
}

func TestTheRefreshCookieGoesToItsPathOnly(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.Cookies.RefreshPath = "/refresh" })
	tab := newProfile(t).open(s.at("app.example.com", "/"))
	tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
	for path, want := range map[string]string{
		"/":              "access_token",
		"/me":            "access_token",
		"/refresh":       bothCookies,
		"/refresh/below": bothCookies,
		"/refreshed":     "access_token",
	} {
		tab.send("GET", s.at("app.example.com", path))
		if sent := s.last(path).cookies; sent != want {
			t.Errorf("%s gets %q, want %q", path, sent, want)
		}
	}
	s.clock.expire()
	tab.want("204", "POST", s.at("app.example.com", "/refresh"))

	// The logout is elsewhere: it ends the session by its access token.
	tab.want("200", "POST", s.at("app.example.com", "/logout"))
	if sent := s.last("/logout").cookies; sent != "access_token" {
		t.Errorf("the logout gets %q", sent)
	}
	if jar := tab.cookies(); jar != "" || s.live("ada") != 0 {
		t.Errorf("after the logout there are the cookies %q and %d sessions", jar, s.live("ada"))
	}
}

func TestCookiesOfAlmostTheLimitAreKept(t *testing.T) {
	s := newSite(t, nil)
	tab := newProfile(t).open(s.at("app.example.com", "/"))
	fits := func(n int) bool {
		return tab.send("POST", s.at("app.example.com", "/login/ada?claim="+strings.Repeat("x", n))) == "200"
	}
	largest := sort.Search(4096, func(n int) bool { return !fits(n) }) - 1
	if largest < 1000 || !fits(largest) {
		t.Fatalf("claims of %d bytes are refused", largest)
	}
	tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
}
