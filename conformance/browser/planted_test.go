package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// mallory returns the genuine tokens of another user.
func (s *site) mallory() core.Tokens {
	s.t.Helper()
	pair, err := s.schema.Login(s.t.Context(), "mallory", core.LoginOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return pair
}

// What a neighbouring host, or somebody on the way who answers plain HTTP
// for it, plants for the whole domain before the user logs in.
func TestWhatAPlantedCookieDoes(t *testing.T) {
	browser := newProfile(t).open("about:blank")
	const ada, nobody, refused = "200 ada", "401 missing_access_token", "401 invalid_access_token"
	for _, test := range []struct {
		prefix         string
		plain          bool
		without, login string // the page before and after the login
	}{
		// A plain name lets others log a visitor in as somebody else. Next to the user's
		// own cookie it is refused, because nothing tells them apart.
		{"", false, "200 mallory", refused},
		{"", true, "200 mallory", refused},
		{"__Secure-", false, "200 mallory", refused},
		{"__Secure-", true, nobody, ada},
		{"__Host-", false, nobody, ada},
		{"__Host-", true, nobody, ada},
	} {
		t.Run(fmt.Sprintf("prefix=%s/plain=%v", test.prefix, test.plain), func(t *testing.T) {
			s := newSite(t, func(c *core.Config) { c.Cookies.Prefix = test.prefix })
			planter := s
			if test.plain {
				planter = s.plain()
			}
			pair := s.mallory()
			attributes := "; Domain=example.com; Path=/; Secure"
			if test.plain {
				attributes = "; Domain=example.com; Path=/"
			}
			tab := browser.in(t)
			tab.visit(planter.plant("evil.example.com", test.prefix+"access_token="+pair.AccessToken+attributes))
			tab.visit(planter.plant("evil.example.com", test.prefix+"refresh_token="+pair.RefreshToken+attributes))

			tab.visit(s.at("app.example.com", "/"))
			tab.want(test.without, "GET", s.at("app.example.com", "/me"))
			tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
			tab.want(test.login, "GET", s.at("app.example.com", "/me"))
		})
	}
}

// What stands next to the user's own cookie leads to a refusal that changes nothing, and
// the user is back when it goes.
func TestADuplicateIsRefusedAndChangesNothing(t *testing.T) {
	p := newProfile(t)
	user, attacker := p.open("about:blank"), p.open("about:blank")
	for _, path := range []string{"/", "/me", "/refresh"} {
		t.Run("path="+path, func(t *testing.T) {
			s := newSite(t, nil)
			pair := s.mallory()
			app, evil := user.in(t), attacker.in(t)
			app.visit(s.at("app.example.com", "/"))
			evil.visit(s.at("evil.example.com", "/"))
			app.want("200", "POST", s.at("app.example.com", "/login/ada"))

			plant := func(attributes string) {
				for _, cookie := range []string{"access_token=" + pair.AccessToken, "refresh_token=" + pair.RefreshToken} {
					evil.value(fmt.Sprintf("document.cookie = %q", cookie+"; Domain=example.com; Path="+path+attributes))
				}
			}
			plant("")
			me, refresh := "401 invalid_access_token", "401 invalid_refresh_token"
			switch path {
			case "/me":
				refresh = "409 access_token_not_expired" // the user's own, alone there
			case "/refresh":
				me = "200 ada"
			}
			app.want(me, "GET", s.at("app.example.com", "/me"))
			app.want(refresh, "POST", s.at("app.example.com", "/refresh"))
			if s.live("ada") != 1 || s.live("mallory") != 1 {
				t.Errorf("there are %d and %d sessions", s.live("ada"), s.live("mallory"))
			}
			plant("; Max-Age=0")
			app.want("200 ada", "GET", s.at("app.example.com", "/me"))
			s.clock.expire()
			app.want("204", "POST", s.at("app.example.com", "/refresh"))
		})
	}
}

// lookalikes are cookies that a server or a browser could take for one that has the
// prefix __Host-. The first is the attacker's own, for its host alone.
var lookalikes = []string{
	"__Host-access_token=%s; Path=/; Secure",
	"__Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"__host-access_token=%s; Domain=example.com; Path=/; Secure",
	"__HOST-access_token=%s; Domain=example.com; Path=/; Secure",
	"=__Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"__Host-access_token; =%s; Domain=example.com; Path=/; Secure",
	" \t__Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"\u2000__Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"\u00a0__Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"\u0085__Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"planted=x, __Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"$Version=1, __Host-access_token=%s; Domain=example.com; Path=/; Secure",
	"access_token=%s; Domain=example.com; Path=/; Secure",
	"__Secure-access_token=%s; Domain=example.com; Path=/; Secure",
	"__Host-access%%5ftoken=%s; Domain=example.com; Path=/; Secure",
}

func TestNothingPassesForAHostCookie(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.Cookies.Prefix = "__Host-" })
	p := newProfile(t)
	app, evil := p.open(s.at("app.example.com", "/")), p.open(s.at("evil.example.com", "/"))
	text := s.mallory().AccessToken
	plantAll := func(outcome string) {
		t.Helper()
		for _, form := range lookalikes {
			cookie := fmt.Sprintf(form, text)
			evil.value(fmt.Sprintf("document.cookie = %q", cookie))
			evil.want("200", "GET", s.plant("evil.example.com", cookie))
			if got := app.send("GET", s.at("app.example.com", "/me")); got != outcome {
				t.Fatalf("after %q the page is %q, want %q", form, got, outcome)
			}
		}
	}
	plantAll("401 missing_access_token")
	if sent := s.last("/me").cookies; !strings.Contains(sent, "access_token") {
		t.Errorf("nothing was planted: %q", sent)
	}
	app.want("200", "POST", s.at("app.example.com", "/login/ada"))
	plantAll("200 ada")
	s.clock.expire()
	app.want("204", "POST", s.at("app.example.com", "/refresh"))
	app.want("200", "POST", s.at("app.example.com", "/logout"))
	app.want("401 missing_access_token", "GET", s.at("app.example.com", "/me"))
}
