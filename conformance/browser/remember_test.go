package browser_test

import (
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Where a user does not want to be remembered.
func TestABrowserSessionEndsWithTheBrowser(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.Cookies.SessionName = "session" })
	folder := newFolder(t)
	p := ownChromium(t, folder, sendThirdParties)
	tab := p.open(s.at("app.example.com", "/"))
	endWithTheBrowser := func(after string) {
		t.Helper()
		jar := p.stored()
		if len(jar) != 3 {
			t.Errorf("after %s the jar holds %d cookies", after, len(jar))
		}
		for _, c := range jar {
			if c.Expires >= 0 {
				t.Errorf("after %s %s lasts until %v", after, c.Name, c.Expires)
			}
		}
	}
	tab.want("200", "POST", s.at("app.example.com", "/login/ada?browser-session=yes"))
	endWithTheBrowser("the login")
	for range 2 {
		s.clock.expire()
		tab.want("204", "POST", s.at("app.example.com", "/refresh"))
		endWithTheBrowser("a refresh")
		tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
	}
	p.stop()

	tab = ownChromium(t, folder, sendThirdParties).open(s.at("app.example.com", "/"))
	tab.hasCookies("")
	tab.want("401 missing_access_token", "GET", s.at("app.example.com", "/me"))
}

// The cookies last as long as the session, and no refresh prolongs either.
func TestCookiesLastAsLongAsTheLoginSays(t *testing.T) {
	browser := newProfile(t).open("about:blank")
	for _, test := range []struct {
		name, query string
		lasts       time.Duration
	}{
		{"an hour", "?duration=1h", time.Hour},
		{"default", "", 7 * 24 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, nil)
			tab := browser.in(t)
			tab.visit(s.at("app.example.com", "/"))
			// The clock of the site stands still meanwhile, and that of Chromium goes on.
			wantLasting := func(d time.Duration, outcome, path string) {
				t.Helper()
				earliest := time.Now().Add(d - time.Second)
				tab.want(outcome, "POST", s.at("app.example.com", path))
				latest := time.Now().Add(d + time.Second)
				tab.hasCookies(bothCookies)
				for _, c := range tab.stored() {
					if end := time.UnixMilli(int64(c.Expires * 1000)); end.Before(earliest) || end.After(latest) {
						t.Errorf("after %s %s lasts until %v, want %v to %v", path, c.Name, end, earliest, latest)
					}
				}
			}
			wantLasting(test.lasts, "200", "/login/ada"+test.query)
			s.clock.advance(test.lasts / 2)
			wantLasting(test.lasts/2, "204", "/refresh")
			s.clock.advance(test.lasts / 4)
			wantLasting(test.lasts/4, "204", "/refresh")

			s.clock.advance(test.lasts/4 + time.Minute)
			tab.want("401 invalid_refresh_token", "POST", s.at("app.example.com", "/refresh"))
			tab.hasCookies("")
		})
	}
}
