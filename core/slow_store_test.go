package core_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// hangingStore answers nothing until the context of a call ends, once it hangs.
type hangingStore struct {
	*testStore
	hangs bool
	only  string // the one method that does, where not all do
}

// hang waits for the end of the context, where the store hangs.
func (s *hangingStore) hang(ctx context.Context, method string) error {
	if !s.hangs || s.only != "" && s.only != method {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *hangingStore) Create(ctx context.Context, t core.Record, limit int) ([]core.Record, error) {
	if err := s.hang(ctx, "Create"); err != nil {
		return nil, err
	}
	return s.testStore.Create(ctx, t, limit)
}

func (s *hangingStore) Get(ctx context.Context, id string) (core.Record, error) {
	if err := s.hang(ctx, "Get"); err != nil {
		return core.Record{}, err
	}
	return s.testStore.Get(ctx, id)
}

func (s *hangingStore) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if err := s.hang(ctx, "Exchange"); err != nil {
		return core.Record{}, err
	}
	return s.testStore.Exchange(ctx, x)
}

func (s *hangingStore) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if err := s.hang(ctx, "Revoke"); err != nil {
		return nil, err
	}
	return s.testStore.Revoke(ctx, v)
}

func (s *hangingStore) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	if err := s.hang(ctx, "ListUser"); err != nil {
		return nil, err
	}
	return s.testStore.ListUser(ctx, userID, at)
}

// hanging returns a schema with a pair whose access token has expired and one whose has
// not, on a store that hangs from then on, in that method or in all.
func hanging(t *testing.T, only string) (s *core.Schema, expired, live core.Tokens, c *clock) {
	t.Helper()
	store := &hangingStore{testStore: newStore(), only: only}
	c = newClock()
	s, err := core.New(store, &testTokens{key: []byte("signing")}, core.Config{Secret: secret, Clock: c.Now, MaxSessions: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	login := func() core.Tokens {
		pair, err := s.Login(t.Context(), "ada", core.LoginOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	expired = login()
	c.Advance(time.Minute)
	live = login()
	store.hangs = true
	return s, expired, live, c
}

// patience is how long the requests of these tests may take.
const patience = 2 * time.Second

// middlewares are two ways to give requests a deadline.
var middlewares = map[string]func(http.Handler) http.Handler{
	"a deadline in the context": func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), patience)
			defer cancel()
			h.ServeHTTP(w, r.WithContext(ctx))
		})
	},
	"http.TimeoutHandler": func(h http.Handler) http.Handler { return http.TimeoutHandler(h, patience, "too late") },
}

// In a bubble of synctest the time passes at once, and the bubble does not end before
// every goroutine that began in it has.
func TestRequestsAtAStoreThatHangsEndWithTheirDeadline(t *testing.T) {
	for name, middleware := range middlewares {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, expired, live, _ := hanging(t, "")
				requests := map[string]func() *http.Request{
					"RefreshAccessToken": func() *http.Request { return withCookies("POST", expired) },
					"SessionRequired":    func() *http.Request { return withCookies("GET", live) },
					"SetTokenCookies":    func() *http.Request { return withCookies("POST", core.Tokens{}) },
					"TokenEndpoint": func() *http.Request {
						return post("", plainType, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {expired.RefreshToken}}.Encode())
					},
				}
				began := time.Now()
				var flood sync.WaitGroup
				for handler, request := range requests {
					h := middleware(handlers(s)[handler])
					for range 50 {
						flood.Go(func() {
							rec := httptest.NewRecorder()
							h.ServeHTTP(rec, request())
							if rec.Code != http.StatusServiceUnavailable || len(rec.Header()["Set-Cookie"]) > 0 {
								t.Errorf("%s: %d %v %s", handler, rec.Code, rec.Header(), rec.Body)
							}
						})
					}
				}
				flood.Wait()
				if took := time.Since(began); took != patience {
					t.Errorf("the last request took %v, and %v were allowed", took, patience)
				}
				synctest.Wait()
			})
		})
	}
}

func withCookies(method string, pair core.Tokens) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	if pair.AccessToken != "" {
		r.AddCookie(&http.Cookie{Name: "access_token", Value: pair.AccessToken})
		r.AddCookie(&http.Cookie{Name: "refresh_token", Value: pair.RefreshToken})
	}
	return r
}

// A revocation goes on without its request, but not for ever.
func TestRevocationsAtAStoreThatHangsEndInTenSeconds(t *testing.T) {
	for name, revoke := range map[string]func(ctx context.Context, s *core.Schema, pair core.Tokens) error{
		"Logout": func(ctx context.Context, s *core.Schema, pair core.Tokens) error {
			return s.Logout(ctx, pair.RefreshToken)
		},
		"RevokeUser": func(ctx context.Context, s *core.Schema, _ core.Tokens) error {
			return second(s.RevokeUser(ctx, "ada"))
		},
		"Login": func(ctx context.Context, s *core.Schema, pair core.Tokens) error {
			return second(s.Login(ctx, "bob", core.LoginOptions{Replaces: pair.RefreshToken}))
		},
		"ClearTokenCookies": func(ctx context.Context, s *core.Schema, pair core.Tokens) error {
			return s.ClearTokenCookies(httptest.NewRecorder(), withCookies("POST", pair).WithContext(ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, pair, _, _ := hanging(t, "")
				gone, cancel := context.WithCancel(t.Context())
				cancel()
				began := time.Now()
				var flood sync.WaitGroup
				for range 50 {
					flood.Go(func() {
						if err := revoke(gone, s, pair); !errors.Is(err, core.ErrStoreUnavailable) {
							t.Errorf("%s = %v", name, err)
						}
					})
				}
				flood.Wait()
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("the last revocation took %v", took)
				}
			})
		})
	}
}

// deafStore takes 11 seconds to revoke, whatever its context says, and fails with err.
type deafStore struct {
	*testStore
	err error
}

func (s deafStore) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	time.Sleep(11 * time.Second)
	if s.err != nil {
		return nil, s.err
	}
	return s.testStore.Revoke(context.WithoutCancel(ctx), v)
}

// A logout of several sessions gives up in time, and never says success before all of
// them are over.
func TestALogoutAtAStoreThatIgnoresItsContext(t *testing.T) {
	for _, test := range []struct {
		err, want error
		took      time.Duration
		live      int
	}{
		{errBroken, core.ErrStoreUnavailable, 11 * time.Second, 2},
		{nil, nil, 22 * time.Second, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, manySessions)
			s, err := core.New(deafStore{w.store, test.err}, w.tokens, core.Config{Secret: secret, Clock: w.clock.Now, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			r := withCookies("POST", w.login("ada"))
			r.AddCookie(&http.Cookie{Name: "refresh_token", Value: w.login("ada").RefreshToken})
			began := time.Now()
			err = s.ClearTokenCookies(httptest.NewRecorder(), r)
			if took := time.Since(began); took != test.took || !errors.Is(err, test.want) {
				t.Errorf("the logout took %v: %v, want %v: %v", took, err, test.took, test.want)
			}
			if n := w.live("ada"); n != test.live {
				t.Errorf("%d sessions are live, want %d", n, test.live)
			}
		})
	}
}

func TestACompromiseAtAStoreThatHangsEndsInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, pair, _, c := hanging(t, "Revoke")
		next := pair
		for range 2 {
			var err error
			if next, err = s.Refresh(t.Context(), next.RefreshToken, next.AccessToken); err != nil {
				t.Fatal(err)
			}
			c.Advance(time.Minute)
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		var flood sync.WaitGroup
		for range 50 {
			flood.Go(func() {
				if _, err := s.Refresh(gone, pair.RefreshToken, ""); !errors.Is(err, core.ErrStoreUnavailable) {
					t.Errorf("Refresh of a stale copy = %v", err)
				}
			})
		}
		flood.Wait()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the last answer took %v", took)
		}
	})
}

// slowThenHangs answers Get and ListUser after 9 seconds, and Revoke never.
type slowThenHangs struct{ *testStore }

func (s slowThenHangs) Get(ctx context.Context, id string) (core.Record, error) {
	time.Sleep(9 * time.Second)
	return s.testStore.Get(ctx, id)
}

func (s slowThenHangs) ListUser(ctx context.Context, id string, at time.Time) ([]core.Record, error) {
	time.Sleep(9 * time.Second)
	return s.testStore.ListUser(ctx, id, at)
}

func (s slowThenHangs) Revoke(ctx context.Context, _ core.Revocation) ([]core.Record, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Looking and revoking have ten seconds together.
func TestLookingAndRevokingEndInTenSecondsTogether(t *testing.T) {
	for name, revoke := range map[string]func(ctx context.Context, s *core.Schema, a, b core.Tokens) error{
		"RevokeSession": func(ctx context.Context, s *core.Schema, a, _ core.Tokens) error {
			return s.RevokeSession(ctx, "ada", a.Claims.SessionID)
		},
		"RevokeOtherSessions": func(ctx context.Context, s *core.Schema, a, _ core.Tokens) error {
			return second(s.RevokeOtherSessions(ctx, "ada", a.Claims.SessionID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := slowThenHangs{newStore()}
				s, err := core.New(store, &testTokens{key: []byte("signing")}, core.Config{Secret: secret, MaxSessions: -1, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				a, _ := s.Login(t.Context(), "ada", core.LoginOptions{})
				b, _ := s.Login(t.Context(), "ada", core.LoginOptions{})
				gone, cancel := context.WithCancel(t.Context())
				cancel()
				began := time.Now()
				err = revoke(gone, s, a, b)
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("%s took %v: %v", name, took, err)
				}
			})
		})
	}
}

// Without any deadline of the request's own.
func TestAStoreThatHangsHoldsNobodyLongerThanStoreTimeout(t *testing.T) {
	for name, test := range map[string]struct{ timeout, want time.Duration }{
		"by default": {0, 5 * time.Second},
		"a second":   {time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClock()
				store := &hangingStore{testStore: newStore()}
				s, err := core.New(store, &testTokens{key: []byte("signing")}, core.Config{Secret: secret, Clock: c.Now, StoreTimeout: test.timeout, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				pair, err := s.Login(t.Context(), "ada", core.LoginOptions{})
				if err != nil {
					t.Fatal(err)
				}
				c.Advance(time.Minute)
				store.hangs = true
				for operation, do := range map[string]func() error{
					"Login":       func() error { return second(s.Login(t.Context(), "ada", core.LoginOptions{})) },
					"Refresh":     func() error { return second(s.Refresh(t.Context(), pair.RefreshToken, pair.AccessToken)) },
					"Compromised": func() error { return second(s.Compromised(t.Context(), pair.RefreshToken, "")) },
					"Logout":      func() error { return s.Logout(t.Context(), pair.RefreshToken) },
					"RevokeUser":  func() error { return second(s.RevokeUser(t.Context(), "ada")) },
					"Sessions":    func() error { return second(s.Sessions(t.Context(), "ada")) },
					"SessionOf":   func() error { return second(s.SessionOf(t.Context(), pair.Claims)) },
					"Ping":        func() error { return s.Ping(t.Context()) },
				} {
					began := time.Now()
					err := do()
					if took := time.Since(began); took != test.want || !errors.Is(err, core.ErrStoreUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s took %v: %v", operation, took, err)
					}
				}
			})
		})
	}
}
