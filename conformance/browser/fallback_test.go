package browser_test

import (
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Chromium keeps changes of the jar for up to 30 seconds before it writes them to the
// disk. What it has not written when it is killed is lost.
func TestAJarThatFallsBack(t *testing.T) {
	for _, test := range []struct {
		name      string
		refreshes int
		outcome   string
		sessions  int // that the user has afterwards
	}{
		{"by one refresh is a retry", 1, "204", 2},
		{"by two refreshes is a stolen copy", 2, "401 refresh_token_compromised", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *core.Config) { c.MaxSessions, c.CompromiseEnds = 2, core.OneSession })
			if _, err := s.schema.Login(t.Context(), "ada", core.LoginOptions{Device: "another"}); err != nil {
				t.Fatal(err)
			}
			folder := newFolder(t)
			p := ownChromium(t, folder, sendThirdParties)
			p.open(s.at("app.example.com", "/")).want("200", "POST", s.at("app.example.com", "/login/ada"))

			tab := p.fallBack(s, folder, test.refreshes)
			s.clock.advance(time.Hour)
			tab.want("401 access_token_expired", "GET", s.at("app.example.com", "/me"))
			tab.want(test.outcome, "POST", s.at("app.example.com", "/refresh"))
			if n := s.live("ada"); n != test.sessions {
				t.Errorf("%d sessions, want %d", n, test.sessions)
			}
			if test.outcome != "204" {
				return
			}
			tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
			s.clock.expire()
			tab.want("204", "POST", s.at("app.example.com", "/refresh"))
			tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
		})
	}
}

// fallBack refreshes the session in the jar that often, has Chromium forget that, and
// returns a tab of the Chromium that starts after that in the same folder.
func (p *profile) fallBack(s *site, folder string, refreshes int) *tab {
	p.t.Helper()
	for range 10 {
		p.stop() // in good order: the jar is on the disk
		p = ownChromium(p.t, folder, sendThirdParties)
		before := p.refreshToken()
		tab := p.open(s.at("app.example.com", "/"))
		for range refreshes {
			s.clock.expire()
			tab.want("204", "POST", s.at("app.example.com", "/refresh"))
		}
		p.kill()

		p = ownChromium(p.t, folder, sendThirdParties)
		if p.refreshToken() == before {
			return p.open(s.at("app.example.com", "/"))
		}
		// On a busy machine the jar can be on the disk before the kill.
	}
	p.t.Fatal("the jar never fell back")
	return nil
}

func (p *profile) refreshToken() string {
	p.t.Helper()
	for _, c := range p.stored() {
		if c.Name == "refresh_token" {
			return c.Value
		}
	}
	p.t.Fatal("the jar holds no refresh token")
	return ""
}
