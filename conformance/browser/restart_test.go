package browser_test

import "testing"

func TestTheSessionOutlivesTheBrowser(t *testing.T) {
	s := newSite(t, nil)
	program, folder := find(t), t.TempDir()
	start := func() *profile {
		t.Helper()
		c, err := startChromium(program, folder)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.stop)
		return &profile{chromium: c, t: t}
	}
	p := start()
	p.open(s.at("app.example.com", "/")).want("200", "POST", s.at("app.example.com", "/login/ada"))
	p.stop()

	s.clock.expire()
	tab := start().open(s.at("app.example.com", "/"))
	tab.want("401 access_token_expired", "GET", s.at("app.example.com", "/me"))
	tab.want("204", "POST", s.at("app.example.com", "/refresh"))
	tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
}
