package adversary_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// story is a short schedule in words: what happened to somebody. Nobody steals anything in
// it, so nobody may be logged out.
type story struct {
	t       *testing.T
	now     time.Time
	servers []*core.Schema
	jar     pair
	// page is what a refresh shows.
	page http.HandlerFunc
}

// tell begins a story on one store, with a server for each difference of clocks.
func tell(t *testing.T, store core.RefreshStore, cfg core.Config, skews ...time.Duration) *story {
	s := &story{t: t, now: start}
	access := &accessTokens{map[string]core.Claims{}}
	cfg.Secret, cfg.Logger = secrets[0], slog.New(slog.DiscardHandler)
	cfg.Hooks.Compromise = func(_ context.Context, e core.Event) { t.Errorf("a compromise of %d sessions", e.Sessions) }
	for _, skew := range skews {
		cfg.Clock = func() time.Time { return s.now.Add(skew) }
		schema, err := core.New(store, access, cfg)
		if err != nil {
			t.Fatal(err)
		}
		s.servers = append(s.servers, schema)
	}
	return s
}

// logIn logs in at the server of that number.
func (s *story) logIn(server int) {
	s.t.Helper()
	p, err := s.servers[server].Login(s.t.Context(), "ada", core.LoginOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	s.jar = pair{access: p.AccessToken, refresh: p.RefreshToken}
}

// refresh sends a refresh with those cookies and returns the response.
func (s *story) refresh(ctx context.Context, server int, p pair) *request {
	r := &request{kind: refresh, from: &client{}, recorder: httptest.NewRecorder()}
	r.http = httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
	r.present(p)
	var page http.Handler
	if s.page != nil {
		page = s.page
	}
	s.servers[server].RefreshAccessToken(page).ServeHTTP(r.recorder, r.http)
	r.readResponse()
	return r
}

// refreshed refreshes, which must succeed, and keeps the pair.
func (s *story) refreshed(server int) {
	s.t.Helper()
	r := s.refresh(s.t.Context(), server, s.jar)
	if !r.issues() {
		s.t.Fatalf("after %v: %d %s", s.now.Sub(start), r.status, r.code)
	}
	s.jar = r.got
}

// sees asks for a page, which must be shown.
func (s *story) sees(server int) {
	s.t.Helper()
	if c, err := s.servers[server].Verify(s.t.Context(), s.jar.access); err != nil || c.UserID != "ada" {
		s.t.Fatalf("after %v: %v", s.now.Sub(start), err)
	}
}

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

// A server whose clock is behind takes the access token for still valid. It gives the pair
// all the same, so that a client that obeys its answer does not come back too late.
func TestARetryReachesAServerWhoseClockIsBehind(t *testing.T) {
	for _, grace := range []time.Duration{0, 10 * time.Second} {
		for _, behind := range []time.Duration{2500 * time.Millisecond, 5 * time.Second} {
			t.Run(fmt.Sprintf("Grace %v, %v behind", grace, behind), func(t *testing.T) {
				s := tell(t, newPlainStore(), core.Config{Grace: grace, RefreshBefore: -1}, 0, -behind)
				s.logIn(0)
				s.wait(60 * time.Second)
				s.refresh(t.Context(), 0, s.jar) // the response is lost
				s.wait(time.Second)
				s.refreshed(1)
				s.wait(60 * time.Second)
				s.refreshed(0)
			})
		}
	}
}

// A page is closed while it loads, after the exchange. Its reader comes back.
func TestAPageIsAborted(t *testing.T) {
	for _, pause := range []time.Duration{0, 11 * time.Second, time.Hour, 6 * 24 * time.Hour} {
		t.Run(pause.String(), func(t *testing.T) {
			s := tell(t, newPlainStore(), core.Config{}, 0)
			s.logIn(0)
			s.wait(60 * time.Second)
			ctx, abort := context.WithCancel(t.Context())
			s.page = func(http.ResponseWriter, *http.Request) { abort() }
			s.refresh(ctx, 0, s.jar)
			s.wait(pause)
			s.refreshed(0)
			s.sees(0)
		})
	}
}

// Six tabs are restored at once, and all have the cookies of before a refresh whose
// response was lost. The others arrive at any time until the first of them refreshes again.
func TestSixTabsAreRestored(t *testing.T) {
	s := tell(t, newPlainStore(), core.Config{}, 0, 3*time.Second, -3*time.Second)
	s.logIn(0)
	s.wait(60 * time.Second)
	saved := s.jar
	s.refresh(t.Context(), 0, saved)
	s.wait(3 * time.Hour)
	for tab := range 6 {
		if r := s.refresh(t.Context(), tab%3, saved); !r.issues() {
			t.Fatalf("tab %d: %d %s", tab, r.status, r.code)
		} else if tab > 0 && read(r.got.refresh) != read(s.jar.refresh) {
			t.Fatalf("tab %d has %s and not %s", tab, r.got, s.jar)
		} else {
			s.jar = r.got
		}
		s.wait(8 * time.Second)
	}
	s.wait(60 * time.Second)
	s.refreshed(0)
}

// A browser that is killed has the cookies of before the refresh when it starts again.
func TestACookieJarFallsBack(t *testing.T) {
	for _, pause := range []time.Duration{0, time.Minute, 24 * time.Hour} {
		t.Run(pause.String(), func(t *testing.T) {
			s := tell(t, newPlainStore(), core.Config{}, 0)
			s.logIn(0)
			for range 5 {
				s.wait(60 * time.Second)
				saved := s.jar
				s.refreshed(0)
				s.wait(time.Second)
				s.jar = saved
				s.wait(pause)
				s.refreshed(0)
				s.sees(0)
			}
		})
	}
}

// A script repeats what fails, but not always, and never in time for a limit of seconds.
func TestAScriptRefreshes(t *testing.T) {
	lost := func(s *story) { s.refresh(s.t.Context(), 0, s.jar) }
	for _, test := range []struct {
		name   string
		fails  func(s *story)
		repeat time.Duration
	}{
		{"the first response hangs for 12 s", lost, 12 * time.Second},
		{"a 502 of a gateway is not repeated, and the next click comes a minute later", lost, time.Minute},
		{"the only tab is closed during the refresh", lost, 9 * time.Hour},
		{"three slow 503s come after an exchange that took effect", func(s *story) {
			lost(s)
			for range 3 {
				s.wait(2 * time.Second)
				ctx, cancel := context.WithCancel(s.t.Context())
				cancel()
				if r := s.refresh(ctx, 0, s.jar); r.status != http.StatusServiceUnavailable {
					s.t.Fatalf("%d %s", r.status, r.code)
				}
			}
		}, 5 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := tell(t, newPlainStore(), core.Config{}, 0)
			s.logIn(0)
			s.wait(60 * time.Second)
			test.fails(s)
			s.wait(test.repeat)
			s.refreshed(0)
			s.sees(0)
		})
	}
}

// With the defaults, a server refreshes what another calls expired, and every server
// accepts what any has issued.
func TestTwoServersHaveDifferentClocks(t *testing.T) {
	for _, skew := range []time.Duration{2 * time.Second, 9 * time.Second, -2 * time.Second, -9 * time.Second} {
		t.Run(skew.String(), func(t *testing.T) {
			s := tell(t, newPlainStore(), core.Config{}, 0, skew)
			s.logIn(0)
			for range 5 {
				for a := range 2 {
					for !errors.Is(s.verify(a), core.ErrAccessTokenExpired) {
						s.wait(time.Second)
					}
					s.refreshed(1 - a)
					s.sees(0)
					s.sees(1)
				}
			}
		})
	}
}

func (s *story) verify(server int) error {
	_, err := s.servers[server].Verify(s.t.Context(), s.jar.access)
	return err
}

// A store hangs. What it was asked takes effect when it goes on, in any order, with the time
// of then.
func TestAStoreHangs(t *testing.T) {
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprintf("the late exchange first: %v", first), func(t *testing.T) {
			store := &hangs{plainStore: newPlainStore().(*plainStore)}
			s := tell(t, store, core.Config{}, 0)
			s.logIn(0)
			s.wait(60 * time.Second)
			for range 5 {
				store.late = []func(){}
				for range 3 {
					if r := s.refresh(t.Context(), 0, s.jar); r.status != http.StatusServiceUnavailable {
						t.Fatalf("%d %s", r.status, r.code)
					}
					s.wait(8 * time.Second)
				}
				late := store.late
				store.late = nil
				if !first {
					s.refreshed(0)
				}
				for _, do := range late {
					do()
				}
				if first {
					s.refreshed(0)
				}
				s.sees(0)
				s.wait(60 * time.Second)
			}
		})
	}
}

// hangs makes exchanges late while late is not nil.
type hangs struct {
	*plainStore
	late []func()
}

func (s *hangs) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if s.late == nil {
		return s.plainStore.Exchange(ctx, x)
	}
	s.late = append(s.late, func() { s.plainStore.Exchange(context.Background(), x) })
	return core.Record{}, context.DeadlineExceeded
}

// A client that keeps the refresh token alone lost a response. An hour later three of its
// processes start at once. The third reads what the first has saved.
func TestALateRetryOfAClientWithoutAccessTokens(t *testing.T) {
	s := tell(t, newPlainStore(), core.Config{}, 0)
	s.logIn(0)
	refresh := func(token string) core.Tokens {
		p, err := s.servers[0].Refresh(t.Context(), token, "")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	s.wait(time.Minute)
	refresh(s.jar.refresh) // lost
	s.wait(time.Hour)
	first := refresh(s.jar.refresh)
	s.wait(20 * time.Millisecond)
	refresh(first.RefreshToken) // the third process
	s.wait(20 * time.Millisecond)
	refresh(s.jar.refresh) // the second, 40 ms late
}

// A browser lost a response. 50 seconds later it is restored with several tabs that refresh
// ahead, by RefreshBefore.
func TestALateRetryOfABrowser(t *testing.T) {
	s := tell(t, newPlainStore(), core.Config{}, 0)
	s.logIn(0)
	s.wait(time.Minute)
	saved := s.jar
	s.refresh(t.Context(), 0, saved) // lost
	s.wait(51 * time.Second)
	s.refreshed(0) // the first tab
	s.wait(20 * time.Millisecond)
	if r := s.refresh(t.Context(), 0, s.jar); r.issues() { // the first tab again, ahead
		s.jar = r.got
	}
	s.wait(20 * time.Millisecond)
	s.jar = saved
	s.refreshed(0) // the second tab
}
