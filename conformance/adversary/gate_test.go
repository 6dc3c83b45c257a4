package adversary_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// gate stands before a store: it stops every call before and after it takes effect,
// and looks at what the call does.
type gate struct {
	*history
	w *world
	// late are the calls that failed and are still to take effect.
	late []lateCall
}

// lateCall is a call that failed, and takes effect later or not at all.
type lateCall struct {
	session string
	at      time.Time // when its request arrived
	do      func(context.Context) error
}

// call makes a call of the store for the request in ctx. late makes it for nobody.
func (g *gate) call(ctx context.Context, method string, do func(*request) error, late func(context.Context) error) error {
	r := requestOf(ctx)
	r.calls++
	if r.kind != login && !r.genuine && !g.w.provesAccess(r) {
		violated(forgedChanges, "%v calls %s", r, method)
	}
	if !r.pause("before "+method) || r.fate != goesOn {
		r.failed = true
		if r.fate == comesLate && late != nil {
			g.late = append(g.late, lateCall{r.session, r.arrived, late})
		}
		return g.w.failure
	}
	err := do(r)
	if err != nil && !errors.Is(err, core.ErrNotFound) && !errors.Is(err, core.ErrConflict) && !errors.Is(err, core.ErrExists) {
		if ctx.Err() == nil {
			panic(err) // the failures of the model are none of the store's
		}
		r.failed = true
	}
	if !r.pause("after "+method) || r.fate != goesOn {
		r.failed = true
		return g.w.failure
	}
	return err
}

// takeEffect has a call that failed take effect, or never.
func (g *gate) takeEffect() {
	if len(g.late) == 0 {
		return
	}
	i := g.w.rng.IntN(len(g.late))
	call := g.late[i]
	g.late = slices.Delete(g.late, i, i+1)
	if g.w.chance(30) {
		return
	}
	g.w.tracef("a call that failed at %v takes effect", call.at.Sub(start))
	g.w.count("late calls")
	err := call.do(context.Background())
	if err != nil && !errors.Is(err, core.ErrNotFound) && !errors.Is(err, core.ErrConflict) {
		panic(err)
	}
}

func (g *gate) Create(ctx context.Context, t core.Record, limit int) (evicted []core.Record, err error) {
	r := requestOf(ctx)
	create := func(ctx context.Context) error {
		evicted, err = g.history.Create(ctx, t, limit)
		if err == nil {
			g.w.arrivedAt[t.ID] = r.arrived
		}
		return err
	}
	err = g.ending(ctx, "Create", func() string { return t.UserID }, t.IssuedAt, func() error {
		err := create(ctx)
		if err == nil {
			r.visit.session = t.ID
			g.w.options[t.ID] = r.options
		}
		return err
	}, create)
	return evicted, err
}

func (g *gate) Get(ctx context.Context, id string) (t core.Record, err error) {
	err = g.call(ctx, "Get", func(r *request) error {
		r.standing = g.w.standing(r, r.arrived.Add(r.on.skew))
		t, err = g.history.Get(ctx, id)
		return err
	}, nil)
	return t, err
}

func (g *gate) Exchange(ctx context.Context, x core.Exchange) (t core.Record, err error) {
	r := requestOf(ctx)
	exchange := func(ctx context.Context) error {
		t, err = g.history.Exchange(ctx, x)
		if err == nil {
			g.w.exchanged(x, x.At.Add(-r.on.skew))
		}
		return err
	}
	err = g.call(ctx, "Exchange", func(r *request) error {
		r.standing = g.w.standing(r, x.At)
		return exchange(ctx)
	}, exchange)
	return t, err
}

func (g *gate) Revoke(ctx context.Context, v core.Revocation) (revoked []core.Record, err error) {
	r := requestOf(ctx)
	revoke := func(ctx context.Context) error {
		revoked, err = g.history.Revoke(ctx, v)
		return err
	}
	user := func() string {
		t, _ := g.look(v.ID)
		return cmp.Or(v.UserID, t.UserID)
	}
	err = g.ending(ctx, "Revoke", user, v.At, func() error {
		if r.refreshes() {
			return g.compromise(ctx, r, v.UserID, revoke)
		}
		if r.kind != login && r.kind != logout || !g.w.presents(r, v.ID) {
			violated(forgedChanges, "%v, which presents nothing of the session, ends it", r)
		}
		return revoke(ctx)
	}, revoke)
	return revoked, err
}

// compromise judges a revocation because of a compromised token.
func (g *gate) compromise(ctx context.Context, r *request, user string, revoke func(context.Context) error) error {
	switch {
	case !r.genuine:
		violated(forgedChanges, "%v ends sessions", r)
	case g.w.alone():
		violated(ownerStays, "%v, whose token is %s, ends sessions", r, r.standing)
	case r.standing != stale:
		violated(asDocumented, "%v ends sessions with a token that is %s", r, r.standing)
	case ctx.Err() != nil:
		violated(neitherStays, "%v is cancelled, and with it the end of the sessions", r)
	}
	before := g.live(user, g.w.now)
	if err := revoke(ctx); err != nil {
		return err
	}
	r.ended = true
	after := g.live(user, g.w.now)
	for id := range before {
		ends := !g.w.arrivedAt[id].After(r.arrived)
		if g.w.reach == core.OneSession {
			ends = id == r.session
		}
		switch {
		case ends && after[id]:
			violated(neitherStays, "%v ended sessions, and one that it should end goes on", r)
		case !ends && !after[id] && g.w.arrivedAt[id].After(r.arrived):
			violated(loginSurvives, "%v ended a session that began after it", r)
		case !ends && !after[id]:
			violated(neitherStays, "%v ended a session that it should not end", r)
		case !ends:
			g.w.count("sessions that a compromise spared")
		}
	}
	return nil
}

// ending makes a call that can end sessions of the user, and notes which, if the store
// acknowledges it.
func (g *gate) ending(ctx context.Context, method string, user func() string, at time.Time, do func() error, late func(context.Context) error) error {
	ends := map[string]bool{}
	err := g.call(ctx, method, func(*request) error {
		user := user()
		before := g.live(user, at)
		err := do()
		after := g.live(user, at)
		for id := range before {
			if !after[id] {
				ends[id] = true
			}
		}
		return err
	}, late)
	if err == nil {
		for id := range ends {
			requestOf(ctx).ends[id] = true
		}
	}
	return err
}

// live returns the sessions of the user that are live at that moment.
func (g *gate) live(user string, at time.Time) map[string]bool {
	live := map[string]bool{}
	if user == "" {
		return live
	}
	records, err := g.ListUser(context.Background(), user, at)
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		live[r.ID] = true
	}
	return live
}
