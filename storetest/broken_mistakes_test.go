package storetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// stepping is a store whose Records is another than the model's.
type stepping struct {
	core.RefreshStore
	records func(ctx context.Context) iter.Seq2[core.Record, error]
}

func (s stepping) Records(ctx context.Context) iter.Seq2[core.Record, error] { return s.records(ctx) }

// iterates returns a harness of stores that yield as that function says.
func iterates(records func(m *model, ctx context.Context) iter.Seq2[core.Record, error]) func() Harness {
	return func() Harness {
		return Harness{Open: func(*testing.T) core.RefreshStore {
			m := newModel()
			return stepping{storeFunc(m.answer), func(ctx context.Context) iter.Seq2[core.Record, error] { return records(m, ctx) }}
		}}
	}
}

// impatient is iterates for stores whose calls may never return.
func impatient(records func(m *model, ctx context.Context) iter.Seq2[core.Record, error]) func() Harness {
	return func() Harness {
		h := iterates(records)()
		h.Timeout = 300 * time.Millisecond
		return h
	}
}

// all returns copies of all records under the lock.
func (m *model) all() []core.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.some(func(core.Record) bool { return true })
}

// brokenMistakes are stores with mistakes that were made up from the comments of the contract
// alone. Each must fail the rule that forbids it. Others may fail too.
var brokenMistakes = []broken{
	// Create.
	{bug: "counts a record as live at the moment it expires", fails: "Create/LimitIgnoresExpired", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func([]core.Record) []core.Record {
			return beyond(s.each(c.record.UserID, func(r core.Record) bool {
				return r.RevokedAt.IsZero() && !r.ExpiresAt.Before(c.record.IssuedAt)
			}), c.limit)
		})
	})},
	{bug: "takes a negative limit for a limit of one", fails: "Create/NoLimit", apply: changed(create, func(c *call) {
		if c.limit < 0 {
			c.limit = 1
		}
	})},
	{bug: "takes a limit of zero for nothing at all", fails: "Create/EveryField", apply: instead(create, func(s state, c call) result {
		r := s.apply(c)
		if r.err == nil && c.limit == 0 {
			s.update(c.record.ID, func(t *core.Record) { t.RevokedAt = c.record.IssuedAt })
		}
		return r
	})},
	{bug: "evicts only records that are older than the new one", fails: "Create/LimitSparesNew", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			return slices.DeleteFunc(beyond(live, c.limit), func(r core.Record) bool { return r.IssuedAt.After(c.record.IssuedAt) })
		})
	})},
	{bug: "evicts no record of the same moment", fails: "Create/LimitIgnoresExpired", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			return slices.DeleteFunc(beyond(live, c.limit), func(r core.Record) bool { return r.IssuedAt.Equal(c.record.IssuedAt) })
		})
	})},
	{bug: "evicts one record at most", fails: "Create/LimitLowered", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			over := beyond(live, c.limit)
			return over[max(0, len(over)-1):]
		})
	})},
	{bug: "evicts ten records at most", fails: "Create/LimitOfMany", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			over := beyond(live, c.limit)
			return over[max(0, len(over)-10):]
		})
	})},
	{bug: "evicts in the order of exchange", fails: "Create/LimitByLogin", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			slices.SortFunc(live, func(a, b core.Record) int { return b.ExchangedAt.Compare(a.ExchangedAt) })
			over := beyond(live, c.limit)
			slices.SortFunc(over, newestFirst)
			return over
		})
	})},
	{bug: "evicts in the order of expiry", fails: "Create/LimitByLogin", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			slices.SortStableFunc(live, func(a, b core.Record) int { return b.ExpiresAt.Compare(a.ExpiresAt) })
			over := beyond(live, c.limit)
			slices.SortFunc(over, newestFirst)
			return over
		})
	})},
	{bug: "revokes at the evicted record's expiry if that is far", fails: "Create/LimitOne", apply: then(create, func(s state, c call, r *result) {
		for i := range r.records {
			r.records[i].RevokedAt = r.records[i].ExchangedAt
			s.update(r.records[i].ID, func(t *core.Record) { t.RevokedAt = t.ExchangedAt })
		}
	})},
	{bug: "returns evicted records without their Data", fails: "Create/Evicted", apply: then(create, func(_ state, _ call, r *result) {
		for i := range r.records {
			r.records[i].Data = nil
		}
	})},
	{bug: "returns evicted records as of their login", fails: "Create/Evicted", apply: then(create, func(_ state, _ call, r *result) {
		for i := range r.records {
			r.records[i].PreviousRef, r.records[i].Generation, r.records[i].ExchangedAt = core.Ref{}, 0, r.records[i].IssuedAt
		}
	})},
	{bug: "returns the new record with those evicted", fails: "Create/Evicted", apply: then(create, func(_ state, c call, r *result) {
		if len(r.records) > 0 {
			r.records = slices.Insert(r.records, 0, copied(c.record))
		}
	})},
	{bug: "evicts although the ID exists", fails: "Create/DuplicateEvictsNothing", apply: instead(create, func(s state, c call) result {
		r := s.apply(c)
		if r.err != nil && c.limit > 0 {
			s.revokeEach(beyond(s.live(c.record.UserID, c.record.IssuedAt), c.limit), c.record.IssuedAt)
		}
		return r
	})},
	{bug: "writes over a revoked record", fails: "Create/DuplicateOfRevoked", apply: instead(create, func(s state, c call) result {
		if old, ok := s[c.record.ID]; ok && !old.RevokedAt.IsZero() {
			delete(s, c.record.ID)
		}
		return s.apply(c)
	})},
	{bug: "writes over an expired record", fails: "Create/DuplicateOfExpired", apply: instead(create, func(s state, c call) result {
		if old, ok := s[c.record.ID]; ok && !c.record.IssuedAt.Before(old.ExpiresAt) {
			delete(s, c.record.ID)
		}
		return s.apply(c)
	})},
	{bug: "accepts the same record twice", fails: "Create/DuplicateID", apply: instead(create, func(s state, c call) result {
		if old, ok := s[c.record.ID]; ok && sameRecord(old, c.record) {
			return result{}
		}
		return s.apply(c)
	})},
	{bug: "says ErrConflict where the ID exists", fails: "Create/DuplicateID", apply: then(create, func(_ state, _ call, r *result) {
		if r.err != nil {
			r.err = core.ErrConflict
		}
	})},
	{bug: "says both ErrExists and ErrConflict", fails: "Create/DuplicateID", apply: then(create, func(_ state, _ call, r *result) {
		if r.err != nil {
			r.err = errors.Join(r.err, core.ErrConflict)
		}
	})},
	{bug: "stores every record as new", fails: "Create/EveryField", apply: changed(create, func(c *call) {
		c.record.Generation, c.record.PreviousRef, c.record.ExchangedAt = 0, core.Ref{}, c.record.IssuedAt
	})},
	{bug: "sets ExchangedAt to IssuedAt at Create", fails: "Create/EveryField", apply: changed(create, func(c *call) { c.record.ExchangedAt = c.record.IssuedAt })},
	{bug: "evicts the records of everybody in the shard", fails: "Dead/OtherUsers", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func([]core.Record) []core.Record {
			return beyond(s.some(func(r core.Record) bool {
				return core.IDShard(r.ID) == core.IDShard(c.record.ID) && live(r, c.record.IssuedAt)
			}), c.limit)
		})
	})},
	{bug: "holds a limit to 255", fails: "Create/LimitLarge", apply: changed(create, func(c *call) { c.limit = int(int8(c.limit)) })},
	{bug: "caps a huge limit at zero live records", fails: "Create/LargestLimit", apply: changed(create, func(c *call) {
		if c.limit > math.MaxInt32 {
			c.limit = 1
		}
	})},

	// Exchange.
	{bug: "exchanges from any reference at an equal generation", fails: "Exchange/OtherReference", apply: instead(exchange, func(s state, c call) result {
		if r, ok := s[c.exchange.ID]; ok && r.Generation == c.exchange.Generation {
			s.update(r.ID, func(t *core.Record) { t.AccessRef = c.exchange.From })
			res := s.apply(c)
			if res.err != nil {
				s[r.ID] = r
				res.record = copied(r)
			}
			return res
		}
		return s.apply(c)
	})},
	{bug: "adds one to its own generation where it was rolled back", fails: "Exchange/RecordBehind", apply: instead(exchange, func(s state, c call) result {
		old := s[c.exchange.ID]
		r := s.apply(c)
		if r.err == nil {
			s.update(c.exchange.ID, func(t *core.Record) { t.Generation = old.Generation + 1 })
			r.record.Generation = old.Generation + 1
		}
		return r
	})},
	{bug: "keeps the first PreviousRef", fails: "Exchange/Chain", apply: instead(exchange, func(s state, c call) result {
		old := s[c.exchange.ID]
		r := s.apply(c)
		if r.err == nil && !old.PreviousRef.IsZero() {
			s.update(c.exchange.ID, func(t *core.Record) { t.PreviousRef = old.PreviousRef })
			r.record.PreviousRef = old.PreviousRef
		}
		return r
	})},
	{bug: "takes its own reference for the previous one where it was rolled back", fails: "Exchange/RecordBehind", apply: instead(exchange, func(s state, c call) result {
		old := s[c.exchange.ID]
		r := s.apply(c)
		if r.err == nil {
			s.update(c.exchange.ID, func(t *core.Record) { t.PreviousRef = old.AccessRef })
			r.record.PreviousRef = old.AccessRef
		}
		return r
	})},
	{bug: "moves no expiry to an earlier moment", fails: "Exchange/Moves", apply: instead(exchange, func(s state, c call) result {
		if old, ok := s[c.exchange.ID]; ok && old.ExpiresAt.After(c.exchange.ExpiresAt) {
			c.exchange.ExpiresAt = old.ExpiresAt
		}
		return s.apply(c)
	})},
	{bug: "exchanges in the moment of expiry", fails: "Exchange/Expired", apply: instead(exchange, func(s state, c call) result {
		old, ok := s[c.exchange.ID]
		if ok && old.ExpiresAt.Equal(c.exchange.At) {
			s.update(old.ID, func(t *core.Record) { t.ExpiresAt = t.ExpiresAt.Add(time.Millisecond) })
			r := s.apply(c)
			if r.err != nil {
				s[old.ID] = old
				r.record = copied(old)
			}
			return r
		}
		return s.apply(c)
	})},
	{bug: "judges an exchange by the new expiry", fails: "Exchange/ExpiryMoves", apply: instead(exchange, func(s state, c call) result {
		old, ok := s[c.exchange.ID]
		if ok && old.RevokedAt.IsZero() && !live(old, c.exchange.At) && (stands(old, c.exchange) || behind(old, c.exchange)) {
			s[old.ID] = exchanged(old, c.exchange)
			return s.get(old.ID)
		}
		return s.apply(c)
	})},
	{bug: "refuses an exchange before the last one by its time", fails: "Exchange/EarlierClock", apply: instead(exchange, func(s state, c call) result {
		if old, ok := s[c.exchange.ID]; ok && c.exchange.At.Before(old.ExchangedAt) {
			return result{record: copied(old), err: core.ErrConflict}
		}
		return s.apply(c)
	})},
	{bug: "refuses an exchange before the login by its time", fails: "Exchange/EarlierClock", apply: instead(exchange, func(s state, c call) result {
		if old, ok := s[c.exchange.ID]; ok && c.exchange.At.Before(old.IssuedAt) {
			return result{record: copied(old), err: core.ErrConflict}
		}
		return s.apply(c)
	})},
	{bug: "never moves ExchangedAt back", fails: "Exchange/EarlierClock", apply: instead(exchange, func(s state, c call) result {
		old := s[c.exchange.ID]
		r := s.apply(c)
		if r.err == nil && old.ExchangedAt.After(c.exchange.At) {
			s.update(old.ID, func(t *core.Record) { t.ExchangedAt = old.ExchangedAt })
			r.record.ExchangedAt = old.ExchangedAt
		}
		return r
	})},
	{bug: "returns with ErrConflict the record as it would be", fails: "Exchange/ExpiryMoves", apply: then(exchange, func(_ state, c call, r *result) {
		if errors.Is(r.err, core.ErrConflict) {
			r.record = exchanged(r.record, c.exchange)
		}
	})},
	{bug: "returns with ErrConflict no Data", fails: "Exchange/ExpiryMoves", apply: then(exchange, func(_ state, c call, r *result) {
		if errors.Is(r.err, core.ErrConflict) {
			r.record.Data = nil
		}
	})},
	{bug: "knows no revoked record at an exchange", fails: "Exchange/Revoked", apply: then(exchange, func(_ state, c call, r *result) {
		if r.err != nil && !r.record.RevokedAt.IsZero() {
			*r = result{err: core.ErrNotFound}
		}
	})},
	{bug: "knows no expired record at an exchange", fails: "Exchange/ExpiryMoves", apply: then(exchange, func(_ state, c call, r *result) {
		if r.err != nil && !c.exchange.At.Before(r.record.ExpiresAt) {
			*r = result{err: core.ErrNotFound}
		}
	})},
	{bug: "keeps generations in 32 bits", fails: "Exchange/LargestGeneration", apply: then(exchange, func(s state, c call, r *result) {
		if r.err == nil {
			s.update(c.exchange.ID, func(t *core.Record) { t.Generation = int64(int32(t.Generation)) })
			r.record.Generation = int64(int32(r.record.Generation))
		}
	})},
	{bug: "keeps generations in a float of 32 bits", fails: "Exchange/LargestGeneration", apply: then(exchange, func(s state, c call, r *result) {
		if r.err == nil {
			s.update(c.exchange.ID, func(t *core.Record) { t.Generation = int64(float32(t.Generation)) })
			r.record.Generation = int64(float32(r.record.Generation))
		}
	})},
	{bug: "brings a revoked record back where it was rolled back", fails: "Exchange/BehindAndDead", apply: instead(exchange, func(s state, c call) result {
		old, ok := s[c.exchange.ID]
		if ok && !old.RevokedAt.IsZero() && behind(old, c.exchange) && c.exchange.At.Before(old.ExpiresAt) {
			s.update(old.ID, func(t *core.Record) { t.RevokedAt = time.Time{} })
		}
		return s.apply(c)
	})},
	{bug: "exchanges a record revoked later than the exchange", fails: "Exchange/Revoked", apply: instead(exchange, func(s state, c call) result {
		old, ok := s[c.exchange.ID]
		if ok && old.RevokedAt.After(c.exchange.At) {
			s.update(old.ID, func(t *core.Record) { t.RevokedAt = time.Time{} })
			r := s.apply(c)
			s.update(old.ID, func(t *core.Record) { t.RevokedAt = old.RevokedAt })
			r.record.RevokedAt = old.RevokedAt
			return r
		}
		return s.apply(c)
	})},
	{bug: "accepts the previous reference again", fails: "Exchange/Repeated", apply: instead(exchange, func(s state, c call) result {
		old, ok := s[c.exchange.ID]
		if ok && old.Generation == c.exchange.Generation+1 && old.PreviousRef == c.exchange.From && old.AccessRef == c.exchange.To && live(old, c.exchange.At) {
			return s.get(old.ID) // an exchange that is made again
		}
		return s.apply(c)
	})},

	// Revoke.
	{bug: "ignores the user where there is an ID", fails: "Revoke/IDOfUser", apply: changed(revoke, func(c *call) {
		if c.revocation.ID != "" {
			c.revocation.UserID = ""
		}
	})},
	{bug: "ignores the exception where there is an ID", fails: "Revoke/Except", apply: changed(revoke, func(c *call) {
		if c.revocation.ID != "" {
			c.revocation.Except = ""
		}
	})},
	{bug: "ignores IssuedUntil where there is an ID", fails: "Revoke/IssuedUntil", apply: changed(revoke, func(c *call) {
		if c.revocation.ID != "" {
			c.revocation.IssuedUntil = time.Time{}
		}
	})},
	{bug: "ignores IssuedUntil where there is an exception", fails: "Revoke/AllConditions", apply: changed(revoke, func(c *call) {
		if c.revocation.Except != "" {
			c.revocation.IssuedUntil = time.Time{}
		}
	})},
	{bug: "revokes what was issued before IssuedUntil, and not at it", fails: "Revoke/IssuedUntil", apply: changed(revoke, func(c *call) {
		if !c.revocation.IssuedUntil.IsZero() {
			c.revocation.IssuedUntil = c.revocation.IssuedUntil.Add(-time.Millisecond)
		}
	})},
	{bug: "takes an IssuedUntil of 1970 for none", fails: "Time/FirstMomentSelects", apply: changed(revoke, func(c *call) {
		if c.revocation.IssuedUntil.Unix() == 0 && c.revocation.IssuedUntil.Nanosecond() == 0 {
			c.revocation.IssuedUntil = time.Time{}
		}
	})},
	{bug: "takes no IssuedUntil for At", fails: "Revoke/AnyMoment", apply: changed(revoke, func(c *call) {
		if c.revocation.IssuedUntil.IsZero() {
			c.revocation.IssuedUntil = c.revocation.At
		}
	})},
	{bug: "compares IssuedUntil with the last exchange", fails: "Revoke/Exchanged", apply: instead(revoke, func(s state, c call) result {
		chosen := s.some(func(r core.Record) bool {
			r.IssuedAt = r.ExchangedAt
			return selects(c.revocation, r) && r.RevokedAt.IsZero()
		})
		return result{records: s.revokeEach(chosen, c.revocation.At)}
	})},
	{bug: "leaves the expired alone", fails: "Revoke/Expired", apply: instead(revoke, func(s state, c call) result {
		chosen := s.some(func(r core.Record) bool { return selects(c.revocation, r) && live(r, c.revocation.At) })
		return result{records: s.revokeEach(chosen, c.revocation.At)}
	})},
	{bug: "moves a RevokedAt to an earlier moment", fails: "Revoke/KeepsFirst", apply: instead(revoke, func(s state, c call) result {
		for _, r := range s.some(func(r core.Record) bool { return selects(c.revocation, r) && r.RevokedAt.After(c.revocation.At) }) {
			s.setRevoked(r.ID, c.revocation.At)
		}
		return s.apply(c)
	})},
	{bug: "returns records that were revoked at the same moment before", fails: "Revoke/KeepsFirst", apply: instead(revoke, func(s state, c call) result {
		s.apply(c)
		return result{records: s.some(func(r core.Record) bool { return selects(c.revocation, r) && r.RevokedAt.Equal(c.revocation.At) })}
	})},
	{bug: "finds an unknown ID to be an error", fails: "Revoke/Unknown", apply: then(revoke, func(s state, c call, r *result) {
		if _, ok := s[c.revocation.ID]; c.revocation.ID != "" && !ok {
			r.err = core.ErrNotFound
		}
	})},
	{bug: "finds a record revoked before to be an error", fails: "Revoke/KeepsFirst", apply: then(revoke, func(s state, c call, r *result) {
		if old, ok := s[c.revocation.ID]; ok && len(r.records) == 0 && !old.RevokedAt.IsZero() {
			r.err = core.ErrConflict
		}
	})},
	{bug: "returns revoked records without their Device", fails: "Revoke/Sets", apply: then(revoke, func(_ state, _ call, r *result) {
		for i := range r.records {
			r.records[i].Device = ""
		}
	})},
	{bug: "returns a hundred revoked records at most", fails: "Revoke/Many", apply: then(revoke, func(_ state, _ call, r *result) {
		r.records = r.records[:min(len(r.records), 100)]
	})},
	{bug: "revokes the whole shard of a user", fails: "User/SameShard", apply: instead(revoke, func(s state, c call) result {
		v := c.revocation
		chosen := s.some(func(r core.Record) bool {
			w := v
			if v.ID == "" && core.UserShard(v.UserID) == core.IDShard(r.ID) {
				w.UserID = r.UserID
			}
			return selects(w, r) && r.RevokedAt.IsZero()
		})
		return result{records: s.revokeEach(chosen, v.At)}
	})},
	{bug: "takes an exception that is revoked for all that is left", fails: "Revoke/Except", apply: instead(revoke, func(s state, c call) result {
		if old, ok := s[c.revocation.Except]; ok && !old.RevokedAt.IsZero() {
			return result{}
		}
		return s.apply(c)
	})},
	{bug: "forgets the mapping of what it revokes", fails: "Revoke/Sets", apply: then(revoke, func(s state, _ call, r *result) {
		for i := range r.records {
			r.records[i].PreviousRef = core.Ref{}
			s.update(r.records[i].ID, func(t *core.Record) { t.PreviousRef = core.Ref{} })
		}
	})},
	{bug: "expires what it revokes", fails: "Create/DuplicateOfRevoked", apply: then(revoke, func(s state, c call, r *result) {
		for i := range r.records {
			r.records[i].ExpiresAt = c.revocation.At
			s.update(r.records[i].ID, func(t *core.Record) { t.ExpiresAt = c.revocation.At })
		}
	})},
	{bug: "revokes nothing at a moment before the login", fails: "Revoke/AnyMoment", apply: instead(revoke, func(s state, c call) result {
		chosen := s.some(func(r core.Record) bool {
			return selects(c.revocation, r) && r.RevokedAt.IsZero() && !c.revocation.At.Before(r.IssuedAt)
		})
		return result{records: s.revokeEach(chosen, c.revocation.At)}
	})},

	// ListUser.
	{bug: "lists a record in the moment it expires", fails: "ListUser/Expired", apply: instead(listUser, func(s state, c call) result {
		return result{records: s.each(c.userID, func(r core.Record) bool { return r.RevokedAt.IsZero() && !c.at.After(r.ExpiresAt) })}
	})},
	{bug: "lists a record until the moment of its revocation", fails: "Create/LimitIgnoresRevoked", apply: instead(listUser, func(s state, c call) result {
		return result{records: s.each(c.userID, func(r core.Record) bool {
			return (r.RevokedAt.IsZero() || r.RevokedAt.After(c.at)) && c.at.Before(r.ExpiresAt)
		})}
	})},
	{bug: "lists fifty records at most", fails: "ListUser/Many", apply: then(listUser, func(_ state, _ call, r *result) { r.records = r.records[:min(len(r.records), 50)] })},
	{bug: "lists everybody in the shard", fails: "Create/DuplicateOfAnother", apply: instead(listUser, func(s state, c call) result {
		return result{records: s.some(func(r core.Record) bool { return core.IDShard(r.ID) == core.UserShard(c.userID) && live(r, c.at) })}
	})},
	{bug: "lists in the order of the last exchange", fails: "ListUser/Exchanged", apply: then(listUser, func(_ state, _ call, r *result) {
		slices.SortStableFunc(r.records, func(a, b core.Record) int { return b.ExchangedAt.Compare(a.ExchangedAt) })
	})},
	{bug: "lists by the second", fails: "ListUser/MillisecondsApart", apply: then(listUser, func(_ state, _ call, r *result) {
		slices.SortStableFunc(r.records, func(a, b core.Record) int {
			return cmp.Or(cmp.Compare(b.IssuedAt.Unix(), a.IssuedAt.Unix()), strings.Compare(b.ID, a.ID))
		})
	})},
	{bug: "finds a user without records not to exist", fails: "Create/DuplicateOfAnother", apply: then(listUser, func(_ state, _ call, r *result) {
		if len(r.records) == 0 {
			r.err = core.ErrNotFound
		}
	})},
	{bug: "revokes the expired when it lists", fails: "Get/Expired", apply: then(listUser, func(s state, c call, _ *result) {
		for _, r := range s.each(c.userID, func(r core.Record) bool { return r.RevokedAt.IsZero() && !c.at.Before(r.ExpiresAt) }) {
			s.setRevoked(r.ID, r.ExpiresAt)
		}
	})},

	// Get.
	{bug: "does not get a revoked record after its user logged in again", fails: "Create/LimitOne", apply: then(create, func(s state, c call, r *result) {
		if r.err != nil {
			return
		}
		for _, old := range s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() && r.RevokedAt.Before(c.record.IssuedAt) }) {
			delete(s, old.ID)
		}
	})},
	{bug: "clears the previous reference when it is read", fails: "Create/LargestValues", apply: then(get, func(s state, c call, r *result) {
		if r.err == nil {
			s.update(c.id, func(t *core.Record) { t.PreviousRef = core.Ref{} })
		}
	})},

	// DeleteExpired.
	{bug: "deletes what expires in that moment", fails: "DeleteExpired/StrictlyBefore", apply: changed(deleteExpired, func(c *call) { c.at = c.at.Add(time.Millisecond) })},
	{bug: "deletes no revoked records", fails: "DeleteExpired/RevokedToo", apply: instead(deleteExpired, func(s state, c call) result {
		n := 0
		for _, r := range s.expired(c.at) {
			if n < c.max && r.RevokedAt.IsZero() {
				delete(s, r.ID)
				n++
			}
		}
		return result{n: n}
	})},
	{bug: "counts no revoked records that it deletes", fails: "DeleteExpired/RevokedToo", apply: instead(deleteExpired, func(s state, c call) result {
		n := 0
		expired := s.expired(c.at)
		for _, r := range expired[:min(len(expired), c.max)] {
			delete(s, r.ID)
			if r.RevokedAt.IsZero() {
				n++
			}
		}
		return result{n: n}
	})},
	{bug: "deletes what was revoked before that moment", fails: "DeleteExpired/RevokedToo", apply: instead(deleteExpired, func(s state, c call) result {
		n := 0
		for _, r := range s.some(func(r core.Record) bool {
			return r.ExpiresAt.Before(c.at) || !r.RevokedAt.IsZero() && r.RevokedAt.Before(c.at)
		}) {
			if n < c.max {
				delete(s, r.ID)
				n++
			}
		}
		return result{n: n}
	})},
	{bug: "deletes one more than max", fails: "DeleteExpired/AtMostMax", apply: changed(deleteExpired, func(c *call) { c.max++ })},
	{bug: "leaves the last expired record", fails: "DeleteExpired/Deletes", apply: instead(deleteExpired, func(s state, c call) result {
		c.max = min(c.max, max(0, len(s.expired(c.at))-1))
		return s.apply(c)
	})},
	{bug: "returns max where it deleted fewer", fails: "DeleteExpired/Deletes", apply: then(deleteExpired, func(_ state, c call, r *result) {
		if r.n > 0 {
			r.n = c.max
		}
	})},
	{bug: "deletes 500 records at most", fails: "DeleteExpired/Many", apply: changed(deleteExpired, func(c *call) { c.max = min(c.max, 500) })},
	{bug: "finds nothing to delete to be an error", fails: "DeleteExpired/FreesID", apply: then(deleteExpired, func(_ state, _ call, r *result) {
		if r.n == 0 {
			r.err = core.ErrNotFound
		}
	})},
	{bug: "takes the largest max for none", fails: "DeleteExpired/LargestMax", apply: changed(deleteExpired, func(c *call) {
		if c.max+1 < c.max {
			c.max = 0
		}
	})},
	{bug: "keeps the IDs that it deleted", fails: "DeleteExpired/FreesID", client: func(m *model) storeFunc {
		gone := map[string]bool{}
		return m.with(func(s state, c call) result {
			before := s.clone()
			if c.method == create && gone[c.record.ID] {
				return result{err: core.ErrExists}
			}
			r := s.apply(c)
			if c.method == deleteExpired {
				for id := range before {
					if _, ok := s[id]; !ok {
						gone[id] = true
					}
				}
			}
			return r
		})
	}},
	{bug: "deletes by the first expiry of a record", fails: "DeleteExpired/MovedLater", client: func(m *model) storeFunc {
		first := map[string]time.Time{}
		return m.with(func(s state, c call) result {
			switch c.method {
			case create:
				if _, ok := s[c.record.ID]; !ok {
					first[c.record.ID] = c.record.ExpiresAt
				}
			case deleteExpired:
				n := 0
				for id := range s {
					if n < c.max && first[id].Before(c.at) {
						delete(s, id)
						n++
					}
				}
				return result{n: n}
			}
			return s.apply(c)
		})
	}},

	// Dead records.
	{bug: "drops the dead records that were revoked last", fails: "Dead/LastRevoked", apply: then(create, func(s state, c call, r *result) {
		if r.err == nil {
			dead := s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() })
			slices.SortStableFunc(dead, func(a, b core.Record) int { return a.RevokedAt.Compare(b.RevokedAt) })
			for _, r := range dead[min(len(dead), core.KeptDeadRecords):] {
				delete(s, r.ID)
			}
		}
	})},
	{bug: "drops the dead records that were issued first", fails: "Dead/LastRevoked", apply: then(create, func(s state, c call, r *result) {
		if r.err == nil {
			dead := s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() })
			for _, r := range dead[min(len(dead), core.KeptDeadRecords):] {
				delete(s, r.ID)
			}
		}
	})},
	{bug: "counts expired records among the dead it keeps", fails: "Dead/ExpiredDoNotCount", apply: then(create, func(s state, c call, r *result) {
		if r.err == nil {
			dead := s.each(c.record.UserID, func(r core.Record) bool { return !live(r, c.record.IssuedAt) })
			died := func(r core.Record) time.Time {
				if r.RevokedAt.IsZero() {
					return r.ExpiresAt
				}
				return r.RevokedAt
			}
			slices.SortStableFunc(dead, func(a, b core.Record) int { return died(b).Compare(died(a)) })
			for _, r := range dead[min(len(dead), core.KeptDeadRecords):] {
				delete(s, r.ID)
			}
		}
	})},
	{bug: "keeps a hundred records of a user in all", fails: "Create/LimitOfMany", apply: then(create, func(s state, c call, r *result) {
		if r.err == nil {
			mine := s.each(c.record.UserID, func(core.Record) bool { return true })
			for i := len(mine) - 1; i >= core.KeptDeadRecords; i-- {
				if !mine[i].RevokedAt.IsZero() {
					delete(s, mine[i].ID)
				}
			}
		}
	})},
	{bug: "drops the dead of all users", fails: "Dead/OtherUsers", apply: then(create, func(s state, c call, r *result) {
		if r.err == nil {
			dead := s.some(func(r core.Record) bool { return !r.RevokedAt.IsZero() })
			slices.SortStableFunc(dead, func(a, b core.Record) int { return b.RevokedAt.Compare(a.RevokedAt) })
			for _, r := range dead[min(len(dead), core.KeptDeadRecords):] {
				delete(s, r.ID)
			}
		}
	})},
	{bug: "drops dead records at a login without a limit alone", fails: "Dead/Bounded", apply: instead(create, func(s state, c call) result {
		if c.limit > 0 {
			return createKeepingDead(s, c)
		}
		r := s.apply(c)
		if r.err == nil {
			for _, old := range s.droppable(c.record.UserID) {
				delete(s, old.ID)
			}
		}
		return r
	})},
	{bug: "drops dead records of revocations and not of evictions", fails: "Dead/Bounded", apply: func(s state, c call) result {
		if c.method != create || c.limit <= 0 {
			return s.apply(c)
		}
		return createKeepingDead(s, c)
	}},

	// Records.
	{bug: "yields no expired records", fails: "Records/Expired", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return yieldAll(ctx, func() []core.Record {
			return slices.DeleteFunc(m.all(), func(r core.Record) bool { return !r.ExpiresAt.After(time.Now()) })
		})
	})},
	{bug: "yields a page of a hundred", fails: "Records/Everything", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return yieldAll(ctx, func() []core.Record { all := m.all(); return all[:min(len(all), 100)] })
	})},
	{bug: "skips the first record of every page after the first", fails: "Records/Everything", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return yieldAll(ctx, func() []core.Record {
			all := m.all()
			var some []core.Record
			for i, r := range all {
				if i == 0 || i%64 != 0 {
					some = append(some, r)
				}
			}
			return some
		})
	})},
	{bug: "takes its snapshot when Records is called", fails: "Records/FromItsFirstStep", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		all := m.all()
		return yieldAll(ctx, func() []core.Record { return all })
	})},
	{bug: "pages by number, and skips where records go meanwhile", fails: "Records/DeletionsInside", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			for i := 0; ; i++ {
				if err := ctx.Err(); err != nil {
					yield(core.Record{}, err)
					return
				}
				all := m.all()
				if i >= len(all) || !yield(all[i], nil) {
					return
				}
			}
		}
	})},
	{bug: "goes on after the loop has ended", fails: "Records/EarlyEnd", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
				return
			}
			for _, r := range m.all() {
				if err := ctx.Err(); err != nil {
					yield(core.Record{}, err)
					return
				}
				yield(r, nil)
			}
		}
	})},
	{bug: "yields an error after the loop has ended", fails: "Records/Context", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			for _, r := range m.all() {
				if ctx.Err() != nil || !yield(r, nil) {
					break
				}
			}
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
			}
		}
	})},
	{bug: "yields its error with the record it has reached", fails: "Records/Context", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
				return
			}
			for _, r := range m.all() {
				if err := ctx.Err(); err != nil {
					yield(r, err)
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	})},
	{bug: "ends without an error where the context has ended", fails: "Records/Context", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
				return
			}
			for _, r := range m.all() {
				if ctx.Err() != nil || !yield(r, nil) {
					return
				}
			}
		}
	})},
	{bug: "says nothing of a context that had ended at the start of an empty store", fails: "Records/Context", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			for _, r := range m.all() {
				if err := ctx.Err(); err != nil {
					yield(core.Record{}, err)
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	})},
	{bug: "holds its lock while it yields", fails: "Records/CallsInside", harness: impatient(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
				return
			}
			all := m.all()
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, r := range all {
				if err := ctx.Err(); err != nil {
					yield(core.Record{}, err)
					return
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	})},
	{bug: "keeps its lock after a break", fails: "Records/EarlyEnd", harness: impatient(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return func(yield func(core.Record, error) bool) {
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
				return
			}
			for _, r := range m.all() {
				if err := ctx.Err(); err != nil {
					yield(core.Record{}, err)
					return
				}
				if !yield(r, nil) {
					m.mu.Lock() // of the cursor, say
					return
				}
			}
		}
	})},
	{bug: "yields its own Data", fails: "Records/IsCopied", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return yieldAll(ctx, func() []core.Record {
			m.mu.Lock()
			defer m.mu.Unlock()
			var all []core.Record
			for _, r := range m.state {
				all = append(all, r)
			}
			return all
		})
	})},
	{bug: "yields every record in one buffer", fails: "Records/IsCopied", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return yieldAll(ctx, func() []core.Record {
			all := m.all()
			var page []byte
			for _, r := range all {
				page = append(page, r.Data...)
			}
			for i := range all {
				n := len(all[i].Data)
				all[i].Data, page = page[:n], page[n:]
			}
			return all
		})
	})},

	// Copies.
	{bug: "returns the Data of a list in one buffer", fails: "ListUser/ResultIsCopied", apply: then(listUser, func(_ state, _ call, r *result) { oneBuffer(r.records) })},
	{bug: "returns the Data of a revocation in one buffer", fails: "Revoke/ResultIsCopied", apply: then(revoke, func(_ state, _ call, r *result) { oneBuffer(r.records) })},
	{bug: "returns the Data of evicted records in one buffer", fails: "Create/EvictedIsCopied", apply: then(create, func(_ state, _ call, r *result) { oneBuffer(r.records) })},
	{bug: "keeps the Data that it was given", fails: "Create/DataIsCopied", apply: then(create, func(s state, c call, r *result) {
		if r.err == nil {
			s.update(c.record.ID, func(t *core.Record) { t.Data = c.record.Data })
		}
	})},
	{bug: "returns its own Data with a conflict", fails: "Exchange/ResultIsCopied", apply: then(exchange, func(s state, c call, r *result) {
		if errors.Is(r.err, core.ErrConflict) {
			r.record.Data = s[c.exchange.ID].Data
		}
	})},
	{bug: "returns its own Data with an exchange", fails: "Exchange/ResultIsCopied", apply: then(exchange, func(s state, c call, r *result) {
		if r.err == nil {
			r.record.Data = s[c.exchange.ID].Data
		}
	})},
	{bug: "returns its own Data from Revoke", fails: "Revoke/ResultIsCopied", apply: then(revoke, func(s state, _ call, r *result) { ownData(s, r.records) })},
	{bug: "returns its own Data from ListUser", fails: "ListUser/ResultIsCopied", apply: then(listUser, func(s state, _ call, r *result) { ownData(s, r.records) })},
	{bug: "returns its own Data from Create", fails: "Create/EvictedMany", apply: then(create, func(s state, _ call, r *result) { ownData(s, r.records) })},
	{bug: "returns one list to all callers", fails: "ListUser/ResultIsCopied", client: func(m *model) storeFunc {
		lists := map[string][]core.Record{}
		return m.with(func(s state, c call) result {
			r := s.apply(c)
			if c.method == listUser {
				key := c.userID + c.at.String()
				if sameRecords(lists[key], r.records) && len(r.records) > 0 {
					return result{records: lists[key]}
				}
				lists[key] = r.records
			} else if c.method.writes() {
				clear(lists)
			}
			return r
		})
	}},

	// Fields.
	{bug: "trims the NULs of Data", fails: "Create/OneByteOfData", apply: changed(create, func(c *call) { c.record.Data = bytes.TrimRight(c.record.Data, "\x00") })},
	{bug: "keeps Data as text", fails: "Create/LargestValues", apply: changed(create, func(c *call) { c.record.Data = []byte(strings.ToValidUTF8(string(c.record.Data), "\uFFFD")) })},
	{bug: "trims the white space of a Device", fails: "Create/AnyDevice", apply: changed(create, func(c *call) { c.record.Device = strings.TrimSpace(c.record.Device) })},
	{bug: "cuts a Device at 255 bytes", fails: "Create/LargestValues", apply: changed(create, func(c *call) { c.record.Device = c.record.Device[:min(len(c.record.Device), 255)] })},
	{bug: "cuts a Device at 511 bytes", fails: "Create/LargestValues", apply: changed(create, func(c *call) { c.record.Device = c.record.Device[:min(len(c.record.Device), 511)] })},
	{bug: "cuts Data at 4095 bytes", fails: "Create/LargestValues", apply: changed(create, func(c *call) { c.record.Data = c.record.Data[:min(len(c.record.Data), 4095)] })},
	{bug: "cuts Data at 2 KiB", fails: "Create/LargestValues", apply: changed(create, func(c *call) { c.record.Data = c.record.Data[:min(len(c.record.Data), 2048)] })},
	{bug: "names an empty Device", fails: "Create/EmptyValues", apply: changed(create, func(c *call) { c.record.Device = cmp.Or(c.record.Device, "unknown") })},
	{bug: "keeps a Device without its invisible characters", fails: "Create/AnyDevice", apply: changed(create, func(c *call) {
		c.record.Device = strings.Map(func(r rune) rune {
			if r < ' ' {
				return -1
			}
			return r
		}, c.record.Device)
	})},
	{bug: "keeps a Device in characters of two bytes", fails: "Create/AnyDevice", apply: changed(create, func(c *call) {
		c.record.Device = strings.Map(func(r rune) rune {
			if r > 0xffff {
				return '?'
			}
			return r
		}, c.record.Device)
	})},
	{bug: "ends a reference at a zero byte", fails: "Create/AnyReference", apply: changed(exchange, func(c *call) {
		if i := bytes.IndexByte(c.exchange.To[:], 0); i > 0 {
			clear(c.exchange.To[i:])
		}
	})},

	// Time.
	{bug: "keeps times in nanoseconds of 64 bits", fails: "Time/LastMoment", apply: changed(create, func(c *call) {
		c.record.ExpiresAt = time.Unix(0, c.record.ExpiresAt.UnixNano()).UTC()
	})},
	{bug: "keeps the expiry of an exchange in nanoseconds of 64 bits", fails: "Time/LastMoment", apply: changed(exchange, func(c *call) {
		c.exchange.ExpiresAt = time.Unix(0, c.exchange.ExpiresAt.UnixNano()).UTC()
	})},
	{bug: "keeps RevokedAt in seconds", fails: "Time/Milliseconds", apply: changed(revoke, func(c *call) { c.revocation.At = c.revocation.At.Truncate(time.Second) })},
	{bug: "keeps ExchangedAt in seconds", fails: "Exchange/LastMoment", apply: changed(exchange, func(c *call) { c.exchange.At = c.exchange.At.Truncate(time.Second) })},
	{bug: "keeps RevokedAt of evicted records in seconds", fails: "Create/LimitOfMany", apply: then(create, func(s state, _ call, r *result) {
		for i := range r.records {
			at := r.records[i].RevokedAt.Truncate(time.Second)
			r.records[i].RevokedAt = at
			s.setRevoked(r.records[i].ID, at)
		}
	})},
	{bug: "takes a record evicted in 1970 for live", fails: "Time/FirstMomentEvicts", apply: then(create, func(s state, c call, r *result) {
		if c.record.IssuedAt.UnixMilli() == 0 {
			for _, e := range r.records {
				s.setRevoked(e.ID, time.Time{})
			}
		}
	})},
	{bug: "compares a list's moment in seconds", fails: "Time/WithinASecond", apply: changed(listUser, func(c *call) { c.at = c.at.Truncate(time.Second) })},
	{bug: "compares an expiry in seconds when it deletes", fails: "DeleteExpired/StrictlyBefore", apply: changed(deleteExpired, func(c *call) { c.at = c.at.Truncate(time.Second) })},

	// Users.
	{bug: "compares user IDs as numbers where they are", fails: "User/Numbers", apply: userKey(func(u string) string { return strings.TrimLeft(u, "0") })},
	{bug: "takes a user for a pattern", fails: "User/Wildcards", apply: instead(listUser, func(s state, c call) result {
		return result{records: s.some(func(r core.Record) bool {
			return live(r, c.at) && (r.UserID == c.userID || strings.HasSuffix(c.userID, "%") && strings.HasPrefix(r.UserID, strings.TrimSuffix(c.userID, "%")))
		})}
	})},
	{bug: "ends a user ID at a NUL", fails: "User/NUL", apply: userKey(func(u string) string { u, _, _ = strings.Cut(u, "\x00"); return u })},
	{bug: "compares 64 bytes of a user ID", fails: "User/Longest", apply: userKey(func(u string) string { return u[:min(len(u), 64)] })},
	{bug: "compares 191 bytes of a user ID", fails: "User/Longest", apply: userKey(func(u string) string { return u[:min(len(u), 191)] })},
	{bug: "separates a user and a field with a colon", fails: "User/Separators", apply: userKey(func(u string) string { u, _, _ = strings.Cut(u, ":"); return u })},
	{bug: "cleans a user ID like a path", fails: "User/Separators", apply: userKey(func(u string) string { return strings.ReplaceAll(u, "//", "/") })},
	{bug: "reads a plus in a user ID as a space", fails: "User/Escapes", apply: userKey(func(u string) string { return strings.ReplaceAll(u, "+", " ") })},

	// Contexts and errors.
	{bug: "says that it is cancelled where it is overdue", fails: "Records/Context", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if ctx.Err() != nil {
				return result{err: context.Canceled}
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "returns the cause of the cancellation", fails: "Create/Cancelled", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if ctx.Err() != nil {
				return result{err: context.Cause(ctx)}
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "wraps no error of the context", fails: "Records/Context", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if err := ctx.Err(); err != nil {
				return result{err: fmt.Errorf("store: %v", err)} //nolint:errorlint // the mistake
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "finds out first whether a record is there, and then looks at the context", fails: "Context/BeforeSentinels", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			m.mu.Lock()
			_, ok := m.state[c.id]
			m.mu.Unlock()
			if c.method == get && !ok {
				return result{err: core.ErrNotFound}
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "does not look at the context where there is nothing to revoke", fails: "Context/BeforeSentinels", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			m.mu.Lock()
			n := len(m.state.clone().revoke(c.revocation).records)
			m.mu.Unlock()
			if c.method == revoke && n == 0 {
				return result{}
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "adds ErrNotFound to the context's error", fails: "Records/Context", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if err := ctx.Err(); err != nil {
				return result{err: errors.Join(err, core.ErrNotFound)}
			}
			return m.answer(ctx, c)
		}
	}},
	{bug: "returns the record with the context's error and takes the effect", fails: "Context/BeforeSentinels", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			r := m.answer(context.WithoutCancel(ctx), c)
			if err := ctx.Err(); err != nil && c.method == exchange {
				r.err = err
			}
			return r
		}
	}},

	// Atomicity.
	{bug: "reads and then writes in an exchange", races: "Revoke/DuringExchanges", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method != exchange {
				return m.answer(ctx, c)
			}
			r := m.answer(ctx, call{method: get, id: c.exchange.ID})
			if r.err != nil {
				return r
			}
			if !live(r.record, c.exchange.At) || !stands(r.record, c.exchange) && !behind(r.record, c.exchange) {
				return result{record: r.record, err: core.ErrConflict}
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			m.state[c.exchange.ID] = exchanged(r.record, c.exchange)
			return m.state.get(c.exchange.ID)
		}
	}},
	{bug: "deletes what it found expired and was exchanged meanwhile", races: "DeleteExpired/DuringExchanges", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method != deleteExpired || ctx.Err() != nil {
				return m.answer(ctx, c)
			}
			m.mu.Lock()
			found := m.state.expired(c.at)
			m.mu.Unlock()
			found = found[:min(len(found), c.max)]
			n := 0
			for _, r := range found {
				m.mu.Lock()
				if _, ok := m.state[r.ID]; ok {
					delete(m.state, r.ID)
					n++
				}
				m.mu.Unlock()
			}
			return result{n: n}
		}
	}},
	{bug: "counts a record that another call deletes", races: "DeleteExpired/CountedOnce", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method != deleteExpired || ctx.Err() != nil {
				return m.answer(ctx, c)
			}
			m.mu.Lock()
			found := m.state.expired(c.at)
			m.mu.Unlock()
			found = found[:min(len(found), c.max)]
			for _, r := range found {
				m.mu.Lock()
				if now, ok := m.state[r.ID]; ok && now.ExpiresAt.Before(c.at) {
					delete(m.state, r.ID)
				}
				m.mu.Unlock()
			}
			return result{n: len(found)}
		}
	}},
	{bug: "lists in two steps", races: "Create/LimitAtEveryMoment", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method != listUser || ctx.Err() != nil {
				return m.answer(ctx, c)
			}
			m.mu.Lock()
			found := m.state.live(c.userID, c.at)
			m.mu.Unlock()
			var r result
			for _, f := range found {
				if now := m.answer(ctx, call{method: get, id: f.ID}); now.err == nil && live(now.record, c.at) {
					r.records = append(r.records, now.record)
				}
			}
			return r
		}
	}},
	{bug: "creates and then evicts", races: "Create/LimitAtEveryMoment", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method != create || c.limit <= 0 || ctx.Err() != nil {
				return m.answer(ctx, c)
			}
			limit := c.limit
			c.limit = 0
			if r := m.answer(ctx, c); r.err != nil {
				return r
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			others := m.state.each(c.record.UserID, func(r core.Record) bool { return r.ID != c.record.ID && live(r, c.record.IssuedAt) })
			return result{records: m.state.revokeEach(beyond(others, limit), c.record.IssuedAt)}
		}
	}},
	{bug: "revokes a user in two steps", fails: "Revoke/Stopped", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method != revoke || c.revocation.ID != "" || ctx.Err() != nil {
				return m.answer(ctx, c)
			}
			m.mu.Lock()
			found := m.state.each(c.revocation.UserID, func(r core.Record) bool { return selects(c.revocation, r) && r.RevokedAt.IsZero() })
			m.mu.Unlock()
			var r result
			for _, f := range found {
				r.records = append(r.records, m.answer(ctx, revokesOne(f.ID, c.revocation.At)).records...)
			}
			return r
		}
	}},
	{bug: "has one lock for reads that a write does not take", races: "Revoke/EachOnce", client: func(m *model) storeFunc {
		var mu sync.Mutex
		return func(ctx context.Context, c call) result {
			mu.Lock()
			defer mu.Unlock()
			if c.method == revoke && ctx.Err() == nil { // gives its lock up half way
				m.mu.Lock()
				chosen := m.state.some(func(r core.Record) bool { return selects(c.revocation, r) && r.RevokedAt.IsZero() })
				m.mu.Unlock()
				mu.Unlock()
				mu.Lock()
				m.mu.Lock()
				defer m.mu.Unlock()
				return result{records: m.state.revokeEach(chosen, c.revocation.At)}
			}
			return m.answer(ctx, c)
		}
	}},
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

	// Sizes, caches and contexts that outlive a call.
	{bug: "remembers that an ID was unknown", fails: "Get/NearID", client: func(m *model) storeFunc {
		none := map[string]bool{}
		return m.with(func(s state, c call) result {
			if c.method == get && none[c.id] {
				return result{err: core.ErrNotFound}
			}
			r := s.apply(c)
			if c.method == get && r.err != nil {
				none[c.id] = true
			}
			return r
		})
	}},
	{bug: "reads what it evicts from its cache", fails: "Create/LimitByLogin", client: func(m *model) storeFunc {
		cache := map[string]core.Record{}
		return m.with(func(s state, c call) result {
			if r, ok := cache[c.id]; ok && c.method == get {
				return result{record: copied(r)}
			}
			r := s.apply(c)
			switch c.method {
			case get:
				if r.err == nil {
					cache[c.id] = copied(r.record)
				}
			case create:
				delete(cache, c.record.ID)
			case exchange:
				delete(cache, c.exchange.ID)
			case revoke:
				for _, x := range r.records {
					delete(cache, x.ID)
				}
			case deleteExpired:
				clear(cache)
			}
			return r
		})
	}},
	{bug: "keeps the max of a deletion in 32 bits", fails: "DeleteExpired/LargestMax", apply: instead(deleteExpired, func(s state, c call) result {
		n := int(int32(c.max))
		if n < 0 { // LIMIT -1 is no limit
			n = math.MaxInt
		}
		return s.deleteExpired(c.at, n)
	})},
	{bug: "lists for a user what the user failed to create", fails: "Create/DuplicateOfAnother", client: func(m *model) storeFunc {
		index := map[string]map[string]bool{}
		return m.with(func(s state, c call) result {
			if c.method == create {
				if index[c.record.UserID] == nil {
					index[c.record.UserID] = map[string]bool{}
				}
				index[c.record.UserID][c.record.ID] = true
			}
			if c.method == listUser {
				return result{records: s.some(func(r core.Record) bool { return index[c.userID][r.ID] && live(r, c.at) })}
			}
			return s.apply(c)
		})
	}},
	{bug: "yields its sequence once", fails: "Records/Again", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		used := false
		return func(yield func(core.Record, error) bool) {
			if used && ctx.Err() == nil {
				return
			}
			used = true
			yieldAll(ctx, m.all)(yield)
		}
	})},
	{bug: "evicts by 500, and returns the oldest 500 first", fails: "Create/EvictedThousand", apply: then(create, func(_ state, _ call, r *result) { r.records = batches(r.records, 500) })},
	{bug: "lists by 500, the oldest 500 first", fails: "Revoke/Thousand", apply: then(listUser, func(_ state, _ call, r *result) { r.records = batches(r.records, 500) })},
	{bug: "revokes by 500, and returns the oldest 500 first", fails: "Revoke/Thousand", apply: then(revoke, func(_ state, _ call, r *result) { r.records = batches(r.records, 500) })},
	{bug: "lists from a cache that no exchange clears", fails: "ListUser/EveryField", client: func(m *model) storeFunc {
		cache := map[string][]core.Record{}
		return m.with(func(s state, c call) result {
			if c.method == listUser {
				if _, ok := cache[c.userID]; !ok {
					cache[c.userID] = s.each(c.userID, func(r core.Record) bool { return r.RevokedAt.IsZero() })
				}
				var r result
				for _, x := range cache[c.userID] {
					if live(x, c.at) {
						r.records = append(r.records, copied(x))
					}
				}
				return r
			}
			r := s.apply(c)
			if c.method == create || c.method == revoke || c.method == deleteExpired {
				clear(cache)
			}
			return r
		})
	}},
	{bug: "undoes a login whose context ends after it", fails: "Context/NotKept", client: func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			r := m.answer(ctx, c)
			if c.method == create && r.err == nil {
				context.AfterFunc(ctx, func() {
					m.mu.Lock()
					defer m.mu.Unlock()
					delete(m.state, c.record.ID)
				})
			}
			return r
		}
	}},
	{bug: "counts expired records that nobody revoked among the live", fails: "Create/LimitIgnoresExpired", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			n := len(s.each(c.record.UserID, func(r core.Record) bool { return r.RevokedAt.IsZero() }))
			over := max(0, min(len(live), n-(c.limit-1)))
			if c.limit == math.MaxInt {
				over = 0
			}
			return live[len(live)-over:]
		})
	})},
	{bug: "fills its cache with what an exchange has changed meanwhile", races: "Get/NeverBack", client: func(m *model) storeFunc {
		var mu sync.Mutex
		cache := map[string]core.Record{}
		return func(ctx context.Context, c call) result {
			if c.method == get && ctx.Err() == nil {
				mu.Lock()
				r, ok := cache[c.id]
				mu.Unlock()
				if ok {
					return result{record: copied(r)}
				}
				res := m.answer(ctx, c)
				if res.err == nil {
					runtime.Gosched() // the response of the database is on its way
					mu.Lock()
					cache[c.id] = copied(res.record)
					mu.Unlock()
				}
				return res
			}
			res := m.answer(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			if c.method == deleteExpired || c.method == create {
				clear(cache)
			}
			delete(cache, c.exchange.ID)
			for _, r := range res.records {
				delete(cache, r.ID)
			}
			return res
		}
	}},
	{bug: "revokes a thousand records at most", fails: "Revoke/Thousand", apply: instead(revoke, func(s state, c call) result {
		chosen := s.some(func(r core.Record) bool { return selects(c.revocation, r) && r.RevokedAt.IsZero() })
		return result{records: s.revokeEach(chosen[:min(len(chosen), 1000)], c.revocation.At)}
	})},
	{bug: "lists a thousand records at most", fails: "Revoke/Thousand", apply: then(listUser, func(_ state, _ call, r *result) { r.records = r.records[:min(len(r.records), 1000)] })},
	{bug: "evicts a thousand records at most", fails: "Create/EvictedThousand", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			over := beyond(live, c.limit)
			return over[max(0, len(over)-1000):]
		})
	})},
	{bug: "keeps the ID of a record without its shard", fails: "Get/NearID", apply: func(s state, c call) result {
		key := func(id string) string {
			for k := range s {
				if len(id) == 40 && k[8:] == id[8:] {
					return k
				}
			}
			return id
		}
		switch c.method {
		case create:
			if k := key(c.record.ID); k != c.record.ID {
				return result{err: core.ErrExists}
			}
		case get:
			c.id = key(c.id)
		case exchange:
			c.exchange.ID = key(c.exchange.ID)
		case revoke:
			c.revocation.ID = key(c.revocation.ID)
		}
		return s.apply(c)
	}},
	{bug: "evicts from the newest thousand", fails: "Create/EvictedThousand", apply: instead(create, func(s state, c call) result {
		return s.createAfter(c, func(live []core.Record) []core.Record {
			return beyond(live[:min(len(live), 1000)], c.limit)
		})
	})},
	{bug: "yields a thousand records at most", fails: "Records/Everything", harness: iterates(func(m *model, ctx context.Context) iter.Seq2[core.Record, error] {
		return yieldAll(ctx, func() []core.Record { a := m.all(); return a[:min(len(a), 1000)] })
	})},
	{bug: "dates a revocation at the expiry when it lists", fails: "Get/Expired", apply: then(listUser, func(s state, c call, r *result) {
		for _, o := range s.each(c.userID, func(r core.Record) bool { return !c.at.Before(r.ExpiresAt) && !r.RevokedAt.IsZero() }) {
			s.setRevoked(o.ID, o.ExpiresAt)
		}
	})},
	{bug: "keeps a limit in 32 bits", fails: "Create/LargestLimit", apply: changed(create, func(c *call) { c.limit = int(int32(c.limit)) })},
}

// createKeepingDead answers a Create and drops no dead record.
func createKeepingDead(s state, c call) result {
	if _, ok := s[c.record.ID]; ok || c.limit <= 0 {
		return s.apply(c)
	}
	evicted := s.revokeEach(beyond(s.live(c.record.UserID, c.record.IssuedAt), c.limit), c.record.IssuedAt)
	s[c.record.ID] = copied(c.record)
	return result{records: evicted}
}

func yieldAll(ctx context.Context, all func() []core.Record) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(core.Record{}, err)
			return
		}
		for _, r := range all() {
			if err := ctx.Err(); err != nil {
				yield(core.Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// batches returns records, the newest first, in batches of so many, the oldest batch first.
func batches(records []core.Record, n int) []core.Record {
	var all []core.Record
	for batch := range slices.Chunk(reversed(records...), n) {
		all = append(all, reversed(batch...)...)
	}
	return all
}

// oneBuffer puts the Data of the records one after the other into one slice.
func oneBuffer(records []core.Record) {
	var page []byte
	for _, r := range records {
		page = append(page, r.Data...)
	}
	for i := range records {
		n := len(records[i].Data)
		records[i].Data, page = page[:n], page[n:]
	}
}

// ownData puts the state's own slices into the records.
func ownData(s state, records []core.Record) {
	for i := range records {
		records[i].Data = s[records[i].ID].Data
	}
}

// userKey compares users by a key.
func userKey(key func(string) string) func(state, call) result {
	return func(s state, c call) result {
		switch c.method {
		case listUser:
			return result{records: s.some(func(r core.Record) bool { return key(r.UserID) == key(c.userID) && live(r, c.at) })}
		case revoke:
			v := c.revocation
			if v.UserID == "" {
				return s.apply(c)
			}
			chosen := s.some(func(r core.Record) bool {
				w := v
				if key(r.UserID) == key(v.UserID) {
					w.UserID = r.UserID
				}
				return selects(w, r) && r.RevokedAt.IsZero()
			})
			return result{records: s.revokeEach(chosen, v.At)}
		}
		return s.apply(c)
	}
}

func TestEveryFurtherMistakeFailsTheRuleThatForbidsIt(t *testing.T) {
	for _, b := range brokenMistakes {
		t.Run(b.bug, func(t *testing.T) {
			t.Parallel()
			for _, id := range strings.Fields(b.fails + " " + b.races) {
				err := b.try(t, named(t, id), b.open())
				if err == nil {
					t.Errorf("%s passes", id)
				}
				bounded(t, err)
			}
		})
	}
}
