package browser_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// held holds the answers to refreshes back, made as they are, until they are let go. It
// says when one is made.
func held() (around func(w http.ResponseWriter, r *http.Request, next http.Handler), made <-chan string, letGo func()) {
	outcomes, free := make(chan string, 1), make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path != "/refresh" {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		a := &answer{ResponseWriter: rec, status: http.StatusOK}
		next.ServeHTTP(a, r)
		outcomes <- a.outcome()
		select {
		case <-free:
		case <-r.Context().Done(): // the browser gave up
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(a.status)
	}, outcomes, func() { close(free) }
}

// One tab refreshes, and the answer is still on its way when somebody logs in in another
// tab, or logs out there.
func TestALateAnswerMakesNobodyTheOldUser(t *testing.T) {
	named := func(c *core.Config) { c.Cookies = core.Cookies{Prefix: "__Host-", SessionName: "session"} }
	for _, test := range []struct {
		name      string
		configure func(*core.Config)
		meanwhile string
		want      string
	}{
		{"a login", named, "/login/bob", "401 invalid_access_token"},
		{"a logout", named, "/logout", "401 invalid_access_token"},
		{"a login, without the cookie", nil, "/login/bob", "200 ada"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, test.configure)
			p := newProfile(t)
			slow, other := p.open(s.at("app.example.com", "/")), p.open(s.at("app.example.com", "/"))
			other.want("200", "POST", s.at("app.example.com", "/login/ada"))
			s.clock.expire()

			around, made, letGo := held()
			s.intercept(around)
			var outcome string
			done := make(chan error)
			go func() { done <- slow.run(`send("POST", "/refresh", "cors")`, &outcome) }()
			if outcome := <-made; outcome != "204" {
				t.Errorf("the refresh is %q", outcome)
			}
			other.want("200", "POST", s.at("app.example.com", test.meanwhile))
			letGo()
			if err := <-done; err != nil || outcome != "204" {
				t.Fatalf("the late answer is %q, %v", outcome, err)
			}
			s.intercept(nil)

			for _, tab := range []*tab{slow, other} {
				tab.want(test.want, "GET", s.at("app.example.com", "/me"))
			}
			other.want("200", "POST", s.at("app.example.com", "/login/bob"))
			slow.want("200 bob", "GET", s.at("app.example.com", "/me"))
		})
	}
}
