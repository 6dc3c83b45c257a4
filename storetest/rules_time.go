package storetest

import (
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// The first and the last moment that the contract knows.
var (
	firstMoment = time.Unix(0, 0).UTC()
	lastMoment  = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
)

// anyClock are moments from which the clock of a caller may go, none near another.
var anyClock = []time.Time{
	firstMoment, base.Add(-1000 * lifetime), base.Add(-3 * lifetime), base, base.Add(3 * lifetime), base.Add(5000 * lifetime), lastMoment.Add(-3 * lifetime),
}

var timeRules = []rule{
	{
		id:   "Time/Milliseconds",
		text: "Times come back exactly, to the millisecond.",
		check: func(t *trial) {
			for _, ms := range []time.Duration{1, 10, 123, 500, 999} {
				token := newToken("alice", base.Add(ms*time.Millisecond))
				token.ExchangedAt = token.ExchangedAt.Add(time.Millisecond)
				token.ExpiresAt = token.ExpiresAt.Add(2 * time.Millisecond)
				t.create(token)
				t.holds(token)
				x := next(token, after(1).Add(ms*time.Millisecond))
				x.ExpiresAt = after(100).Add(ms * time.Millisecond)
				token = t.moves(token, x)
				at := after(2).Add(ms * time.Millisecond)
				t.revoke(token.ID, at)
				t.holds(revokedAt(token, at))
			}
		},
	},
	{
		id:   "Time/UTC",
		text: "Times come back in UTC from every method that returns records, and a zero RevokedAt as the zero time.",
		check: func(t *trial) {
			token := newToken("alice", base)
			t.create(token)
			t.inUTC(t.get(token.ID))
			x := next(token, after(1))
			for range 2 { // success, then a conflict
				t.inUTC(t.call(call{method: exchange, exchange: x}).token)
			}
			for _, listed := range t.must(call{method: listUser, userID: "alice", at: after(1)}).tokens {
				t.inUTC(listed)
			}
			t.revoke(token.ID, after(2))
			t.inUTC(t.get(token.ID))
		},
	},
	{
		id:   "Time/FirstMoment",
		text: "1970-01-01 is a moment like any other: a record can be issued, exchanged and revoked at it.",
		check: func(t *trial) {
			token := newToken("alice", firstMoment)
			t.create(token)
			t.lists("alice", firstMoment, token)
			token = t.exchange(next(token, firstMoment))
			t.holds(token)
			t.revoke(token.ID, firstMoment)
			t.holds(revokedAt(token, firstMoment))
			t.lists("alice", firstMoment)
			t.conflicts(revokedAt(token, firstMoment), next(token, firstMoment))
		},
	},
	{
		id:   "Time/FirstMomentEvicts",
		text: "Revocations dated 1970-01-01, by a limit or by RevokeUser, are revocations.",
		check: func(t *trial) {
			evicted, login := newToken("alice", firstMoment), newToken("alice", firstMoment)
			t.create(evicted)
			t.createLimited(login, 1)
			t.lists("alice", firstMoment, login)
			t.revokeUser("alice", firstMoment, 1)
			t.lists("alice", firstMoment)
			t.holds(revokedAt(evicted, firstMoment), revokedAt(login, firstMoment))
		},
	},
	{
		id:   "Time/LastMoment",
		text: "A record can expire at the end of the year 9999, and everything can happen until then.",
		check: func(t *trial) {
			token := newToken("alice", firstMoment)
			token.ExpiresAt = lastMoment
			t.create(token)
			t.holds(token)
			last := lastMoment.Add(-time.Hour)
			token = t.exchange(next(token, last))
			t.lists("alice", last, token)
			t.revoke(token.ID, lastMoment.Add(-time.Millisecond))
			t.holds(revokedAt(token, lastMoment.Add(-time.Millisecond)))
			t.lists("alice", lastMoment)
		},
	},
	{
		id:   "Time/CallersClock",
		text: "The caller's clock rules: a session lives the same life in the past, in the present and in the far future.",
		check: func(t *trial) {
			for _, start := range anyClock {
				t.lives("alice at "+start.String(), start)
			}
		},
	},
	{
		id:   "Time/CallersLimit",
		text: "The caller's clock rules a limit too: what is live, and the RevokedAt, go by t.IssuedAt in the past, in the present and in the far future.",
		check: func(t *trial) {
			for _, start := range anyClock {
				user := "alice at " + start.String()
				old, login := newToken(user, start), newToken(user, start.Add(time.Hour))
				t.create(old)
				t.createLimited(login, 1)
				t.holds(revokedAt(old, login.IssuedAt), login)
			}
		},
	},
	{
		id:    "Time/CallersDeletion",
		text:  "The caller's clock rules DeleteExpired: what has expired goes by the moment given, in the past, in the present and in the far future.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			for _, start := range anyClock {
				token := newToken("alice", start)
				t.create(token)
				t.deleteExpired(token.ExpiresAt.Add(-time.Hour), everything, 0)
				t.holds(token)
				t.deleteExpired(token.ExpiresAt.Add(time.Hour), everything, 1)
				t.lacks(token.ID)
			}
		},
	},
}

// inUTC wants every time of the record in UTC.
func (t *trial) inUTC(token core.Record) {
	for _, at := range []time.Time{token.IssuedAt, token.ExchangedAt, token.ExpiresAt, token.RevokedAt} {
		if !t.failed() && at.Location() != time.UTC {
			t.fail("times in UTC", formatToken(token))
		}
	}
}

// lives leads a user's sessions through all their methods, the first login at
// that moment.
func (t *trial) lives(user string, start time.Time) {
	hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	first, second, third := newToken(user, start), newToken(user, hour(1)), newToken(user, hour(7))
	t.create(first, second)
	t.lists(user, hour(3), second, first)
	second = t.exchange(next(second, hour(4)))
	t.revoke(first.ID, hour(5))
	t.holds(revokedAt(first, hour(5)))
	t.lists(user, hour(5), second)
	t.revokeUser(user, hour(6), 1)
	t.holds(revokedAt(second, hour(6)))
	t.create(third)
	third = t.exchange(next(third, hour(8)))
	t.lists(user, third.ExpiresAt.Add(-time.Hour), third)
	late := third.ExpiresAt.Add(time.Hour)
	t.lists(user, late)
	t.conflicts(third, next(third, late))
}
