package storetest

import (
	"context"
	"errors"
	"sync"
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

// keeping makes a client that answers no call once the context of its last call of a
// method has ended.
func keeping(method method) func(m *model) storeFunc {
	return func(m *model) storeFunc {
		kept := context.Background()
		return func(ctx context.Context, c call) result {
			if err := kept.Err(); err != nil {
				return result{err: err}
			}
			r := m.answer(ctx, c)
			if c.method == method && r.err == nil {
				kept = ctx
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
	{bug: "ignores the context of ListUser", client: deaf(listUser), fails: "ListUser/Cancelled ListUser/Overdue"},
	{bug: "ignores the context of DeleteExpired", client: deaf(deleteExpired), fails: "DeleteExpired/Cancelled DeleteExpired/Overdue"},
	{bug: "looks at the context after it has created", client: late(create), fails: "Create/Cancelled Create/Overdue"},
	{bug: "looks at the context after it has exchanged", client: late(exchange), fails: "Exchange/Cancelled Exchange/Overdue"},
	{bug: "looks at the context after it has revoked", client: late(revoke), fails: "Revoke/Cancelled Revoke/Overdue"},
	{bug: "looks at the context after it has deleted", client: late(deleteExpired), fails: "DeleteExpired/Cancelled DeleteExpired/Overdue"},
	{
		bug:    "takes a cancelled context for not found",
		client: misnaming(core.ErrNotFound),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped Records/Context",
	},
	{
		bug:    "takes a cancelled context for a conflict",
		client: misnaming(core.ErrConflict),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped Records/Context",
	},
	{
		bug:    "hides the error of the context",
		client: misnaming(errors.New("driver: query interrupted")),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped Records/Context",
	},
	{
		bug:    "joins the error of the context with a sentinel",
		client: misnaming(errors.Join(core.ErrNotFound, context.Canceled, context.DeadlineExceeded)),
		fails:  "Context/BeforeSentinels */Cancelled */Overdue */Stopped Records/Context",
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
		fails: "*/Overdue Records/Context",
	},
	{
		bug: "looks for the record before it looks at the context",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				r := m.answer(context.WithoutCancel(ctx), call{method: get, id: c.recordID()})
				switch {
				case c.method == create && r.err == nil:
					return result{err: core.ErrExists}
				case (c.method == get || c.method == exchange) && r.err != nil:
					return r
				}
				return m.answer(ctx, c)
			}
		},
		fails: "Context/BeforeSentinels",
	},
	{
		bug:    "keeps the context of the last Get",
		client: keeping(get),
		fails:  "Context/NotKept",
	},
	{
		bug:    "keeps the context of the last ListUser",
		client: keeping(listUser),
		fails:  "Context/NotKept",
	},
	{
		bug:    "keeps the context of the last DeleteExpired",
		client: keeping(deleteExpired),
		fails:  "Context/NotKept DeleteExpired/Stopped",
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
				if c.method == revoke && c.revocation.ID != "" && r.err == nil {
					kept, undo = ctx, c.revocation.ID
				}
				return r
			}
		},
		fails: "Context/NotKept Revoke/Stopped",
	},
	{
		bug: "revokes beyond the limit and may then not create",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method != create || c.limit <= 0 || ctx.Err() != nil {
					return m.answer(ctx, c)
				}
				m.mu.Lock()
				var evicted []core.Record
				if _, ok := m.state[c.record.ID]; !ok {
					evicted = m.state.revokeEach(beyond(liveAt(m.state, c), c.limit), c.record.IssuedAt)
				}
				m.mu.Unlock()
				r := m.answer(ctx, c)
				r.records = append(r.records, evicted...)
				return r
			}
		},
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
				if c.method != revoke {
					return m.answer(ctx, c)
				}
				var r result
				for {
					if err := ctx.Err(); err != nil {
						return result{err: err}
					}
					m.mu.Lock()
					left := revocable(m.state, c.revocation)
					if len(left) > 0 {
						r.records = append(r.records, m.state.revokeEach(left[:1], c.now())...)
					}
					m.mu.Unlock()
					if len(left) == 0 {
						return r
					}
				}
			}
		},
		fails: "Revoke/Stopped",
	},
	{
		bug: "empties records that it may then not delete",
		client: halting(deleteExpired, func(s state, c call) {
			for _, r := range s.expired(c.at)[:min(c.max, len(s.expired(c.at)))] {
				s.update(r.ID, func(r *core.Record) { r.Data = nil })
			}
		}),
		fails: "DeleteExpired/Stopped",
	},
	{
		bug: "deletes more than max where it is stopped",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method == deleteExpired && ctx.Err() == nil {
					before := m.answer(context.WithoutCancel(ctx), call{method: iterate}).records
					r := m.answer(ctx, c)
					if r.err == nil && ctx.Err() != nil {
						c.max = len(before)
						m.answer(context.WithoutCancel(ctx), c)
						return result{err: ctx.Err()}
					}
					return r
				}
				return m.answer(ctx, c)
			}
		},
		fails: "DeleteExpired/Stopped",
	},
	{
		bug: "goes on with an exchange after it returned the error of its context",
		client: func(m *model) storeFunc {
			var mu sync.Mutex
			var late call
			in := -1 // calls until it takes effect
			return func(ctx context.Context, c call) result {
				mu.Lock()
				defer mu.Unlock()
				if in == 0 {
					m.answer(context.WithoutCancel(ctx), late)
				}
				in--
				if c.method == exchange && in < 0 && ctx.Err() == nil && ctx.Err() != nil {
					late, in = c, 2
					return result{err: ctx.Err()}
				}
				return m.answer(ctx, c)
			}
		},
		races: "History/Cancelled",
	},
	{
		bug: "ends a record and may then not say that it is revoked",
		client: func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				m.mu.Lock()
				defer m.mu.Unlock()
				r, known := m.state[c.revocation.ID]
				if known && ctx.Err() == nil {
					m.state.update(r.ID, func(r *core.Record) { r.ExpiresAt = c.now() })
				}
				if err := ctx.Err(); err != nil {
					return result{err: err}
				}
				if known {
					m.state[r.ID] = r
				}
				return m.state.apply(c)
			}
		},
		fails: "Revoke/Stopped",
	},
}
