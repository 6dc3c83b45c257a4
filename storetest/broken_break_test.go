package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// breaking makes a harness of a store that can be broken, and then answers so.
func breaking(answer func(m *model, c call) result) func() Harness {
	return func() Harness {
		var isBroken *atomic.Bool
		return Harness{
			Open: func(*testing.T) core.RefreshStore {
				m, is := newModel(), &atomic.Bool{}
				isBroken = is
				return storeFunc(func(ctx context.Context, c call) result {
					if is.Load() && ctx.Err() == nil {
						return answer(m, c)
					}
					return m.answer(ctx, c)
				})
			},
			Break: func(*testing.T, core.RefreshStore) { isBroken.Store(true) },
		}
	}
}

// failed answers every call with the driver's error.
func failed(*model, call) result { return result{err: fmt.Errorf("%w: database is closed", errDriver)} }

// failing answers all methods but one with the driver's error.
func failingBut(method method, answer func(m *model, c call) result) func(m *model, c call) result {
	return func(m *model, c call) result {
		if c.method == method {
			return answer(m, c)
		}
		return failed(m, c)
	}
}

var brokenBreak = []broken{
	{
		bug:     "reports a closed database as not found",
		harness: breaking(failingBut(get, func(*model, call) result { return result{err: core.ErrNotFound} })),
		fails:   "Break/Failure",
	},
	{
		bug: "reports a closed database as a conflict",
		harness: breaking(failingBut(exchange, func(*model, call) result {
			return result{err: fmt.Errorf("%w: %w", core.ErrConflict, errDriver)}
		})),
		fails: "Break/Failure",
	},
	{
		bug:     "lists nobody where the database is closed",
		harness: breaking(failingBut(listUser, func(*model, call) result { return result{} })),
		fails:   "Break/Failure",
	},
	{
		bug:     "revokes nothing where the database is closed",
		harness: breaking(failingBut(revoke, func(*model, call) result { return result{} })),
		fails:   "Break/Failure",
	},
	{
		bug:     "yields nothing where the database is closed",
		harness: breaking(failingBut(iterate, func(*model, call) result { return result{} })),
		fails:   "Break/Failure",
	},
	{
		bug:     "answers from memory where the database is closed",
		harness: breaking(func(m *model, c call) result { return m.answer(context.Background(), c) }),
		fails:   "Break/Failure",
	},
}
