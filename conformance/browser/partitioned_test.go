package browser_test

import (
	"net/http"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// A site that embeds the application has sessions there that no other site sees.
func TestPartitionedSessionsAreApart(t *testing.T) {
	s := newSite(t, func(c *core.Config) {
		c.Cookies.SameSite, c.Cookies.Partitioned = http.SameSiteNoneMode, true
	})
	p := newProfile(t)
	me, login, refresh, logout := s.at("app.example.com", "/me"), s.at("app.example.com", "/login/"), s.at("app.example.com", "/refresh"), s.at("app.example.com", "/logout")
	one := p.open(s.at("one.test", "/")).embed(s.at("app.example.com", "/"))
	two := p.open(s.at("two.test", "/")).embed(s.at("app.example.com", "/"))
	alone := p.open(s.at("app.example.com", "/"))

	one.want("200", "POST", login+"ada")
	two.want("401 missing_access_token", "GET", me)
	alone.want("401 missing_access_token", "GET", me)

	two.want("200", "POST", login+"bob")
	alone.want("200", "POST", login+"eve")
	s.clock.expire()
	one.want("204", "POST", refresh)
	two.want("204", "POST", refresh)
	alone.want("204", "POST", refresh)
	one.want("200 ada", "GET", me)
	two.want("200 bob", "GET", me)
	alone.want("200 eve", "GET", me)

	one.want("200", "POST", logout)
	one.want("401 missing_access_token", "GET", me)
	two.want("200 bob", "GET", me)
	alone.want("200 eve", "GET", me)
	if jar := p.cookies(); jar != "access_token access_token refresh_token refresh_token" {
		t.Errorf("after one of three logouts there are the cookies %q", jar)
	}
}

// A browser that sends no cookies of embedded sites sends partitioned ones.
func TestPartitionedCookiesAreSentWhereOthersAreBlocked(t *testing.T) {
	p := ownChromium(t, newFolder(t), blockThirdParties)
	tab := p.open(newSite(t, nil).at("one.test", "/"))
	for partitioned, want := range map[bool]string{false: "401 missing_access_token", true: "200 ada"} {
		s := newSite(t, func(c *core.Config) {
			c.Cookies.SameSite, c.Cookies.Partitioned = http.SameSiteNoneMode, partitioned
		})
		tab.visit(s.at("one.test", "/"))
		frame := tab.embed(s.at("app.example.com", "/"))
		frame.want("200", "POST", s.at("app.example.com", "/login/ada"))
		if got := frame.send("GET", s.at("app.example.com", "/me")); got != want {
			t.Errorf("with Partitioned: %v the page in a frame is %q, want %q", partitioned, got, want)
		}
		frame.want("200", "POST", s.at("app.example.com", "/logout"))
	}
}
