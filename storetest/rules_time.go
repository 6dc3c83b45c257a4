package storetest

import (
	"fmt"
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
				record := newRecord("alice", base.Add(ms*time.Millisecond))
				record.ExchangedAt = record.ExchangedAt.Add(time.Millisecond)
				record.ExpiresAt = record.ExpiresAt.Add(2 * time.Millisecond)
				t.create(record)
				t.holds(record)
				x := next(record, after(1).Add(ms*time.Millisecond))
				x.ExpiresAt = after(100).Add(ms * time.Millisecond)
				record = t.moves(record, x)
				at := after(2).Add(ms * time.Millisecond)
				t.revoke(record.ID, at)
				t.holds(revokedAt(record, at))
			}
		},
	},
	{
		id:   "Time/UTC",
		text: "Times come back in UTC from every method that returns records, and a zero RevokedAt as the zero time.",
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.inUTC(t.get(record.ID))
			x := next(record, after(1))
			for range 2 { // success, then a conflict
				t.inUTC(t.call(call{method: exchange, exchange: x}).record)
			}
			t.inUTC(t.must(call{method: listUser, userID: "alice", at: after(1)}).records...)
			t.inUTC(t.must(call{method: create, record: newRecord("alice", after(2)), limit: 1}).records...)
			t.inUTC(t.must(revokesUser("alice", after(3))).records...)
			t.inUTC(t.get(record.ID))
			if t.hasRecords() {
				t.inUTC(t.iterate(t.ctx, all).records...)
			}
		},
	},
	{
		id:   "Time/FirstMoment",
		text: "1970-01-01 is a moment like any other: a record can be issued, exchanged and revoked at it.",
		check: func(t *trial) {
			record := newRecord("alice", firstMoment)
			t.create(record)
			t.lists("alice", firstMoment, record)
			record = t.exchange(next(record, firstMoment))
			t.holds(record)
			t.revoke(record.ID, firstMoment)
			t.holds(revokedAt(record, firstMoment))
			t.lists("alice", firstMoment)
			t.conflicts(revokedAt(record, firstMoment), next(record, firstMoment))
		},
	},
	{
		id:   "Time/FirstMomentEvicts",
		text: "Revocations dated 1970-01-01, by a limit or of a user, are revocations.",
		check: func(t *trial) {
			evicted, login := newRecord("alice", firstMoment), newRecord("alice", firstMoment)
			t.create(evicted)
			t.createLimited(login, 1)
			t.lists("alice", firstMoment, login)
			t.endsUser("alice", firstMoment)
			t.lists("alice", firstMoment)
			t.holds(revokedAt(evicted, firstMoment), revokedAt(login, firstMoment))
		},
	},
	{
		id:   "Time/FirstMomentSelects",
		text: "An IssuedUntil of 1970-01-01 is a moment: it selects what was issued at it, and nothing later.",
		check: func(t *trial) {
			first, second := newRecord("alice", firstMoment), newRecord("alice", firstMoment.Add(time.Millisecond))
			t.create(first, second)
			t.revokes(core.Revocation{UserID: "alice", IssuedUntil: firstMoment, At: firstMoment}, first)
			t.revokes(core.Revocation{ID: second.ID, IssuedUntil: firstMoment, At: firstMoment})
			t.holds(revokedAt(first, firstMoment), second)
		},
	},
	{
		id:   "Time/WithinASecond",
		text: "Moments within one second are told apart: in an expiry, by a limit, in a list, by an exchange and by IssuedUntil.",
		check: func(t *trial) {
			at := after(10).Add(500 * time.Millisecond)
			before, behind := at.Add(-time.Millisecond), at.Add(time.Millisecond)
			expiring := newRecord("alice", base)
			expiring.ExpiresAt = at
			t.create(expiring)
			t.lists("alice", before, expiring)
			x := next(expiring, before)
			x.ExpiresAt = at
			expiring = t.moves(expiring, x)
			t.lists("alice", before, expiring)
			t.lists("alice", at)
			t.lists("alice", behind)
			x = next(expiring, at)
			x.ExpiresAt = after(20)
			t.conflicts(expiring, x)

			bob := newRecord("bob", base)
			bob.ExpiresAt = at
			t.create(bob)
			t.evicts(newRecord("bob", before), 1, bob)
			carol := newRecord("carol", base)
			carol.ExpiresAt = at
			t.create(carol)
			t.evicts(newRecord("carol", at), 1)

			dave := []core.Record{newRecord("dave", before), newRecord("dave", at), newRecord("dave", behind)}
			for i, id := range ids(dave) {
				dave[len(dave)-1-i].ID = id // the oldest has the last ID, in case those decide
			}
			t.create(dave...)
			t.listsExactly("dave", at, reversed(dave...)...)
			t.revokes(core.Revocation{UserID: "dave", IssuedUntil: at, At: behind}, dave[1], dave[0])
			t.holds(revokedAt(dave[0], behind), revokedAt(dave[1], behind), dave[2])
		},
	},
	{
		id:   "Time/LastMoment",
		text: "A record can expire at the end of the year 9999, and everything can happen until then.",
		check: func(t *trial) {
			record := newRecord("alice", firstMoment)
			record.ExpiresAt = lastMoment
			t.create(record)
			t.holds(record)
			last := lastMoment.Add(-time.Hour)
			record = t.exchange(next(record, last))
			t.lists("alice", last, record)
			t.revoke(record.ID, lastMoment.Add(-time.Millisecond))
			t.holds(revokedAt(record, lastMoment.Add(-time.Millisecond)))
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
		text: "The caller's clock rules a limit too: what is live, and the RevokedAt, go by r.IssuedAt in the past, in the present and in the far future.",
		check: func(t *trial) {
			for _, start := range anyClock {
				user := "alice at " + start.String()
				old, login := newRecord(user, start), newRecord(user, start.Add(time.Hour))
				t.create(old)
				t.createLimited(login, 1)
				t.holds(revokedAt(old, login.IssuedAt), login)
			}
		},
	},
	{
		id:   "Time/ShortLife",
		text: "A record does not go before its ExpiresAt by the caller's clock, however much real time passes.",
		check: func(t *trial) {
			// A TTL that is soon over.
			const life = 20 * time.Millisecond
			created, exchanged := newRecord("alice", base), newRecord("bob", base)
			created.ExpiresAt = base.Add(life)
			t.create(created, exchanged)
			x := next(exchanged, base)
			x.ExpiresAt = base.Add(life)
			exchanged = t.exchange(x)
			time.Sleep(life + 10*time.Millisecond)
			t.holds(created, exchanged)
		},
	},
	{
		id:    "Time/CallersDeletion",
		text:  "The caller's clock rules DeleteExpired: what has expired goes by the moment given, in the past, in the present and in the far future.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			for _, start := range anyClock {
				record := newRecord("alice", start)
				t.create(record)
				t.deleteExpired(record.ExpiresAt.Add(-time.Hour), everything, 0)
				t.holds(record)
				t.deleteExpired(record.ExpiresAt.Add(time.Hour), everything, 1)
				t.lacks(record.ID)
			}
		},
	},
}

// inUTC wants every time of the records in UTC.
func (t *trial) inUTC(records ...core.Record) {
	for _, r := range records {
		for _, at := range []time.Time{r.IssuedAt, r.ExchangedAt, r.ExpiresAt, r.RevokedAt} {
			if !t.failed() && at.Location() != time.UTC {
				where := fmt.Sprintf("Location %q, which is not time.UTC", at.Location())
				if at.Location() == time.Local { // on a machine in UTC too
					where = "Location time.Local"
				}
				t.fail("times whose Location is time.UTC: call UTC on what a driver returns", formatTime(at)+" in "+where)
			}
		}
	}
}

// lives leads a user's sessions through all their methods, the first login at
// that moment.
func (t *trial) lives(user string, start time.Time) {
	hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	first, second, third := newRecord(user, start), newRecord(user, hour(1)), newRecord(user, hour(7))
	t.create(first, second)
	t.lists(user, hour(3), second, first)
	second = t.exchange(next(second, hour(4)))
	t.revoke(first.ID, hour(5))
	t.holds(revokedAt(first, hour(5)))
	t.lists(user, hour(5), second)
	t.endsUser(user, hour(6))
	t.holds(revokedAt(second, hour(6)))
	t.create(third)
	third = t.exchange(next(third, hour(8)))
	t.lists(user, third.ExpiresAt.Add(-time.Hour), third)
	late := third.ExpiresAt.Add(time.Hour)
	t.lists(user, late)
	t.conflicts(third, next(third, late))
}
