package browser_test

import (
	"os"
	"testing"
)

// ownChromium starts a Chromium for the test alone and returns the profile that it
// keeps in the folder. It ends with the test.
func ownChromium(t *testing.T, folder string, cookies thirdParties) *profile {
	t.Helper()
	c, err := startChromium(find(t), folder, cookies)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return &profile{chromium: c, t: t}
}

// newFolder makes a folder for a profile. It is gone when the test ends.
func newFolder(t *testing.T) string {
	t.Helper()
	folder, err := makeFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func TestTheSessionOutlivesTheBrowser(t *testing.T) {
	s := newSite(t, nil)
	folder := newFolder(t)
	p := ownChromium(t, folder, sendThirdParties)
	p.open(s.at("app.example.com", "/")).want("200", "POST", s.at("app.example.com", "/login/ada"))
	p.stop()

	s.clock.expire()
	tab := ownChromium(t, folder, sendThirdParties).open(s.at("app.example.com", "/"))
	tab.want("401 access_token_expired", "GET", s.at("app.example.com", "/me"))
	tab.want("204", "POST", s.at("app.example.com", "/refresh"))
	tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
}
