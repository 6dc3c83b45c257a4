package core_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// contextStore keeps the contexts of its calls.
type contextStore struct {
	*testStore
	seen []context.Context
}

func (s *contextStore) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	s.seen = append(s.seen, ctx)
	return s.testStore.Create(ctx, r, limit)
}

func (s *contextStore) Get(ctx context.Context, id string) (core.Record, error) {
	s.seen = append(s.seen, ctx)
	return s.testStore.Get(ctx, id)
}

func (s *contextStore) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	s.seen = append(s.seen, ctx)
	return s.testStore.Exchange(ctx, x)
}

func (s *contextStore) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	s.seen = append(s.seen, ctx)
	return s.testStore.Revoke(ctx, v)
}

func (s *contextStore) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	s.seen = append(s.seen, ctx)
	return s.testStore.ListUser(ctx, userID, at)
}

// DeleteExpired tells at first that there is more to delete.
func (s *contextStore) DeleteExpired(ctx context.Context, _ time.Time, max int) (int, error) {
	s.seen = append(s.seen, ctx)
	if len(s.seen) > 1 {
		return 0, nil
	}
	return max, nil
}

// watched returns a schema of two sessions of ada, on a store that keeps the contexts of
// its calls. The first pair is a stale copy.
func watched(t *testing.T, timeout time.Duration) (s *core.Schema, stale, other core.Tokens, store *contextStore) {
	t.Helper()
	c := newClock()
	store = &contextStore{testStore: newStore()}
	s, err := core.New(store, &testTokens{key: []byte("signing")}, core.Config{
		Secret: secret, Clock: c.Now, MaxSessions: -1, StoreTimeout: timeout, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if stale, err = s.Login(t.Context(), "ada", core.LoginOptions{}); err != nil {
		t.Fatal(err)
	}
	next := stale
	for range 2 {
		c.Advance(time.Minute)
		if next, err = s.Refresh(t.Context(), next.RefreshToken, next.AccessToken); err != nil {
			t.Fatal(err)
		}
	}
	if other, err = s.Login(t.Context(), "ada", core.LoginOptions{}); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	store.seen = nil
	return s, stale, other, store
}

// operations are those that call the store.
var operations = map[string]func(ctx context.Context, s *core.Schema, stale, other core.Tokens) error{
	"Login": func(ctx context.Context, s *core.Schema, _, _ core.Tokens) error {
		return second(s.Login(ctx, "ada", core.LoginOptions{}))
	},
	"Login in the place of a session": func(ctx context.Context, s *core.Schema, _, other core.Tokens) error {
		return second(s.Login(ctx, "ada", core.LoginOptions{Replaces: other.RefreshToken}))
	},
	"Refresh": func(ctx context.Context, s *core.Schema, _, other core.Tokens) error {
		return second(s.Refresh(ctx, other.RefreshToken, other.AccessToken))
	},
	"Refresh of a stale copy": func(ctx context.Context, s *core.Schema, stale, _ core.Tokens) error {
		if _, err := s.Refresh(ctx, stale.RefreshToken, stale.AccessToken); !errors.Is(err, core.ErrCompromised) {
			return err
		}
		return nil
	},
	"Compromised": func(ctx context.Context, s *core.Schema, stale, _ core.Tokens) error {
		return second(s.Compromised(ctx, stale.RefreshToken, ""))
	},
	"Sessions": func(ctx context.Context, s *core.Schema, _, _ core.Tokens) error {
		return second(s.Sessions(ctx, "ada"))
	},
	"Logout": func(ctx context.Context, s *core.Schema, _, other core.Tokens) error {
		return s.Logout(ctx, other.RefreshToken)
	},
	"RevokeSession": func(ctx context.Context, s *core.Schema, _, other core.Tokens) error {
		return s.RevokeSession(ctx, "ada", other.Claims.SessionID)
	},
	"RevokeOtherSessions": func(ctx context.Context, s *core.Schema, _, other core.Tokens) error {
		return second(s.RevokeOtherSessions(ctx, "ada", other.Claims.SessionID))
	},
	"RevokeUser": func(ctx context.Context, s *core.Schema, _, _ core.Tokens) error {
		return second(s.RevokeUser(ctx, "ada"))
	},
	"RevokeUserOf": func(ctx context.Context, s *core.Schema, _, other core.Tokens) error {
		return second(s.RevokeUserOf(ctx, other.RefreshToken))
	},
	"Ping": func(ctx context.Context, s *core.Schema, _, _ core.Tokens) error { return s.Ping(ctx) },
}

// What the schema starts for a call, a timer among it, ends with the call.
func TestTheContextsOfAnOperationEndWithIt(t *testing.T) {
	for name, do := range operations {
		for _, timeout := range []time.Duration{0, -1} {
			s, stale, other, store := watched(t, timeout)
			if err := do(t.Context(), s, stale, other); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, ctx := range store.seen {
				if ctx != t.Context() && ctx.Err() == nil {
					t.Errorf("%s, StoreTimeout %v: a context of the store's goes on", name, timeout)
				}
			}
			if len(store.seen) == 0 {
				t.Errorf("%s does not call the store", name)
			}
		}
	}
}

func TestTheContextsOfACleanupEndWithItsSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _, store := watched(t, 0)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.RunCleanup(ctx, time.Hour) }()
		synctest.Wait()
		for _, ctx := range store.seen {
			if ctx.Err() == nil {
				t.Error("a context of the store's goes on")
			}
		}
		if len(store.seen) != 2 {
			t.Errorf("the cleanup had %d steps, want 2", len(store.seen))
		}
		cancel()
		<-ended
	})
}

func TestANegativeStoreTimeoutSetsNoDeadline(t *testing.T) {
	for _, name := range []string{"Login", "Refresh", "Compromised", "Sessions", "Ping"} {
		s, stale, other, store := watched(t, -1)
		if err := operations[name](t.Context(), s, stale, other); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, ctx := range store.seen {
			if deadline, ok := ctx.Deadline(); ok {
				t.Errorf("%s: the store has until %v", name, deadline)
			}
		}
	}
}
