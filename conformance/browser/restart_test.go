package browser_test

import (
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
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

// The browser starts and opens all tabs that it had. Each finds its access token expired,
// and all send their refresh before any gets a response. The server is slow.
func TestSixTabsRestoredAtOnceStayLoggedIn(t *testing.T) {
	s := newSite(t, nil)
	folder := newFolder(t)
	p := ownChromium(t, folder, sendThirdParties)
	p.open(s.at("app.example.com", "/")).want("200", "POST", s.at("app.example.com", "/login/ada"))
	p.stop()

	s.clock.advance(time.Hour)
	p = ownChromium(t, folder, sendThirdParties)
	tabs := make([]*tab, 6)
	for i := range tabs {
		tabs[i] = p.open("about:blank")
	}
	hold := together(len(tabs))
	var one sync.Mutex
	s.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path != "/refresh" {
			next.ServeHTTP(w, r)
			return
		}
		hold(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			one.Lock()
			defer one.Unlock()
			s.clock.advance(5 * time.Second)
			next.ServeHTTP(w, r)
		}))
	})
	var restored sync.WaitGroup
	for i, tab := range tabs {
		restored.Go(func() {
			var shown string
			_, err := tab.load(func() error { return tab.navigate(s.at("app.example.com", "/app")) })
			if err == nil {
				err = tab.run("shown", &shown)
			}
			if err != nil || shown != "200 ada" {
				t.Errorf("tab %d shows %q, %v", i, shown, err)
			}
		})
	}
	restored.Wait()
	if n := s.live("ada"); n != 1 {
		t.Errorf("%d sessions", n)
	}
}
