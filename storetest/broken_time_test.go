package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// keepingTimes makes a store that keeps another time than it is given.
func keepingTimes(keep func(time.Time) time.Time) func(state, call) result {
	return func(s state, c call) result {
		for _, at := range []*time.Time{
			&c.token.IssuedAt, &c.token.ExchangedAt, &c.token.ExpiresAt, &c.exchange.At, &c.exchange.ExpiresAt, &c.at,
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
		shift(&r.token)
		for i := range r.tokens {
			shift(&r.tokens[i])
		}
	})
}

var elsewhere = time.FixedZone("elsewhere", 2*60*60)

var brokenTime = []broken{
	{
		bug:   "keeps seconds",
		apply: keepingTimes(func(at time.Time) time.Time { return at.Truncate(time.Second) }),
		fails: `Create/LimitIgnoresExpired Exchange/LastMoment RevokeUser/Expired RevokeUser/SparesLater
			ListUser/MillisecondsApart DeleteExpired/StrictlyBefore DeleteExpired/Millisecond Time/Milliseconds
			Time/LastMoment Time/CallersClock Time/CallersLimit Time/CallersDeletion`,
	},
	{
		bug:   "rounds to hundredths of a second",
		apply: keepingTimes(func(at time.Time) time.Time { return at.Round(10 * time.Millisecond) }),
		fails: `Create/LimitIgnoresExpired Exchange/LastMoment RevokeUser/Expired RevokeUser/SparesLater
			ListUser/MillisecondsApart ListUser/Expired DeleteExpired/StrictlyBefore DeleteExpired/Millisecond
			Time/Milliseconds Time/LastMoment Time/CallersClock Time/CallersLimit Time/CallersDeletion`,
	},
	{
		bug: "keeps seconds in a float",
		apply: keepingTimes(func(at time.Time) time.Time {
			seconds := float64(at.UnixMilli()) / 1000
			return time.Unix(int64(seconds), int64((seconds-float64(int64(seconds)))*1e9)).UTC()
		}),
		fails: `Create/LimitIgnoresExpired Exchange/LastMoment RevokeUser/Expired RevokeUser/SparesLater
			ListUser/MillisecondsApart DeleteExpired/Millisecond Time/Milliseconds Time/LastMoment
			Time/CallersClock Time/CallersLimit Time/CallersDeletion`,
	},
	{bug: "gives times of Get back in a zone", apply: zoned(get, elsewhere), fails: "Time/UTC"},
	{bug: "gives times of Exchange back in a zone", apply: zoned(exchange, elsewhere), fails: "Time/UTC"},
	{bug: "gives times of ListUser back in a zone", apply: zoned(listUser, elsewhere), fails: "Time/UTC"},
	{
		bug: "gives a zero RevokedAt back as 1970",
		apply: then(listUser, func(_ state, _ call, r *result) {
			for i := range r.tokens {
				r.tokens[i].RevokedAt = firstMoment
			}
		}),
		fails: `ListUser/EveryField ListUser/NewestFirst ListUser/EqualTimes ListUser/MillisecondsApart ListUser/Many
			ListUser/Exchanged ListUser/ResultIsCopied`,
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
		fails: "Time/FirstMoment Time/FirstMomentEvicts",
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
			Time/FirstMomentEvicts Time/CallersClock`,
	},
	{
		bug: "judges an exchange by its own clock",
		apply: allowing(func(t core.Record, x core.Exchange) bool {
			return t.Live(time.Now()) && (stands(t, x) || behind(t, x))
		}),
		fails: "Exchange/ExpiryMoves Exchange/Expired Exchange/BehindAndDead Time/FirstMoment Time/CallersClock",
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
		fails: `Time/FirstMoment Time/FirstMomentEvicts Time/CallersClock Time/CallersLimit Time/CallersDeletion
			DeleteExpired/Stopped`,
	},
	{
		bug: "dates revocations of RevokeUser by its own clock",
		apply: instead(revokeUser, func(s state, c call) result {
			r := result{}
			for _, t := range revocable(s, c) {
				s.setRevoked(t.ID, time.Now().UTC().Truncate(time.Millisecond))
				r.n++
			}
			return r
		}),
		fails: `RevokeUser/All RevokeUser/Many RevokeUser/Again RevokeUser/RevokedBefore RevokeUser/Expired
			RevokeUser/SparesLater RevokeUser/ThenLogin RevokeUser/Exchanged Time/FirstMomentEvicts
			Time/CallersClock Context/NotKept RevokeUser/Stopped`,
	},
	{
		bug: "judges a limit by its own clock",
		apply: evicting(func(s state, c call) []core.Record {
			return beyond(s.live(c.token.UserID, time.Now()), c.limit)
		}),
		fails: "Create/LimitIgnoresExpired Time/FirstMomentEvicts Time/CallersLimit",
	},
	{
		bug:   "deletes by its own clock",
		apply: changed(deleteExpired, func(c *call) { c.at = time.Now() }),
		fails: `DeleteExpired/Deletes DeleteExpired/FreesID DeleteExpired/StrictlyBefore DeleteExpired/AtMostMax
			DeleteExpired/EarliestFirst DeleteExpired/RevokedToo DeleteExpired/SparesLive
			DeleteExpired/LargestMax DeleteExpired/MovedLater DeleteExpired/MovedEarlier DeleteExpired/MovedOrder
			DeleteExpired/EqualExpiries DeleteExpired/Millisecond Time/CallersDeletion`,
	},
	{
		bug: "hides what was issued in the far future by its own clock",
		apply: then(get, func(_ state, _ call, r *result) {
			if r.token.IssuedAt.After(time.Now().AddDate(1, 0, 0)) {
				*r = result{err: core.ErrNotFound}
			}
		}),
		fails: "Time/CallersClock Time/CallersLimit Time/CallersDeletion",
	},
}
