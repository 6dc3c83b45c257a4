package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// stoppedRules stop a call on its way: at the first moment that it looks at its
// context, at the second, and so on until it no longer looks.
var stoppedRules = []rule{
	{
		id:   "Create/Stopped",
		text: "A Create stopped by its context stores the record and revokes those beyond the limit, or does neither.",
		check: func(t *trial) {
			t.eachStop(func(ctx context.Context, user string, _ time.Time) {
				tokens := newTokens(user, base, 4)
				t.create(tokens[:3]...)
				t.wholly(ctx, call{method: create, token: tokens[3], limit: 1},
					tokens[:3], append(allRevokedAt(tokens[:3], after(3)), tokens[3]))
			})
		},
	},
	{
		id:   "Exchange/Stopped",
		text: "An Exchange stopped by its context sets every field or none.",
		check: func(t *trial) {
			t.eachStop(func(ctx context.Context, user string, _ time.Time) {
				token := newToken(user, base)
				t.create(token)
				x := next(token, after(1))
				x.ExpiresAt = after(2)
				t.wholly(ctx, call{method: exchange, exchange: x},
					[]core.Record{token}, []core.Record{exchanged(token, x)})
			})
		},
	},
	{
		id:   "Revoke/Stopped",
		text: "A Revoke stopped by its context has revoked the record or not.",
		check: func(t *trial) {
			t.eachStop(func(ctx context.Context, user string, _ time.Time) {
				tokens := newTokens(user, base, 1)
				t.create(tokens...)
				t.wholly(ctx, call{method: revoke, id: tokens[0].ID, at: after(1)}, tokens, allRevokedAt(tokens, after(1)))
			})
		},
	},
	{
		id:   "RevokeUser/Stopped",
		text: "A RevokeUser stopped by its context has revoked all live records of the user or none.",
		check: func(t *trial) {
			t.eachStop(func(ctx context.Context, user string, _ time.Time) {
				tokens := newTokens(user, base, 5)
				t.create(tokens...)
				t.wholly(ctx, call{method: revokeUser, userID: user, at: after(9)}, tokens, allRevokedAt(tokens, after(9)))
			})
		},
	},
	{
		id:    "DeleteExpired/Stopped",
		text:  "A DeleteExpired stopped by its context has deleted all that it was to delete or nothing.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			t.eachStop(func(ctx context.Context, user string, start time.Time) {
				tokens := newTokens(user, start, 5)
				t.create(tokens...)
				t.wholly(ctx, call{method: deleteExpired, at: tokens[4].ExpiresAt.Add(time.Millisecond), max: 3}, tokens, tokens[3:])
			})
		},
	},
}

// eachStop calls f with contexts that are cancelled at their first, second, third
// look, each with a user of its own and a start before all the earlier ones, until
// one is not looked at so often.
func (t *trial) eachStop(f func(ctx context.Context, user string, start time.Time)) {
	for looks := 1; looks <= 50 && !t.failed(); looks++ {
		ctx := &fragile{Context: t.ctx, looks: looks, done: make(chan struct{})}
		f(ctx, fmt.Sprintf("user %d", looks), base.Add(-time.Duration(looks)*2*lifetime))
		if ctx.Err() == nil {
			return
		}
	}
}

// wholly makes a call that may be stopped by its context, and wants the user's
// records to be those before or those after it.
func (t *trial) wholly(ctx context.Context, c call, before, after []core.Record) {
	if t.failed() {
		return
	}
	r := c.on(ctx, t.store)
	switch {
	case r.err == nil:
		before = after
	case !errors.Is(r.err, context.Canceled) || isSentinel(r.err):
		t.fail(fmt.Sprintf("%s succeeds or is context.Canceled", c.method), r.format(c.method))
		return
	}
	var is []core.Record
	ids := map[string]bool{}
	for _, token := range append(before[:len(before):len(before)], after...) {
		if ids[token.ID] {
			continue
		}
		ids[token.ID] = true
		g := t.call(call{method: get, id: token.ID})
		if g.err == nil {
			is = append(is, g.token)
		} else if !errors.Is(g.err, core.ErrNotFound) {
			t.fail("Get succeeds or is ErrNotFound", g.format(get))
			return
		}
	}
	if !sameTokens(is, before) && !sameTokens(is, after) {
		t.fail(fmt.Sprintf("%s changes all or nothing: %s, or else %s", c.method, formatTokens(before), formatTokens(after)), formatTokens(is))
	}
}

// fragile is a context that is cancelled the moment somebody has looked at it so
// many times, by Done or Err. It is safe for concurrent use.
type fragile struct {
	context.Context
	mu    sync.Mutex
	looks int // left
	done  chan struct{}
}

func (f *fragile) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks == 0 {
		return
	}
	f.looks--
	if f.looks == 0 {
		close(f.done)
	}
}

func (f *fragile) Done() <-chan struct{} {
	f.look()
	return f.done
}

func (f *fragile) Err() error {
	f.look()
	select {
	case <-f.done:
		return context.Canceled
	default:
		return f.Context.Err()
	}
}
