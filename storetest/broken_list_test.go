package storetest

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tokenauth/tokenauth/core"
)

// listing answers ListUser with the user's records for which the condition holds.
func listing(holds func(t core.Record, c call) bool) func(state, call) result {
	return instead(listUser, func(s state, c call) result {
		return result{records: s.each(c.userID, func(t core.Record) bool { return holds(t, c) })}
	})
}

// ordering answers ListUser in another order.
func ordering(order func(a, b core.Record) int) func(state, call) result {
	return then(listUser, func(_ state, _ call, r *result) { slices.SortStableFunc(r.records, order) })
}

var brokenList = []broken{
	{
		bug: "lists without the Data",
		apply: then(listUser, func(_ state, _ call, r *result) {
			for i := range r.records {
				r.records[i].Data = nil
			}
		}),
		fails: `ListUser/EveryField ListUser/NewestFirst ListUser/EqualTimes ListUser/MillisecondsApart ListUser/Many
			ListUser/Exchanged ListUser/ResultIsCopied Time/WithinASecond Exchange/RecordBehind Revoke/Thousand`,
	},
	{
		bug: "lists without the preceding reference",
		apply: then(listUser, func(_ state, _ call, r *result) {
			for i := range r.records {
				r.records[i].PreviousRef = core.Ref{}
			}
		}),
		fails: "ListUser/EveryField ListUser/Exchanged Exchange/RecordBehind",
	},
	{
		bug:   "lists the oldest first",
		apply: ordering(func(a, b core.Record) int { return newestFirst(b, a) }),
		fails: "ListUser/NewestFirst ListUser/EqualTimes ListUser/MillisecondsApart ListUser/Many ListUser/Exchanged Time/WithinASecond Revoke/Thousand",
	},
	{
		bug: "lists records of one moment by ascending id",
		apply: ordering(func(a, b core.Record) int {
			return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(a.ID, b.ID))
		}),
		fails: "ListUser/EqualTimes",
	},
	{
		bug: "lists records of one moment in the order of the bytes that their ids encode",
		apply: ordering(func(a, b core.Record) int {
			return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), cmp.Compare(encoded(b.ID), encoded(a.ID)))
		}),
		fails: "ListUser/EqualTimes",
	},
	{
		bug: "lists in order of seconds",
		apply: ordering(func(a, b core.Record) int {
			return cmp.Or(cmp.Compare(b.IssuedAt.Unix(), a.IssuedAt.Unix()), cmp.Compare(b.ID, a.ID))
		}),
		fails: "ListUser/MillisecondsApart Time/WithinASecond",
	},
	{
		bug:   "lists in the order of the last exchange",
		apply: ordering(func(a, b core.Record) int { return b.ExchangedAt.Compare(a.ExchangedAt) }),
		fails: "ListUser/Exchanged",
	},
	{
		bug:   "lists one page",
		apply: then(listUser, func(_ state, _ call, r *result) { r.records = r.records[:min(len(r.records), 100)] }),
		fails: "ListUser/Many Create/LimitLarge Revoke/Thousand",
	},
	{
		bug: "reports a user that it does not know as an error",
		apply: instead(listUser, func(s state, c call) result {
			if len(s.each(c.userID, func(core.Record) bool { return true })) == 0 {
				return result{err: errors.New("no such user")}
			}
			return s.apply(c)
		}),
		fails: "Create/DuplicateOfAnother Exchange/Unknown ListUser/None DeleteExpired/Deletes DeleteExpired/EqualExpiries",
	},
	{
		bug:   "lists revoked records",
		apply: listing(func(t core.Record, c call) bool { return c.at.Before(t.ExpiresAt) }),
		fails: `Create/LimitOne Create/LimitOldestFirst Create/LimitLowered Create/LimitOfMany
			Create/LimitEqualTimes Create/LimitIgnoresRevoked Create/LimitSparesNew Create/LimitByLogin
			Get/Revoked Revoke/Sets Revoke/OneRecord ListUser/None ListUser/Revoked Time/FirstMoment
			Time/FirstMomentEvicts Time/CallersClock
			Revoke/User Revoke/Many Revoke/Except Revoke/IssuedUntil Revoke/ThenLogin Dead/OneMoment
			Dead/Bounded Dead/SparesLive Create/LimitLarge Exchange/RecordBehind Create/EvictedThousand Revoke/Thousand`,
	},
	{
		bug: "lists records whose revocation is dated later",
		apply: listing(func(t core.Record, c call) bool {
			return c.at.Before(t.ExpiresAt) && (t.RevokedAt.IsZero() || t.RevokedAt.After(c.at))
		}),
		fails: "Create/LimitIgnoresRevoked ListUser/Revoked Revoke/Many Revoke/IssuedUntil Dead/SparesLive Exchange/RecordBehind",
	},
	{
		bug:   "lists expired records",
		apply: listing(func(t core.Record, _ call) bool { return t.RevokedAt.IsZero() }),
		fails: "Get/Expired Exchange/ExpiryMoves ListUser/Expired ListUser/AnyMoment Time/CallersClock Time/WithinASecond",
	},
	{
		bug:   "lists a record at the moment it expires",
		apply: listing(func(t core.Record, c call) bool { return t.RevokedAt.IsZero() && !c.at.After(t.ExpiresAt) }),
		fails: "ListUser/Expired Time/WithinASecond",
	},
	{
		bug:   "does not list a record in its last millisecond",
		apply: listing(func(t core.Record, c call) bool { return t.Live(c.at.Add(1e6)) }),
		fails: "ListUser/Expired Time/WithinASecond",
	},
	{
		bug:   "does not list records issued later",
		apply: listing(func(t core.Record, c call) bool { return t.Live(c.at) && !t.IssuedAt.After(c.at) }),
		fails: "ListUser/EarlierClock Time/WithinASecond",
	},
	{
		bug: "lists everybody's records",
		apply: instead(listUser, func(s state, c call) result {
			var live []core.Record
			for _, t := range s {
				if t.Live(c.at) {
					live = append(live, copied(t))
				}
			}
			slices.SortFunc(live, newestFirst)
			return result{records: live}
		}),
		fails: `Create/DuplicateOfAnother Create/LimitPerUser Exchange/ExpiryMoves ListUser/PerUser User/*
			Create/EvictedNone Revoke/Except Time/WithinASecond`,
	},
	{
		bug: "lists a shard",
		apply: instead(listUser, func(s state, c call) result {
			var live []core.Record
			for _, t := range s {
				if t.Live(c.at) && core.IDShard(t.ID) == core.UserShard(c.userID) {
					live = append(live, copied(t))
				}
			}
			slices.SortFunc(live, newestFirst)
			return result{records: live}
		}),
		fails: "Create/DuplicateOfAnother User/SameShard",
	},
	{
		bug: "hands out its own Data in lists",
		apply: then(listUser, func(s state, _ call, r *result) {
			for i, t := range r.records {
				r.records[i] = s[t.ID]
			}
		}),
		fails: "ListUser/ResultIsCopied",
	},
	{
		bug: "shares one Data among equal records in a list",
		apply: then(listUser, func(_ state, _ call, r *result) {
			for i := range r.records {
				if string(r.records[i].Data) == string(r.records[0].Data) {
					r.records[i].Data = r.records[0].Data
				}
			}
		}),
		fails: "ListUser/ResultIsCopied",
	},
	{
		bug: "hands out the list that it keeps",
		client: func(m *model) storeFunc {
			kept := map[string][]core.Record{}
			return m.with(func(s state, c call) result {
				r := s.apply(c)
				switch {
				case c.method.writes():
					clear(kept)
				case c.method == listUser && kept[c.String()] != nil:
					r.records = kept[c.String()]
				case c.method == listUser:
					kept[c.String()] = r.records
				}
				return r
			})
		},
		fails: "ListUser/ResultIsCopied",
	},
}
