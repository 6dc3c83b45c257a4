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
	clocks := scenario{open: newPlainStore, servers: true, steps: 60}
	limited := scenario{open: newPlainStore, limited: true, steps: 60}
	logins := scenario{open: newPlainStore, logins: true, steps: 80}
	thief := scenario{open: newPlainStore, logins: true, thief: true, steps: 80}
	on := func(s scenario, open func(*plainStore) core.RefreshStore) scenario {
		s.open = func() core.RefreshStore { return open(newPlainStore().(*plainStore)) }
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
		{"there are no retries", with(alone, func(_ *world, c *core.Config) { c.Grace = -1 }), ownerStays},
		{"retries are limited to 10 seconds", with(alone, func(_ *world, c *core.Config) { c.Grace = 10 * time.Second }), ownerStays},
		{"retries are limited to a day", with(alone, func(_ *world, c *core.Config) { c.Grace = 24 * time.Hour }), ownerStays},
		{"something is on its way for a millisecond too long", with(alone, func(w *world, _ *core.Config) { w.late = time.Millisecond }), ownerStays},
		{"and so by clocks that differ", with(clocks, func(w *world, _ *core.Config) { w.late = time.Millisecond }), ownerStays},
		{"the owner repeats a refresh a millisecond after Grace", with(limited, func(w *world, _ *core.Config) { w.late = time.Millisecond }), ownerStays},
		{"sessions end by a thief's copy only in words", on(thief, func(s *plainStore) core.RefreshStore { return revokesNobody{s} }), neitherStays},
		{"every stale copy is taken for a retry", on(thief, func(s *plainStore) core.RefreshStore { return detectsNothing{s} }), neitherStays},
		{"a compromise ends more or less than it should", with(thief, func(w *world, c *core.Config) { c.CompromiseEnds = core.OneSession - c.CompromiseEnds }), neitherStays},
		{"a stale copy is exchanged", on(thief, func(s *plainStore) core.RefreshStore { return exchangesAll{s} }), oneDescendant},
		{"an exchange is acknowledged and lost", on(alone, func(s *plainStore) core.RefreshStore { return losesExchanges{s} }), oneDescendant},
		{"a failure is told as no record", with(alone, func(w *world, _ *core.Config) { w.failure = core.ErrNotFound }), failureChanges},
		{"a login presents no cookies", with(logins, func(w *world, _ *core.Config) { w.forgetful = true }), identityStays},
		{"a browser does not keep the session's cookie", with(logins, func(w *world, _ *core.Config) { w.nameless = true }), identityStays},
		{"a revocation is dated back", on(logins, func(s *plainStore) core.RefreshStore { return datesBack{s} }), identityStays},
		{"later logins end too", on(thief, func(s *plainStore) core.RefreshStore { return revokesLater{s} }), loginSurvives},
		{"junk logs the user out", with(alone, revokeForJunk), forgedChanges},
		{"an eviction is not told", on(logins, func(s *plainStore) core.RefreshStore { return evictsInSilence{s} }), toldOnce},
		{"a revocation is told again", on(thief, func(s *plainStore) core.RefreshStore { return revokesAgain{s} }), toldOnce},
		{"a session lives for longer than it should", with(alone, func(_ *world, c *core.Config) { c.RefreshTokenDuration *= 2 }), asDocumented},
	} {
		t.Run(test.name, func(t *testing.T) {
			// The same bug can break another property first, in another schedule.
			for i := range 20_000 {
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

type revokesNobody struct{ *plainStore }

func (s revokesNobody) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	return s.newestFirst(v.Selects), ctx.Err()
}

// detectsNothing returns records that are at most one exchange ahead of the request.
type detectsNothing struct{ *plainStore }

func (s detectsNothing) Get(ctx context.Context, id string) (core.Record, error) {
	r, err := s.plainStore.Get(ctx, id)
	return s.hide(ctx, r), err
}

func (s detectsNothing) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, err := s.plainStore.Exchange(ctx, x)
	return s.hide(ctx, r), err
}

func (s detectsNothing) hide(ctx context.Context, r core.Record) core.Record {
	if q, ok := ctx.Value(requestKey{}).(*request); ok && r.Generation > q.generation+1 {
		r.Generation, r.PreviousRef = q.generation+1, q.ref
	}
	return r
}

type revokesLater struct{ *plainStore }

func (s revokesLater) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	v.IssuedUntil = time.Time{}
	return s.plainStore.Revoke(ctx, v)
}

// datesBack tells requests of revocations that they were long ago.
type datesBack struct{ *plainStore }

func (s datesBack) Get(ctx context.Context, id string) (core.Record, error) {
	r, err := s.plainStore.Get(ctx, id)
	return s.date(ctx, r), err
}

func (s datesBack) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, err := s.plainStore.Exchange(ctx, x)
	return s.date(ctx, r), err
}

func (datesBack) date(ctx context.Context, r core.Record) core.Record {
	if _, ok := ctx.Value(requestKey{}).(*request); ok && !r.RevokedAt.IsZero() {
		r.RevokedAt = r.RevokedAt.Add(-time.Hour)
	}
	return r
}

type evictsInSilence struct{ *plainStore }

func (s evictsInSilence) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	_, err := s.plainStore.Create(ctx, r, limit)
	return nil, err
}

// revokesAgain returns what was revoked before, too.
type revokesAgain struct{ *plainStore }

func (s revokesAgain) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if _, err := s.plainStore.Revoke(ctx, v); err != nil {
		return nil, err
	}
	return s.newestFirst(v.Selects), nil
}

// exchangesAll exchanges whatever the generation is.
type exchangesAll struct{ *plainStore }

func (s exchangesAll) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, err := s.plainStore.Exchange(ctx, x)
	if !errors.Is(err, core.ErrConflict) || !r.Live(x.At) {
		return r, err
	}
	r.Generation, r.AccessRef, r.PreviousRef, r.ExchangedAt = x.Generation+1, x.To, x.From, x.At
	s.records[x.ID] = r
	return r, nil
}

// losesExchanges keeps the record as it was.
type losesExchanges struct{ *plainStore }

func (s losesExchanges) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	before, err := s.Get(ctx, x.ID)
	if err != nil {
		return before, err
	}
	r, err := s.plainStore.Exchange(ctx, x)
	s.records[x.ID] = before
	return r, err
}

// revokeForJunk has the application end sessions for tokens that are not genuine.
func revokeForJunk(w *world, c *core.Config) {
	c.ErrorHandler = func(rw http.ResponseWriter, r *http.Request, e *core.Error) {
		if errors.Is(e, core.ErrInvalidRefreshToken) {
			if _, err := w.store.Revoke(r.Context(), core.Revocation{UserID: w.users[0], At: w.now}); err != nil {
				panic(err)
			}
		}
		e.ServeHTTP(rw, r)
	}
}
