package adversary_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Each property must be able to fail: here something is broken for it.
func TestEveryPropertyCanFail(t *testing.T) {
	alone := scenario{open: newPlainStore, steps: 60}
	logins := scenario{open: newPlainStore, logins: true, steps: 80}
	thief := scenario{open: newPlainStore, logins: true, thief: true, steps: 80}
	on := func(s scenario, open func() core.RefreshStore) scenario {
		s.open = open
		return s
	}
	with := func(s scenario, broken func(*world, *core.Config)) scenario {
		s.broken = broken
		return s
	}
	for _, test := range []struct {
		name string
		scenario
		want property
	}{
		{"no grace", with(alone, func(_ *world, c *core.Config) { c.Grace = -1 }), ownerStays},
		{"the owner repeats a refresh too late", with(alone, func(w *world, _ *core.Config) { w.window += time.Second }), ownerStays},
		{"sessions end by a thief's copy only in words", on(thief, func() core.RefreshStore { return revokesNobody{newPlainStore()} }), neitherStays},
		{"a stale copy is exchanged", on(thief, func() core.RefreshStore { return exchangesAll{newPlainStore()} }), oneDescendant},
		{"an exchange is acknowledged and lost", on(alone, func() core.RefreshStore { return losesExchanges{newPlainStore()} }), oneDescendant},
		{"a failure is told as no record", with(alone, func(w *world, _ *core.Config) { w.failure = core.ErrNotFound }), failureChanges},
		{"a login that presents no cookies", with(logins, func(w *world, _ *core.Config) { w.forgetful = true }), identityStays},
		{"a browser that does not keep the session's cookie", with(logins, func(w *world, _ *core.Config) { w.nameless = true }), identityStays},
		{"a revocation is dated back", on(logins, func() core.RefreshStore { return datesBack{newPlainStore()} }), identityStays},
		{"later logins end too", on(thief, func() core.RefreshStore { return revokesLater{newPlainStore()} }), loginSurvives},
		{"whoever brings junk is put out", with(alone, revokeForJunk), forgedChanges},
	} {
		t.Run(test.name, func(t *testing.T) {
			// The same bug can break another property first, in another schedule.
			for i := range 5000 {
				var v *violation
				if _, err := try(t.Name(), test.scenario, i, nil); errors.As(err, &v) && v.property == test.want {
					t.Logf("schedule %d: %v", i, err)
					return
				}
			}
			t.Fatalf("in no schedule a failure of %s", test.want)
		})
	}
}

type revokesNobody struct{ core.RefreshStore }

func (revokesNobody) RevokeUser(context.Context, string, time.Time) (int, error) { return 1, nil }

type revokesLater struct{ core.RefreshStore }

func (s revokesLater) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	n, err := s.RefreshStore.RevokeUser(ctx, userID, at)
	live, _ := s.ListUser(ctx, userID, at)
	for _, r := range live {
		if err := s.Revoke(ctx, r.ID, at); err != nil {
			return 0, err
		}
	}
	return n, err
}

type datesBack struct{ core.RefreshStore }

func (s datesBack) Revoke(ctx context.Context, id string, at time.Time) error {
	return s.RefreshStore.Revoke(ctx, id, at.Add(-time.Hour))
}

// exchangesAll exchanges whatever the generation is.
type exchangesAll struct{ core.RefreshStore }

func (s exchangesAll) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, err := s.RefreshStore.Exchange(ctx, x)
	if !errors.Is(err, core.ErrConflict) || !r.Live(x.At) {
		return r, err
	}
	records := s.RefreshStore.(*plainStore).records
	r.Generation, r.AccessRef, r.PreviousRef, r.ExchangedAt = x.Generation+1, x.To, x.From, x.At
	records[x.ID] = r
	return r, nil
}

// losesExchanges keeps the record as it was.
type losesExchanges struct{ core.RefreshStore }

func (s losesExchanges) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	before, err := s.Get(ctx, x.ID)
	if err != nil {
		return before, err
	}
	r, err := s.RefreshStore.Exchange(ctx, x)
	s.RefreshStore.(*plainStore).records[x.ID] = before
	return r, err
}

// revokeForJunk has the application end sessions for tokens that are not genuine.
func revokeForJunk(w *world, c *core.Config) {
	c.ErrorHandler = func(rw http.ResponseWriter, r *http.Request, e *core.Error) {
		if errors.Is(e, core.ErrInvalidRefreshToken) {
			if _, err := w.store.RevokeUser(r.Context(), w.users[0], w.now); err != nil {
				panic(err)
			}
		}
		e.ServeHTTP(rw, r)
	}
}
