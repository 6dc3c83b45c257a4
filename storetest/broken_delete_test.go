package storetest

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// deleting answers DeleteExpired with another choice of records, of which it
// deletes max.
func deleting(choose func(s state, c call) []core.Record) func(state, call) result {
	return instead(deleteExpired, func(s state, c call) result {
		chosen := choose(s, c)
		chosen = chosen[:min(len(chosen), c.max)]
		for _, t := range chosen {
			delete(s, t.ID)
		}
		return result{n: len(chosen)}
	})
}

var brokenDelete = []broken{
	{
		bug: "still lists what it deleted",
		client: func(m *model) storeFunc {
			deleted := state{}
			return m.with(func(s state, c call) result {
				if c.method == deleteExpired {
					for _, t := range s.expired(c.at) {
						deleted[t.ID] = t
					}
				}
				r := s.apply(c)
				if c.method == listUser {
					r.records = append(r.records, deleted.live(c.userID, c.at)...)
				}
				return r
			})
		},
		fails: "DeleteExpired/Deletes DeleteExpired/EqualExpiries",
	},
	{
		bug: "still knows the ids that it deleted",
		client: func(m *model) storeFunc {
			known := map[string]bool{}
			return m.with(func(s state, c call) result {
				if c.method == create {
					if known[c.record.ID] {
						return result{err: core.ErrExists}
					}
					known[c.record.ID] = true
				}
				return s.apply(c)
			})
		},
		fails: "DeleteExpired/FreesID",
	},
	{
		bug:   "deletes what expires at that very moment",
		apply: changed(deleteExpired, func(c *call) { c.at = c.at.Add(time.Millisecond) }),
		fails: "DeleteExpired/StrictlyBefore DeleteExpired/Millisecond DeleteExpired/MovedTwice",
	},
	{
		bug:   "deletes what expired a second before, no later",
		apply: changed(deleteExpired, func(c *call) { c.at = c.at.Truncate(time.Second) }),
		fails: "DeleteExpired/StrictlyBefore DeleteExpired/Millisecond",
	},
	{
		bug:   "deletes without a bound",
		apply: changed(deleteExpired, func(c *call) { c.max = everything }),
		fails: `DeleteExpired/AtMostMax DeleteExpired/EqualExpiries DeleteExpired/Stopped
			DeleteExpired/ReachesAll`,
		races: "DeleteExpired/CountedOnce",
	},
	{
		bug:   "deletes one less than it may",
		apply: changed(deleteExpired, func(c *call) { c.max = max(1, c.max-1) }),
		fails: `DeleteExpired/AtMostMax DeleteExpired/EqualExpiries
			DeleteExpired/ReachesAll DeleteExpired/Stopped`,
	},
	{
		bug: "counts max whether or not it deleted so many",
		apply: then(deleteExpired, func(_ state, c call, r *result) {
			if r.n > 0 {
				r.n = c.max
			}
		}),
		fails: `DeleteExpired/Deletes DeleteExpired/FreesID DeleteExpired/StrictlyBefore DeleteExpired/AtMostMax
			DeleteExpired/RevokedToo DeleteExpired/SparesLive DeleteExpired/LargestMax DeleteExpired/MovedLater
			DeleteExpired/MovedEarlier DeleteExpired/EqualExpiries DeleteExpired/Millisecond
			Time/CallersDeletion DeleteExpired/Many DeleteExpired/MovedTwice Records/Expired`,
	},
	{
		bug:   "deletes 64 records at most",
		apply: changed(deleteExpired, func(c *call) { c.max = min(c.max, 64) }),
		fails: "DeleteExpired/Many",
	},
	{
		bug:   "deletes 1000 records at most",
		apply: changed(deleteExpired, func(c *call) { c.max = min(c.max, 1000) }),
		fails: "DeleteExpired/Many",
	},
	{
		bug: "looks at one user's records only",
		apply: deleting(func(s state, c call) []core.Record {
			expired := s.expired(c.at)
			return slices.DeleteFunc(expired, func(r core.Record) bool { return r.UserID != expired[0].UserID })
		}),
		fails: "DeleteExpired/ReachesAll DeleteExpired/Many DeleteExpired/EqualExpiries",
	},
	{
		bug: "never comes back to what it passed over",
		client: func(m *model) storeFunc {
			var from time.Time
			return m.with(func(s state, c call) result {
				if c.method != deleteExpired {
					return s.apply(c)
				}
				return deleting(func(s state, c call) []core.Record {
					expired := slices.DeleteFunc(s.expired(c.at), func(r core.Record) bool { return r.ExpiresAt.Before(from) })
					if len(expired) > 0 {
						from = expired[len(expired)-1].ExpiresAt
					}
					return expired
				})(s, c)
			})
		},
		fails: "DeleteExpired/AtMostMax DeleteExpired/ReachesAll",
	},
	{
		bug:    "does not note the second time that an expiry moves",
		client: func(m *model) storeFunc { return m.with(byFirstMove(map[string]time.Time{})) },
		fails:  "DeleteExpired/MovedTwice",
	},
	{
		bug: "spares revoked records",
		apply: deleting(func(s state, c call) []core.Record {
			return slices.DeleteFunc(s.expired(c.at), func(t core.Record) bool { return !t.RevokedAt.IsZero() })
		}),
		fails: "DeleteExpired/RevokedToo",
	},
	{
		bug: "deletes revoked records before they expire",
		apply: deleting(func(s state, c call) []core.Record {
			expired := s.expired(c.at)
			for _, t := range s {
				if !t.RevokedAt.IsZero() && !t.ExpiresAt.Before(c.at) {
					expired = append(expired, t)
				}
			}
			return expired
		}),
		fails: "DeleteExpired/RevokedToo",
	},
	{
		bug: "deletes live records to fill its step",
		apply: deleting(func(s state, c call) []core.Record {
			expired := s.expired(c.at)
			if len(expired) > 0 {
				for _, t := range s {
					if t.Live(c.at) {
						expired = append(expired, t)
					}
				}
			}
			return expired
		}),
		fails: `DeleteExpired/SparesLive DeleteExpired/Millisecond DeleteExpired/Many Records/Expired
			DeleteExpired/Stopped`,
	},
	{
		bug: "reports that nothing has expired as an error",
		apply: then(deleteExpired, func(_ state, _ call, r *result) {
			if r.n == 0 {
				r.err = core.ErrNotFound
			}
		}),
		fails: `DeleteExpired/FreesID DeleteExpired/StrictlyBefore DeleteExpired/AtMostMax DeleteExpired/RevokedToo
			DeleteExpired/SparesLive DeleteExpired/None DeleteExpired/MovedLater DeleteExpired/MovedEarlier
			Time/CallersDeletion DeleteExpired/Many DeleteExpired/MovedTwice Records/DeletionsInside`,
	},
	{
		bug: "makes room for as many records as it may delete",
		apply: instead(deleteExpired, func(s state, c call) result {
			_ = make([]core.Record, 0, c.max)
			return s.apply(c)
		}),
		fails: "DeleteExpired/LargestMax",
	},
	{
		bug: "takes no max beyond 32 bits",
		apply: instead(deleteExpired, func(s state, c call) result {
			if c.max > math.MaxInt32 {
				return result{err: errors.New("integer out of range")}
			}
			return s.apply(c)
		}),
		fails: "DeleteExpired/LargestMax",
	},
	{
		bug:    "deletes by the expiry at login",
		client: func(m *model) storeFunc { return m.with(byFirstExpiry(map[string]time.Time{})) },
		fails:  "DeleteExpired/MovedLater DeleteExpired/MovedEarlier DeleteExpired/MovedTwice",
	},
	{
		bug:    "deletes by every expiry that a record ever had",
		client: func(m *model) storeFunc { return m.with(byEveryExpiry(map[string]time.Time{})) },
		fails:  "DeleteExpired/FreesID DeleteExpired/MovedLater DeleteExpired/MovedTwice",
	},
	{
		bug:    "has one place for each expiry in its index",
		client: func(m *model) storeFunc { return m.with(byUniqueExpiry(map[time.Time]string{})) },
		fails:  "DeleteExpired/EqualExpiries",
	},
	{
		bug: "keeps a latest time and counts what expired by it as gone",
		client: func(m *model) storeFunc {
			var latest time.Time
			return m.with(func(s state, c call) result {
				if c.now().After(latest) {
					latest = c.now()
				}
				if c.method == listUser {
					c.at = latest
				}
				return s.apply(c)
			})
		},
		fails: "ListUser/AnyMoment",
	},
}

// byFirstExpiry deletes by the expiry that a record was created with.
func byFirstExpiry(first map[string]time.Time) func(state, call) result {
	return func(s state, c call) result {
		switch c.method {
		case create:
			if _, ok := s[c.record.ID]; !ok {
				first[c.record.ID] = c.record.ExpiresAt
			}
		case deleteExpired:
			return deleting(func(s state, c call) []core.Record {
				var expired []core.Record
				for _, t := range s {
					if first[t.ID].Before(c.at) {
						expired = append(expired, t)
					}
				}
				slices.SortFunc(expired, func(a, b core.Record) int { return first[a.ID].Compare(first[b.ID]) })
				return expired
			})(s, c)
		}
		return s.apply(c)
	}
}

// byFirstMove deletes by the expiry that a record had after its first exchange.
func byFirstMove(noted map[string]time.Time) func(state, call) result {
	return func(s state, c call) result {
		if c.method == deleteExpired {
			return deleting(func(s state, c call) []core.Record {
				return s.some(func(r core.Record) bool {
					expires, ok := noted[r.ID]
					if !ok {
						expires = r.ExpiresAt
					}
					return expires.Before(c.at)
				})
			})(s, c)
		}
		r := s.apply(c)
		if _, ok := noted[c.exchange.ID]; c.method == exchange && r.err == nil && !ok {
			noted[c.exchange.ID] = c.exchange.ExpiresAt
		}
		return r
	}
}

// byEveryExpiry enters a record in its index at each exchange and never removes
// the old entry.
func byEveryExpiry(earliest map[string]time.Time) func(state, call) result {
	return func(s state, c call) result {
		if c.method == deleteExpired {
			return deleting(func(s state, c call) []core.Record {
				var expired []core.Record
				for _, t := range s {
					if t.ExpiresAt.Before(c.at) || earliest[t.ID].Before(c.at) {
						expired = append(expired, t)
					}
				}
				slices.SortFunc(expired, func(a, b core.Record) int { return earliest[a.ID].Compare(earliest[b.ID]) })
				return expired
			})(s, c)
		}
		r := s.apply(c)
		for _, t := range s {
			if at, ok := earliest[t.ID]; !ok || t.ExpiresAt.Before(at) {
				earliest[t.ID] = t.ExpiresAt
			}
		}
		return r
	}
}

// byUniqueExpiry has an index of expiries in which a record takes the place of
// another that expires at the same moment.
func byUniqueExpiry(index map[time.Time]string) func(state, call) result {
	return func(s state, c call) result {
		if c.method == deleteExpired {
			return deleting(func(s state, c call) []core.Record {
				return slices.DeleteFunc(s.expired(c.at), func(t core.Record) bool { return index[t.ExpiresAt] != t.ID })
			})(s, c)
		}
		r := s.apply(c)
		if id := c.recordID(); c.method.writes() && r.err == nil && id != "" {
			index[s[id].ExpiresAt] = id
		}
		return r
	}
}
