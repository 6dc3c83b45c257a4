package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// deaf makes a client that does not look at the contexts of one method.
func deaf(method method) func(m *model) storeFunc {
	return func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method == method {
				ctx = context.WithoutCancel(ctx)
			}
			return m.answer(ctx, c)
		}
	}
}

// late makes a client that looks at the context only after it has changed
// something.
func late(method method) func(m *model) storeFunc {
	return func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method != method {
				return m.answer(ctx, c)
			}
			r := m.answer(context.WithoutCancel(ctx), c)
			if ctx.Err() != nil {
				return result{err: ctx.Err()}
			}
			return r
		}
	}
}

// halting makes a client that takes a call in two steps and looks at the context
// before each.
func halting(method method, first func(s state, c call)) func(m *model) storeFunc {
	return func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method == method && ctx.Err() == nil {
				m.mu.Lock()
				first(m.state, c)
				m.mu.Unlock()
			}
			return m.answer(ctx, c)
		}
	}
}

// misnaming makes a client that returns another error where the context stops it.
func misnaming(err error) func(m *model) storeFunc {
	return func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			r := m.answer(ctx, c)
			if ctx.Err() != nil {
				r.err = err
			}
			return r
		}
	}
}

var brokenContext = []broken{
	{bug: "ignores the context of Create", client: deaf(create), fails: "Context/BeforeSentinels Create/Cancelled Create/Overdue"},
	{bug: "ignores the context of Get", client: deaf(get), fails: "Context/BeforeSentinels Get/Cancelled Get/Overdue"},
	{bug: "ignores the context of Exchange", client: deaf(exchange), fails: "Context/BeforeSentinels Exchange/Cancelled Exchange/Overdue"},
	{bug: "ignores the context of Revoke", client: deaf(revoke), fails: "Context/BeforeSentinels Revoke/Cancelled Revoke/Overdue"},
	{bug: "ignores the context of RevokeUser", client: deaf(revokeUser), fails: "RevokeUser/Cancelled RevokeUser/Overdue"},
	{bug: "ignores the context of ListUser", client: deaf(listUser), fails: "ListUser/Cancelled ListUser/Overdue"},
	{bug: "ignores the context of DeleteExpired", client: deaf(deleteExpired), fails: "DeleteExpired/Cancelled DeleteExpired/Overdue"},
	{bug: "looks at the context after it has created", client: late(create), fails: "Create/Cancelled Create/Overdue"},
	{bug: "looks at the context after it has exchanged", client: late(exchange), fails: "Exchange/Cancelled Exchange/Overdue"},
	{bug: "looks at the context after it has revoked", client: late(revoke), fails: "Revoke/Cancelled Revoke/Overdue"},
	{bug: "looks at the context after it has deleted", client: late(deleteExpired), fails: "DeleteExpired/Cancelled DeleteExpired/Overdue"},
	{
		bug:    "takes a cancelled context for not found",
		client: misnaming(core.ErrNotFound),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped",
	},
	{
		bug:    "takes a cancelled context for a conflict",
		client: misnaming(core.ErrConflict),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped",
	},
	{
		bug:    "hides the error of the context",
		client: misnaming(errors.New("driver: query interrupted")),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped",
	},
	{
		bug:    "joins the error of the context with a sentinel",
		client: misnaming(errors.Join(core.ErrNotFound, context.Canceled, context.DeadlineExceeded)),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped",
	},
	{
		bug: "tells a deadline as a cancellation",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				r := m.answer(ctx, c)
				if errors.Is(r.err, context.DeadlineExceeded) {
					r.err = context.Canceled
				}
				return r
			}
		},
		fails: "*/Overdue",
	},
	{
		bug: "looks for the record before it looks at the context",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if _, ok := m.answer(context.WithoutCancel(ctx), call{method: get, id: c.record()}).token, c.record() != ""; ok {
					r := m.answer(context.WithoutCancel(ctx), call{method: get, id: c.record()})
					switch {
					case c.method == create && r.err == nil:
						return result{err: core.ErrExists}
					case c.method != create && r.err != nil:
						return r
					}
				}
				return m.answer(ctx, c)
			}
		},
		fails: "Context/BeforeSentinels",
	},
	{
		bug: "undoes a call whose context is cancelled afterwards",
		client: func(m *model) storeFunc {
			var kept context.Context
			var undo string
			return func(ctx context.Context, c call) result {
				if kept != nil && kept.Err() != nil {
					m.state.setRevoked(undo, time.Time{})
					kept = nil
				}
				r := m.answer(ctx, c)
				if c.method == revoke && r.err == nil {
					kept, undo = ctx, c.id
				}
				return r
			}
		},
		fails: "Context/NotKept Revoke/Stopped",
	},
	{
		bug: "revokes beyond the limit and may then not create",
		client: halting(create, func(s state, c call) {
			if _, ok := s[c.token.ID]; !ok && c.limit > 0 {
				for _, t := range beyond(liveAt(s, c), c.limit) {
					s.setRevoked(t.ID, c.token.IssuedAt)
				}
			}
		}),
		fails: "Create/Stopped",
	},
	{
		bug: "moves the expiry and may then not exchange",
		client: halting(exchange, func(s state, c call) {
			if t, ok := s[c.exchange.ID]; ok && t.Live(c.exchange.At) && stands(t, c.exchange) {
				s.update(t.ID, func(t *core.Record) { t.ExpiresAt = c.exchange.ExpiresAt })
			}
		}),
		fails: "Exchange/Stopped",
	},
	{
		bug: "revokes one record and may then not revoke the others",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method != revokeUser {
					return m.answer(ctx, c)
				}
				var r result
				for {
					if err := ctx.Err(); err != nil {
						return result{err: err}
					}
					m.mu.Lock()
					left := revocable(m.state, c)
					if len(left) > 0 {
						m.state.setRevoked(left[0].ID, c.at)
						r.n++
					}
					m.mu.Unlock()
					if len(left) == 0 {
						return r
					}
				}
			}
		},
		fails: "RevokeUser/Stopped",
	},
	{
		bug: "deletes one record and may then not delete the others",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method != deleteExpired {
					return m.answer(ctx, c)
				}
				all := result{}
				for range c.max {
					one := m.answer(ctx, call{method: deleteExpired, at: c.at, max: 1})
					if one.err != nil {
						return one
					}
					all.n += one.n
					if one.n == 0 {
						break
					}
				}
				return all
			}
		},
		fails: "DeleteExpired/Stopped",
	},
	{
		bug: "ends a record and may then not say that it is revoked",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				m.mu.Lock()
				defer m.mu.Unlock()
				t, known := m.state[c.id]
				if c.method == revoke && known && ctx.Err() == nil {
					m.state.update(c.id, func(t *core.Record) { t.ExpiresAt = c.at })
				}
				if err := ctx.Err(); err != nil {
					return result{err: err}
				}
				if c.method == revoke && known {
					m.state[c.id] = t
				}
				return m.state.apply(c)
			}
		},
		fails: "Revoke/Stopped",
	},
}
