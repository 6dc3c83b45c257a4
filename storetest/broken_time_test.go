package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// keepingTimes makes a store that keeps another time than it is given.
func keepingTimes(keep func(time.Time) time.Time) func(state, call) result {
	return func(s state, c call) result {
		for _, at := range []*time.Time{
			&c.record.IssuedAt, &c.record.ExchangedAt, &c.record.ExpiresAt, &c.exchange.At, &c.exchange.ExpiresAt,
			&c.revocation.IssuedUntil, &c.revocation.At, &c.at,
		} {
			if !at.IsZero() {
				*at = keep(*at)
			}
		}
		return s.apply(c)
	}
}

// zoned makes a store that gives times back in another zone.
func zoned(m method, zone *time.Location) func(state, call) result {
	return then(m, func(_ state, _ call, r *result) {
		shift := func(t *core.Record) {
			t.IssuedAt, t.ExchangedAt, t.ExpiresAt = t.IssuedAt.In(zone), t.ExchangedAt.In(zone), t.ExpiresAt.In(zone)
		}
		shift(&r.record)
		for i := range r.records {
			shift(&r.records[i])
		}
	})
}

var elsewhere = time.FixedZone("elsewhere", 2*60*60)

var brokenTime = []broken{
	{
		bug:   "keeps seconds",
		apply: keepingTimes(func(at time.Time) time.Time { return at.Truncate(time.Second) }),
		fails: `Create/LimitIgnoresExpired Exchange/LastMoment ListUser/MillisecondsApart
			DeleteExpired/StrictlyBefore DeleteExpired/Millisecond Time/Milliseconds Time/LastMoment
			Time/CallersClock Time/CallersLimit Time/CallersDeletion Time/ShortLife
			Revoke/IssuedUntil Time/FirstMomentSelects Time/WithinASecond`,
	},
	{
		bug:   "rounds to hundredths of a second",
		apply: keepingTimes(func(at time.Time) time.Time { return at.Round(10 * time.Millisecond) }),
		fails: `Create/LimitIgnoresExpired Exchange/LastMoment ListUser/MillisecondsApart ListUser/Expired
			DeleteExpired/StrictlyBefore DeleteExpired/Millisecond Time/Milliseconds Time/LastMoment
			Time/CallersClock Time/CallersLimit Time/CallersDeletion
			Revoke/IssuedUntil Time/FirstMomentSelects Time/WithinASecond`,
	},
	{
		bug: "keeps seconds in a float",
		apply: keepingTimes(func(at time.Time) time.Time {
			seconds := float64(at.UnixMilli()) / 1000
			return time.Unix(int64(seconds), int64((seconds-float64(int64(seconds)))*1e9)).UTC()
		}),
		fails: `Create/LimitIgnoresExpired Exchange/LastMoment ListUser/MillisecondsApart DeleteExpired/Millisecond
			Time/Milliseconds Time/LastMoment Time/CallersClock Time/CallersLimit Time/CallersDeletion
			Time/ShortLife Revoke/IssuedUntil Time/WithinASecond`,
	},
	{bug: "gives times of Get back in a zone", apply: zoned(get, elsewhere), fails: "Time/UTC"},
	{bug: "gives times of Exchange back in a zone", apply: zoned(exchange, elsewhere), fails: "Time/UTC"},
	{bug: "gives times of Create back in a zone", apply: zoned(create, elsewhere), fails: "Time/UTC"},
	{bug: "gives times of Revoke back in a zone", apply: zoned(revoke, elsewhere), fails: "Time/UTC"},
	{bug: "gives times of Records back in a zone", apply: zoned(iterate, elsewhere), fails: "Time/UTC"},
	{bug: "gives times of ListUser back in a zone", apply: zoned(listUser, elsewhere), fails: "Time/UTC"},
	{
		bug: "gives a zero RevokedAt back as 1970",
		apply: then(listUser, func(_ state, _ call, r *result) {
			for i := range r.records {
				r.records[i].RevokedAt = firstMoment
			}
		}),
		fails: `ListUser/EveryField ListUser/NewestFirst ListUser/EqualTimes ListUser/MillisecondsApart ListUser/Many
			ListUser/Exchanged ListUser/ResultIsCopied Time/WithinASecond Exchange/RecordBehind Revoke/Thousand`,
	},
	{
		bug: "takes a RevokedAt of 1970 for none",
		apply: func(s state, c call) result {
			r := s.apply(c)
			for id, t := range s {
				if t.RevokedAt.Equal(firstMoment) {
					s.setRevoked(id, time.Time{})
				}
			}
			return r
		},
		fails: "Time/FirstMoment Time/FirstMomentEvicts Time/FirstMomentSelects",
	},
	{
		bug: "keeps seconds in 32 bits",
		apply: keepingTimes(func(at time.Time) time.Time {
			return time.Unix(int64(int32(at.Unix())), int64(at.Nanosecond())).UTC()
		}),
		fails: "Time/LastMoment Time/CallersClock Time/CallersLimit Time/CallersDeletion",
	},
	{
		bug:   "keeps nanoseconds in 64 bits",
		apply: keepingTimes(func(at time.Time) time.Time { return time.Unix(0, at.UnixNano()).UTC() }),
		fails: "Time/LastMoment Time/CallersClock Time/CallersLimit Time/CallersDeletion",
	},
	{
		bug:   "lists by its own clock",
		apply: changed(listUser, func(c *call) { c.at = time.Now() }),
		fails: `Get/Expired Exchange/ExpiryMoves ListUser/Expired ListUser/AnyMoment Time/FirstMoment
			Time/FirstMomentEvicts Time/CallersClock Time/WithinASecond`,
	},
	{
		bug: "judges an exchange by its own clock",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(time.Now()) && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/ExpiryMoves Exchange/Expired Exchange/BehindAndDead Time/FirstMoment Time/CallersClock Time/WithinASecond",
	},
	{
		bug: "drops records when they expire by its own clock",
		apply: func(s state, c call) result {
			for id, t := range s {
				if t.ExpiresAt.Before(time.Now()) {
					delete(s, id)
				}
			}
			return s.apply(c)
		},
		fails: "Time/FirstMoment Time/FirstMomentEvicts Time/CallersClock Time/CallersLimit Time/CallersDeletion Time/ShortLife Records/Expired Time/FirstMomentSelects",
	},
	{
		bug:   "dates revocations by its own clock",
		apply: changed(revoke, func(c *call) { c.revocation.At = time.Now().UTC().Truncate(time.Millisecond) }),
		fails: `Time/FirstMomentEvicts Time/CallersClock Context/NotKept

			Create/DuplicateOfRevoked
			Create/LimitIgnoresRevoked Get/Revoked Exchange/Revoked Exchange/BehindAndDead Revoke/Sets
			Revoke/KeepsFirst Revoke/OneRecord Revoke/IDOfUser Revoke/Expired Revoke/AnyMoment Revoke/User
			Revoke/Many Revoke/None Revoke/RevokedBefore Revoke/Except Revoke/IssuedUntil Revoke/AllConditions
			Revoke/NewestFirst Revoke/EqualTimes Revoke/ThenLogin Revoke/Exchanged Revoke/PerUser
			Revoke/ResultIsCopied DeleteExpired/RevokedToo Dead/LastRevoked Dead/OneMoment Dead/OtherUsers
			Records/Everything Time/Milliseconds Time/FirstMoment Time/LastMoment Revoke/Stopped Dead/ExpiredDoNotCount Time/FirstMomentSelects Time/WithinASecond Revoke/ExceptNear Get/NearID Get/Expired Revoke/Thousand`,
	},
	{
		bug: "judges a limit by its own clock",
		apply: evicting(func(s state, c call) []core.Record {
			return beyond(s.live(c.record.UserID, time.Now()), c.limit)
		}),
		fails: "Create/LimitIgnoresExpired Time/FirstMomentEvicts Time/CallersLimit Time/WithinASecond",
	},
	{
		bug:   "deletes by its own clock",
		apply: changed(deleteExpired, func(c *call) { c.at = time.Now() }),
		fails: `DeleteExpired/Deletes DeleteExpired/FreesID DeleteExpired/StrictlyBefore DeleteExpired/AtMostMax
			DeleteExpired/RevokedToo DeleteExpired/SparesLive DeleteExpired/LargestMax DeleteExpired/MovedLater
			DeleteExpired/MovedEarlier DeleteExpired/EqualExpiries DeleteExpired/Millisecond
			Time/CallersDeletion DeleteExpired/ReachesAll
			DeleteExpired/Many DeleteExpired/MovedTwice Records/Expired DeleteExpired/Stopped Context/NotKept`,
	},
	{
		bug: "drops records once their life has passed in real time",
		client: func(m *model) storeFunc {
			ends := map[string]time.Time{}
			return m.with(func(s state, c call) result {
				for id, end := range ends {
					if time.Now().After(end) {
						delete(s, id)
					}
				}
				r := s.apply(c)
				if c.method == create && r.err == nil {
					ends[c.record.ID] = time.Now().Add(c.record.ExpiresAt.Sub(c.record.IssuedAt))
				}
				return r
			})
		},
		fails: "Time/ShortLife",
	},
	{
		bug: "hides what was issued in the far future by its own clock",
		apply: then(get, func(_ state, _ call, r *result) {
			if r.record.IssuedAt.After(time.Now().AddDate(1, 0, 0)) {
				*r = result{err: core.ErrNotFound}
			}
		}),
		fails: "Time/CallersClock Time/CallersLimit Time/CallersDeletion",
	},
}
