package browser_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// Both tabs send their requests before either gets an answer.
func TestTwoTabsThatRefreshAtOnceStayLoggedIn(t *testing.T) {
	s := newSite(t, nil)
	p := newProfile(t)
	tabs := []*tab{p.open(s.at("app.example.com", "/")), p.open(s.at("app.example.com", "/"))}
	tabs[0].want("200", "POST", s.at("app.example.com", "/login/ada"))
	for round := range 5 {
		if round == 2 { // the names change meanwhile
			s.configure(func(c *core.Config) { c.Cookies = core.Cookies{Prefix: "__Host-", Previous: []core.Cookies{{}}} })
		}
		s.clock.expire()
		var arrived sync.WaitGroup
		arrived.Add(len(tabs))
		s.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			arrived.Done()
			arrived.Wait()
			next.ServeHTTP(w, r)
		})
		outcomes := make([]string, len(tabs))
		var answered sync.WaitGroup
		for i, tab := range tabs {
			answered.Go(func() { outcomes[i] = tab.send("POST", s.at("app.example.com", "/refresh")) })
		}
		answered.Wait()
		s.intercept(nil)
		for i, tab := range tabs {
			if outcomes[i] != "204" {
				t.Fatalf("the refresh of tab %d is %q", i, outcomes[i])
			}
			tab.want("200 ada", "GET", s.at("app.example.com", "/me"))
		}
	}
	if s.live("ada") != 1 {
		t.Errorf("%d sessions", s.live("ada"))
	}
}

// The tab is closed when the exchange is done and its answer has not gone out.
func TestATabThatIsClosedDuringARefreshLosesNothing(t *testing.T) {
	s := newSite(t, nil)
	p := newProfile(t)
	closed, other := p.open(s.at("app.example.com", "/")), p.open(s.at("app.example.com", "/"))
	closed.want("200", "POST", s.at("app.example.com", "/login/ada"))
	s.clock.expire()

	exchanged, gone := make(chan string), make(chan struct{})
	s.intercept(func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		lost := &answer{ResponseWriter: httptest.NewRecorder(), status: http.StatusOK}
		next.ServeHTTP(lost, r)
		exchanged <- lost.outcome()
		<-r.Context().Done()
		close(gone)
	})
	if err := closed.run(`void send("POST", "/refresh", "cors")`, nil); err != nil {
		t.Fatal(err)
	}
	if outcome := <-exchanged; outcome != "204" {
		t.Fatalf("the refresh is %q", outcome)
	}
	closed.close()
	<-gone
	s.intercept(nil)

	other.want("401 access_token_expired", "GET", s.at("app.example.com", "/me"))
	other.want("204", "POST", s.at("app.example.com", "/refresh"))
	other.want("200 ada", "GET", s.at("app.example.com", "/me"))
	s.clock.expire()
	other.want("204", "POST", s.at("app.example.com", "/refresh"))
	other.want("200 ada", "GET", s.at("app.example.com", "/me"))
}
