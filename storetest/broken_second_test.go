package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// brokenSecond are mistakes of a second round.
var brokenSecond = []broken{
	{bug: "evicts only what was issued within a day before", fails: "Create/LimitOfMany", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			return slices.DeleteFunc(beyond(live, c.limit), func(r core.Record) bool { return c.record.IssuedAt.Sub(r.IssuedAt) > 24*time.Hour })
		})
	})},
	{bug: "returns an expiry of evicted records that is the moment", fails: "Create/LimitLarge", apply: then(create, func(_ state, c call, r *result) {
		for i := range r.records {
			r.records[i].ExpiresAt = c.record.IssuedAt
		}
	})},
	{bug: "resets the generation when it revokes", fails: "Revoke/Sets", apply: then(revoke, func(s state, _ call, r *result) {
		for i := range r.records {
			s.update(r.records[i].ID, func(t *core.Record) { t.Generation = 0 })
		}
	})},
	{bug: "exchanges with the generation that it has", fails: "Exchange/LargestGeneration", apply: instead(exchange, func(s state, c call) result {
		if old, ok := s[c.exchange.ID]; ok && old.Generation > c.exchange.Generation && old.AccessRef == c.exchange.From {
			c.exchange.Generation = old.Generation
		}
		return s.apply(c)
	})},
	{bug: "refuses an exchange to the reference that it has", fails: "Create/AnyReference", apply: instead(exchange, func(s state, c call) result {
		if old, ok := s[c.exchange.ID]; ok && old.AccessRef == c.exchange.To {
			return result{record: copied(old), err: core.ErrConflict}
		}
		return s.apply(c)
	})},
	{bug: "refuses an expiry before the login", fails: "Exchange/EarlierClock", apply: instead(exchange, func(s state, c call) result {
		if old, ok := s[c.exchange.ID]; ok && c.exchange.ExpiresAt.Before(old.IssuedAt) {
			return result{record: copied(old), err: core.ErrConflict}
		}
		return s.apply(c)
	})},
	{bug: "finds the generation of more than a million too far ahead", fails: "Exchange/LargestGeneration", apply: instead(exchange, func(s state, c call) result {
		if old, ok := s[c.exchange.ID]; ok && c.exchange.Generation-old.Generation > 1e6 {
			return result{record: copied(old), err: core.ErrConflict}
		}
		return s.apply(c)
	})},
	{bug: "keeps ErrConflict's record as of before a revocation", fails: "Exchange/Revoked", apply: then(exchange, func(_ state, _ call, r *result) {
		if errors.Is(r.err, core.ErrConflict) {
			r.record.RevokedAt = time.Time{}
		}
	})},
	{bug: "has a record of another user revoked by Except", fails: "Revoke/Except", apply: instead(revoke, func(s state, c call) result {
		if old, ok := s[c.revocation.Except]; ok && c.revocation.ID == "" && old.UserID != c.revocation.UserID {
			return result{}
		}
		return s.apply(c)
	})},
	{bug: "selects by the last 4 characters of Except", fails: "Revoke/ExceptNear", apply: instead(revoke, func(s state, c call) result {
		v := c.revocation
		chosen := s.some(func(r core.Record) bool {
			return selects(v, r) && r.RevokedAt.IsZero() && (v.Except == "" || r.ID[len(r.ID)-4:] != v.Except[len(v.Except)-4:])
		})
		return result{records: s.revokeEach(chosen, v.At)}
	})},
	{bug: "selects by the first 10 characters of Except", fails: "Revoke/ExceptNear", apply: instead(revoke, func(s state, c call) result {
		v := c.revocation
		chosen := s.some(func(r core.Record) bool {
			return selects(v, r) && r.RevokedAt.IsZero() && (v.Except == "" || r.ID[:10] != v.Except[:10])
		})
		return result{records: s.revokeEach(chosen, v.At)}
	})},
	{bug: "revokes 256 records at most", fails: "Revoke/Many", apply: instead(revoke, func(s state, c call) result {
		chosen := s.some(func(r core.Record) bool { return selects(c.revocation, r) && r.RevokedAt.IsZero() })
		return result{records: s.revokeEach(chosen[:min(len(chosen), 256)], c.revocation.At)}
	})},
	{bug: "lists with the expiry of the login", fails: "ListUser/EveryField", client: func(m *model) storeFunc {
		first := map[string]time.Time{}
		return m.with(func(s state, c call) result {
			r := s.apply(c)
			if c.method == create && r.err == nil {
				first[c.record.ID] = c.record.ExpiresAt
			}
			if c.method == listUser {
				for i := range r.records {
					r.records[i].ExpiresAt = first[r.records[i].ID]
				}
			}
			return r
		})
	}},
	{bug: "does not list a record that was rolled back and exchanged", fails: "Exchange/RecordBehind", client: func(m *model) storeFunc {
		healed := map[string]bool{}
		return m.with(func(s state, c call) result {
			old, ok := s[c.exchange.ID]
			r := s.apply(c)
			if c.method == exchange && ok && behind(old, c.exchange) && r.err == nil {
				healed[old.ID] = true
			}
			if c.method == listUser {
				r.records = slices.DeleteFunc(r.records, func(r core.Record) bool { return healed[r.ID] })
			}
			return r
		})
	}},
	{bug: "deletes max records of each user", fails: "DeleteExpired/ReachesAll", apply: instead(deleteExpired, func(s state, c call) result {
		n, of := 0, map[string]int{}
		for _, r := range s.expired(c.at) {
			if of[r.UserID] < c.max {
				of[r.UserID]++
				delete(s, r.ID)
				n++
			}
		}
		return result{n: n}
	})},
	{bug: "keeps Data that is empty from the last record", fails: "Create/EmptyValues", client: func(m *model) storeFunc {
		var last []byte
		return m.with(func(s state, c call) result {
			if c.method == create {
				if c.record.Data == nil {
					c.record.Data = bytes.Clone(last)
				}
				last = bytes.Clone(c.record.Data)
			}
			return s.apply(c)
		})
	}},
	{bug: "takes a Device that is not printable for none", fails: "Create/AnyDevice", apply: changed(create, func(c *call) {
		if strings.ContainsAny(c.record.Device, "\r\n") {
			c.record.Device = strings.NewReplacer("\r\n", "\n").Replace(c.record.Device)
		}
	})},
	{bug: "does not look at the context of an exchange that conflicts", fails: "Context/BeforeSentinels", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method == exchange && ctx.Err() != nil {
				m.mu.Lock()
				defer m.mu.Unlock()
				if r, ok := m.state[c.exchange.ID]; ok && !stands(r, c.exchange) && !behind(r, c.exchange) {
					return result{record: copied(r), err: core.ErrConflict}
				}
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "evicts before it looks at the deadline", fails: "Create/Overdue", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if err := ctx.Err(); errors.Is(err, context.DeadlineExceeded) && c.method == create && c.limit > 0 {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.state.revokeEach(beyond(m.state.live(c.record.UserID, c.record.IssuedAt), c.limit), c.record.IssuedAt)
				return result{err: err}
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "drops dead records that were exchanged first", fails: "Dead/LastRevoked", apply: then(create, func(s state, c call, r *result) {
		dead := s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() })
		slices.SortStableFunc(dead, func(a, b core.Record) int { return b.ExchangedAt.Compare(a.ExchangedAt) })
		for _, old := range dead[min(len(dead), core.KeptDeadRecords):] {
			delete(s, old.ID)
		}
	})},
}
