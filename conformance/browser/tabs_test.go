package browser_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// together holds requests back until there are n.
func together(n int) func(w http.ResponseWriter, r *http.Request, next http.Handler) {
	var arrived atomic.Int32
	all := make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if int(arrived.Add(1)) == n {
			close(all)
		}
		select {
		case <-all:
			next.ServeHTTP(w, r)
		case <-r.Context().Done(): // the browser gave up
		}
	}
}

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
		s.intercept(together(len(tabs)))
		outcomes, errs := make([]string, len(tabs)), make([]error, len(tabs))
		var answered sync.WaitGroup
		for i, tab := range tabs {
			answered.Go(func() { errs[i] = tab.run(`send("POST", "/refresh", "cors")`, &outcomes[i]) })
		}
		answered.Wait()
		s.intercept(nil)
		for i, tab := range tabs {
			if errs[i] != nil || outcomes[i] != "204" {
				t.Fatalf("the refresh of tab %d is %q, %v", i, outcomes[i], errs[i])
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

// stalled is a response whose page takes longer than its reader waits.
type stalled struct {
	http.ResponseWriter
	begun chan<- struct{}
	gone  <-chan struct{}
}

func (s stalled) Write([]byte) (int, error) {
	close(s.begun)
	<-s.gone
	return 0, http.ErrHandlerTimeout
}

// The user stops the page when the exchange is done, and asks for it again.
func TestASlowPageThatRefreshesCanBeAskedForAgain(t *testing.T) {
	browser := newProfile(t).open("about:blank")
	for _, test := range []struct {
		name     string
		grace    time.Duration
		outcome  string
		sessions int
	}{
		{"at any time", 0, "200 ada", 2},
		{"but not after a Grace that has been set", 10 * time.Second, "401 refresh_token_compromised", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, func(c *core.Config) { c.Grace, c.MaxSessions = test.grace, 2 })
			if _, err := s.schema.Login(t.Context(), "ada", core.LoginOptions{Device: "another"}); err != nil {
				t.Fatal(err)
			}
			tab := browser.in(t)
			tab.visit(s.at("app.example.com", "/"))
			tab.want("200", "POST", s.at("app.example.com", "/login/ada"))
			s.clock.expire()

			begun, ended := make(chan struct{}), make(chan struct{})
			s.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				defer close(ended)
				next.ServeHTTP(stalled{w, begun, r.Context().Done()}, r)
			})
			tab.must(tab.run(`submit("/refresh/me")`, nil))
			<-begun
			tab.must(tab.call(tab.session, "Page.stopLoading", nil, nil))
			<-ended
			s.intercept(nil)

			s.clock.advance(11 * time.Second)
			if got := tab.submit(s.at("app.example.com", "/refresh/me")); got != test.outcome {
				t.Errorf("the page is %q, want %q", got, test.outcome)
			}
			if n := s.live("ada"); n != test.sessions {
				t.Errorf("%d sessions, want %d", n, test.sessions)
			}
		})
	}
}
