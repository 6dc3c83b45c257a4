package adversary_test

import (
	"context"
	"errors"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// gate stands before a store: it stops every call before and after it takes effect,
// and looks at what the call does.
type gate struct {
	*history
	w *world
}

// call makes a call of the store for the request in ctx.
func (g *gate) call(ctx context.Context, method string, do func(*request) error) error {
	r := ctx.Value(requestKey{}).(*request)
	r.calls++
	if r.kind != login && !r.genuine && !g.w.provesAccess(r) {
		violated(forgedChanges, "%v calls %s", r, method)
	}
	if !r.pause("before "+method) || r.fate == fails {
		r.failed = true
		return g.w.failure
	}
	err := do(r)
	if err != nil && !errors.Is(err, core.ErrNotFound) && !errors.Is(err, core.ErrConflict) && !errors.Is(err, core.ErrExists) {
		if ctx.Err() == nil {
			panic(err) // the failures of the model are none of the store's
		}
		r.failed = true
	}
	if !r.pause("after "+method) || r.fate == fails {
		r.failed = true
		return g.w.failure
	}
	return err
}

func (g *gate) Create(ctx context.Context, t core.Record, limit int) error {
	return g.call(ctx, "Create", func(r *request) error {
		err := g.history.Create(ctx, t, limit)
		if err == nil {
			r.visit.session = t.ID
			g.w.arrivedAt[t.ID] = r.arrived
		}
		return err
	})
}

func (g *gate) Get(ctx context.Context, id string) (t core.Record, err error) {
	err = g.call(ctx, "Get", func(r *request) error {
		r.standing = g.w.standing(r, r.arrived.Add(r.on.skew))
		t, err = g.history.Get(ctx, id)
		return err
	})
	return t, err
}

func (g *gate) Exchange(ctx context.Context, x core.Exchange) (t core.Record, err error) {
	err = g.call(ctx, "Exchange", func(r *request) error {
		r.standing = g.w.standing(r, x.At)
		t, err = g.history.Exchange(ctx, x)
		if err == nil {
			g.w.exchanged(x, x.At.Add(-r.on.skew))
		}
		return err
	})
	return t, err
}

func (g *gate) Revoke(ctx context.Context, id string, at time.Time) error {
	return g.call(ctx, "Revoke", func(r *request) error {
		if (r.kind != login && r.kind != logout) || !g.w.presents(r, id) {
			violated(forgedChanges, "%v, which presents nothing of the session, ends it", r)
		}
		return g.history.Revoke(ctx, id, at)
	})
}

func (g *gate) RevokeUser(ctx context.Context, userID string, at time.Time) (n int, err error) {
	err = g.call(ctx, "RevokeUser", func(r *request) error {
		if !r.genuine || (r.kind != refresh && r.kind != grant) {
			violated(forgedChanges, "%v ends all sessions", r)
		}
		if g.w.alone() {
			violated(ownerStays, "%v, whose token is %s, ends all sessions", r, r.standing)
		}
		if r.standing != stale {
			violated(asDocumented, "%v ends all sessions with a token that is %s", r, r.standing)
		}
		if ctx.Err() != nil {
			violated(neitherStays, "%v is cancelled, and with it the end of the sessions", r)
		}
		before := g.sessionsOf(userID)
		n, err = g.history.RevokeUser(ctx, userID, at)
		if err != nil {
			return err
		}
		r.ended = true
		after := g.sessionsOf(userID)
		for id := range after {
			if !g.w.arrivedAt[id].After(r.arrived) {
				violated(neitherStays, "%v ended the sessions, and one of before goes on", r)
			}
		}
		for id := range before {
			if _, goes := after[id]; !goes && g.w.arrivedAt[id].After(r.arrived) {
				violated(loginSurvives, "%v ended a session that began after it", r)
			}
		}
		return nil
	})
	return n, err
}

// sessionsOf returns the live sessions of the user.
func (g *gate) sessionsOf(userID string) map[string]bool {
	live := map[string]bool{}
	records, err := g.ListUser(context.Background(), userID, g.w.now)
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		live[r.ID] = true
	}
	return live
}
