package storetest

import (
	"slices"

	"github.com/tokenauth/tokenauth/core"
)

// dropping makes a store that drops other dead records at a login: those after the
// first KeptDeadRecords in that order.
func dropping(order func(a, b core.Record) int) func(state, call) result {
	return keepingDead(func(s state, c call) {
		dead := s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() })
		slices.SortStableFunc(dead, order)
		for _, r := range dead[min(len(dead), core.KeptDeadRecords):] {
			delete(s, r.ID)
		}
	})
}

// keepingDead makes a store that drops at a login only what drop does.
func keepingDead(drop func(s state, c call)) func(state, call) result {
	return instead(create, func(s state, c call) result {
		if c.limit <= 0 {
			return s.apply(c) // which drops nothing
		}
		before := s.clone()
		r := s.apply(c)
		if r.err != nil {
			return r
		}
		for _, evicted := range r.records {
			before[evicted.ID] = copied(evicted)
		}
		for id, old := range before {
			s[id] = old
		}
		drop(s, c)
		return r
	})
}

var brokenDead = []broken{
	{
		bug:   "never drops a revoked record",
		apply: keepingDead(func(state, call) {}),
		fails: "Dead/Bounded",
	},
	{
		bug: "keeps one dead record too few",
		apply: then(create, func(s state, c call, _ *result) {
			dead := s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() })
			slices.SortStableFunc(dead, func(a, b core.Record) int { return b.RevokedAt.Compare(a.RevokedAt) })
			for _, r := range dead[min(len(dead), core.KeptDeadRecords-1):] {
				delete(s, r.ID)
			}
		}),
		fails: "Create/LimitOfMany Dead/LastRevoked Dead/OneMoment Dead/Bounded Dead/ExpiredDoNotCount",
	},
	{
		bug:   "keeps the dead records that were issued last",
		apply: dropping(newestFirst),
		fails: "Dead/LastRevoked",
	},
	{
		bug: "keeps the oldest of the records revoked at one moment",
		apply: dropping(func(a, b core.Record) int {
			if d := b.RevokedAt.Compare(a.RevokedAt); d != 0 {
				return d
			}
			return newestFirst(b, a)
		}),
		fails: "Create/LimitOfMany Dead/OneMoment",
	},
	{
		bug: "drops live records among the dead ones",
		apply: then(create, func(s state, c call, _ *result) {
			records := s.each(c.record.UserID, func(core.Record) bool { return true })
			for _, r := range records[min(len(records), core.KeptDeadRecords+1):] {
				delete(s, r.ID)
			}
		}),
		fails: "Create/EvictedMany Revoke/Many ListUser/Many Dead/LastRevoked Dead/SparesLive Records/Everything Create/LimitLarge Create/EvictedThousand Revoke/Thousand",
	},
	{
		bug: "drops the dead records of a shard",
		apply: then(create, func(s state, c call, _ *result) {
			if dead := s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() }); len(dead) < core.KeptDeadRecords {
				return
			}
			for id, r := range s {
				if core.IDShard(id) == core.IDShard(c.record.ID) && r.UserID != c.record.UserID && !r.RevokedAt.IsZero() {
					delete(s, id)
				}
			}
		}),
		fails: "Dead/OtherUsers",
	},
	{
		bug: "empties the dead records that it need not keep",
		apply: keepingDead(func(s state, c call) {
			for _, r := range s.droppable(c.record.UserID) {
				s.update(r.ID, func(r *core.Record) { r.Data = nil })
			}
		}),
		fails: "Create/LimitOfMany Dead/LastRevoked Dead/OneMoment Dead/Bounded",
	},
}
