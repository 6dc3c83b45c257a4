package storetest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// evicting answers Create with another choice of what to revoke.
func evicting(choose func(s state, c call) []core.Record) func(state, call) result {
	return instead(create, func(s state, c call) result {
		return s.createAfter(c, func([]core.Record) []core.Record { return choose(s, c) })
	})
}

// liveAt returns the user's records that are live when the record of the Create is
// issued, the newest first.
func liveAt(s state, c call) []core.Record { return s.live(c.record.UserID, c.record.IssuedAt) }

// encoded returns an id such that its order is that of the bytes that it encodes,
// in which a to z come before 2 to 7.
func encoded(id string) string {
	return strings.Map(func(r rune) rune {
		if r < 'a' {
			return 'z' + r
		}
		return r
	}, id)
}

// evicted answers Create as the model does and returns something else.
func evicted(change func(s state, c call, records []core.Record) []core.Record) func(state, call) result {
	return then(create, func(s state, c call, r *result) {
		if r.err == nil {
			r.records = change(s, c, r.records)
		}
	})
}

var brokenLimit = []broken{
	{
		bug: "takes a negative limit for one",
		apply: changed(create, func(c *call) {
			if c.limit < 0 {
				c.limit = 1
			}
		}),
		fails: "Create/NoLimit Create/EvictedNone",
	},
	{
		bug: "counts one record too few",
		apply: changed(create, func(c *call) {
			if c.limit > 0 {
				c.limit++
			}
		}),
		fails: `Create/LimitOne Create/LimitOldestFirst Create/LimitLowered Create/LimitOfMany
			Create/LimitEqualTimes Create/LimitIgnoresExpired Create/LimitSparesNew Create/LimitByLogin
			Time/FirstMomentEvicts Time/CallersLimit Create/Stopped Create/Evicted Create/EvictedMany
			Create/EvictedEqualTimes Create/EvictedIsCopied Dead/Bounded Create/LimitLarge Time/WithinASecond Create/EvictedThousand`,
		races: "Create/ConcurrentLimit",
	},
	{
		bug:   "counts one record too many",
		apply: evicting(func(s state, c call) []core.Record { return beyond(liveAt(s, c), max(c.limit-1, 1)) }),
		fails: `Create/LimitOldestFirst Create/LimitNotReached Create/LimitLowered Create/LimitEqualTimes
			Create/LimitIgnoresRevoked Create/LimitIgnoresExpired Create/LimitSparesNew Create/LimitByLogin
			Create/LimitPerUser Create/Evicted Create/EvictedNone Create/EvictedEqualTimes Create/LimitLarge Create/EvictedThousand`,
		races: "Create/ConcurrentLimit",
	},
	{
		bug: "revokes the newest beyond the limit",
		apply: evicting(func(s state, c call) []core.Record {
			live := liveAt(s, c)
			slices.Reverse(live)
			return beyond(live, c.limit)
		}),
		fails: `Create/LimitOldestFirst Create/LimitLowered Create/LimitEqualTimes Create/LimitSparesNew
			Create/LimitByLogin Create/Evicted Create/EvictedMany Create/EvictedEqualTimes Create/LimitLarge Create/EvictedThousand`,
	},
	{
		bug: "revokes one record at each login at most",
		apply: evicting(func(s state, c call) []core.Record {
			live := beyond(liveAt(s, c), c.limit)
			return live[max(0, len(live)-1):]
		}),
		fails: `Create/LimitLowered Create/LimitOfMany Create/LimitEqualTimes Create/LimitIgnoresExpired
			Create/Stopped Create/Evicted Create/EvictedMany Create/EvictedEqualTimes Create/EvictedIsCopied Create/EvictedThousand`,
		races: "Create/ConcurrentLimit",
	},
	{
		bug: "revokes what one page of the user's records shows",
		apply: evicting(func(s state, c call) []core.Record {
			live := liveAt(s, c)
			return beyond(live[:min(len(live), 100)], c.limit)
		}),
		fails: "Create/LimitOfMany Create/EvictedMany Create/LimitLarge Create/EvictedThousand",
	},
	{
		bug: "orders records of one moment by descending id",
		apply: evicting(func(s state, c call) []core.Record {
			live := liveAt(s, c)
			slices.SortFunc(live, func(a, b core.Record) int {
				return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(a.ID, b.ID))
			})
			return beyond(live, c.limit)
		}),
		fails: "Create/LimitEqualTimes Create/EvictedEqualTimes",
	},
	{
		bug: "takes letters in ids for older than digits",
		apply: evicting(func(s state, c call) []core.Record {
			live := liveAt(s, c)
			slices.SortFunc(live, func(a, b core.Record) int {
				return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(encoded(b.ID), encoded(a.ID)))
			})
			return beyond(live, c.limit)
		}),
		fails: "Create/LimitEqualTimes Create/EvictedEqualTimes",
	},
	{
		bug: "counts revoked records",
		apply: evicting(func(s state, c call) []core.Record {
			all := s.each(c.record.UserID, func(t core.Record) bool { return c.record.IssuedAt.Before(t.ExpiresAt) })
			return slices.DeleteFunc(beyond(all, c.limit), func(t core.Record) bool { return !t.RevokedAt.IsZero() })
		}),
		fails: "Create/LimitIgnoresRevoked Dead/SparesLive",
	},
	{
		bug: "revokes revoked records again",
		apply: evicting(func(s state, c call) []core.Record {
			return beyond(s.each(c.record.UserID, func(t core.Record) bool { return c.record.IssuedAt.Before(t.ExpiresAt) }), c.limit)
		}),
		fails: "Create/LimitOne Create/LimitIgnoresRevoked Create/Evicted Dead/LastRevoked Dead/Bounded Dead/SparesLive Dead/ExpiredDoNotCount",
	},
	{
		bug: "takes a revocation dated later for none yet",
		apply: evicting(func(s state, c call) []core.Record {
			return beyond(s.each(c.record.UserID, func(t core.Record) bool {
				return (t.RevokedAt.IsZero() || t.RevokedAt.After(c.record.IssuedAt)) && c.record.IssuedAt.Before(t.ExpiresAt)
			}), c.limit)
		}),
		fails: "Create/LimitIgnoresRevoked Create/Evicted",
	},
	{
		bug: "counts expired records",
		apply: evicting(func(s state, c call) []core.Record {
			return beyond(s.each(c.record.UserID, func(t core.Record) bool { return t.RevokedAt.IsZero() }), c.limit)
		}),
		fails: "Create/LimitIgnoresExpired Time/WithinASecond",
	},
	{
		bug: "counts a record that expires at that very moment",
		apply: evicting(func(s state, c call) []core.Record {
			return beyond(s.each(c.record.UserID, func(t core.Record) bool {
				return t.RevokedAt.IsZero() && !c.record.IssuedAt.After(t.ExpiresAt)
			}), c.limit)
		}),
		fails: "Create/LimitIgnoresExpired Time/WithinASecond",
	},
	{
		bug: "revokes the new record where others are dated later",
		apply: then(create, func(s state, c call, r *result) {
			if live := liveAt(s, c); r.err == nil && c.limit > 1 && len(live) == c.limit && live[len(live)-1].ID == c.record.ID {
				s.setRevoked(c.record.ID, c.record.IssuedAt)
			}
		}),
		fails: "Create/LimitSparesNew",
	},
	{
		bug: "takes the one exchanged longest ago for the oldest",
		apply: evicting(func(s state, c call) []core.Record {
			live := liveAt(s, c)
			slices.SortFunc(live, func(a, b core.Record) int {
				return cmp.Or(b.ExchangedAt.Compare(a.ExchangedAt), cmp.Compare(b.ID, a.ID))
			})
			return beyond(live, c.limit)
		}),
		fails: "Create/LimitByLogin Create/Evicted",
	},
	{
		bug: "takes the one that expires first for the oldest",
		apply: evicting(func(s state, c call) []core.Record {
			live := liveAt(s, c)
			slices.SortFunc(live, func(a, b core.Record) int {
				return cmp.Or(b.ExpiresAt.Compare(a.ExpiresAt), cmp.Compare(b.ID, a.ID))
			})
			return beyond(live, c.limit)
		}),
		fails: "Create/LimitByLogin Create/EvictedMany Create/LimitLarge",
	},
	{
		bug: "limits the store as a whole",
		apply: evicting(func(s state, c call) []core.Record {
			var live []core.Record
			for _, t := range s {
				if t.Live(c.record.IssuedAt) {
					live = append(live, copied(t))
				}
			}
			slices.SortFunc(live, newestFirst)
			return beyond(live, c.limit)
		}),
		fails: "Create/LimitPerUser User/* Create/EvictedNone Dead/OtherUsers Records/CallsInside Time/WithinASecond",
	},
	{
		bug: "limits a shard instead of a user",
		apply: evicting(func(s state, c call) []core.Record {
			var live []core.Record
			for _, t := range s {
				if core.IDShard(t.ID) == core.IDShard(c.record.ID) && t.Live(c.record.IssuedAt) {
					live = append(live, copied(t))
				}
			}
			slices.SortFunc(live, newestFirst)
			return beyond(live, c.limit)
		}),
		fails: "User/SameShard Dead/OtherUsers",
	},
	{
		bug: "makes room for as many records as the limit allows",
		apply: instead(create, func(s state, c call) result {
			if c.limit > 0 {
				_ = make([]core.Record, 0, c.limit)
			}
			return s.apply(c)
		}),
		fails: "Create/LargestLimit Create/EvictedNone",
	},
	{
		bug: "deletes what it should revoke",
		apply: instead(create, func(s state, c call) result {
			if _, ok := s[c.record.ID]; !ok && c.limit > 0 {
				for _, t := range beyond(liveAt(s, c), c.limit) {
					delete(s, t.ID)
				}
			}
			return s.apply(c)
		}),
		fails: `Create/LimitOne Create/LimitOldestFirst Create/LimitLowered Create/LimitOfMany
			Create/LimitEqualTimes Create/LimitIgnoresExpired Create/LimitSparesNew Create/LimitByLogin
			Time/FirstMomentEvicts Time/CallersLimit Create/Stopped Create/Evicted Create/EvictedMany
			Create/EvictedEqualTimes Create/EvictedIsCopied Dead/Bounded Time/UTC Create/LimitLarge Time/WithinASecond Create/EvictedThousand`,
	},
	{
		bug: "dates the revocation by the record that it revokes",
		apply: instead(create, func(s state, c call) result {
			evicted := []core.Record{}
			r := s.createAfter(c, func(live []core.Record) []core.Record {
				evicted = beyond(live, c.limit)
				return evicted
			})
			for _, t := range evicted {
				s.setRevoked(t.ID, t.IssuedAt)
			}
			return r
		}),
		fails: `Create/LimitOne Create/LimitOldestFirst Create/LimitLowered Create/LimitOfMany
			Create/LimitEqualTimes Create/LimitIgnoresExpired Create/LimitSparesNew Create/LimitByLogin
			Time/CallersLimit Create/Stopped Create/EvictedIsCopied Dead/Bounded`,
		races: "Create/NotBornDead",
	},
	{
		bug:   "returns nothing of what it evicts",
		apply: evicted(func(state, call, []core.Record) []core.Record { return nil }),
		fails: "Create/Evicted Create/EvictedMany Create/EvictedEqualTimes Create/LimitLarge Time/WithinASecond Create/EvictedThousand",
		races: "Sequence/Model History/Linearizable",
	},
	{
		bug: "returns what it evicts as it stood before",
		apply: evicted(func(_ state, _ call, records []core.Record) []core.Record {
			return allRevokedAt(records, time.Time{})
		}),
		fails: "Create/Evicted Create/EvictedMany Create/EvictedEqualTimes Create/LimitLarge Time/WithinASecond Create/EvictedThousand",
		races: "Create/EvictedOnce",
	},
	{
		bug:   "returns what it evicts the oldest first",
		apply: evicted(func(_ state, _ call, records []core.Record) []core.Record { return reversed(records...) }),
		fails: "Create/Evicted Create/EvictedMany Create/EvictedEqualTimes Create/EvictedThousand",
	},
	{
		bug: "returns what it evicts without its Data",
		apply: evicted(func(_ state, _ call, records []core.Record) []core.Record {
			for i := range records {
				records[i].Data = nil
			}
			return records
		}),
		fails: "Create/Evicted Create/EvictedMany Create/EvictedEqualTimes Create/LimitLarge Time/WithinASecond Create/EvictedThousand",
		races: "Revoke/DuringEvictions",
	},
	{
		bug: "returns its own record with what it evicts",
		apply: evicted(func(s state, c call, records []core.Record) []core.Record {
			return append([]core.Record{s[c.record.ID]}, records...)
		}),
		fails: "Create/Evicted Create/EvictedNone Create/EvictedMany Create/EvictedEqualTimes Create/LimitLarge Time/WithinASecond Create/EvictedThousand",
	},
	{
		bug: "returns all that were ever evicted",
		apply: evicted(func(s state, c call, _ []core.Record) []core.Record {
			return s.each(c.record.UserID, func(r core.Record) bool { return !r.RevokedAt.IsZero() })
		}),
		fails: "Create/Evicted Create/EvictedMany Create/EvictedThousand",
		races: "Create/EvictedOnce",
	},
	{
		bug: "returns the live records that it leaves",
		apply: evicted(func(s state, c call, _ []core.Record) []core.Record {
			return slices.DeleteFunc(liveAt(s, c), func(r core.Record) bool { return r.ID == c.record.ID })
		}),
		fails: "Create/Evicted Create/EvictedNone Create/EvictedMany Create/EvictedEqualTimes Create/LimitLarge Time/WithinASecond Create/EvictedThousand",
	},
	{
		bug: "returns a page of what it evicts",
		apply: evicted(func(_ state, _ call, records []core.Record) []core.Record {
			return records[:min(100, len(records))]
		}),
		fails: "Create/EvictedMany Create/EvictedThousand",
	},
	{
		bug: "returns what it evicts of one moment by ascending ID",
		apply: evicted(func(_ state, _ call, records []core.Record) []core.Record {
			slices.SortFunc(records, func(a, b core.Record) int {
				return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(a.ID, b.ID))
			})
			return records
		}),
		fails: "Create/EvictedEqualTimes",
	},
	{
		bug: "hands out its own Data with what it evicts",
		apply: evicted(func(s state, _ call, records []core.Record) []core.Record {
			for i, r := range records {
				if own, ok := s[r.ID]; ok {
					records[i] = own
				}
			}
			return records
		}),
		fails: "Create/EvictedIsCopied",
	},
}
