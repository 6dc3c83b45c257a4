package storetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var deleteRules = []rule{
	{
		id:    "DeleteExpired/Deletes",
		text:  "A deleted record is unknown to every method and is listed at no moment.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.deleteExpired(record.ExpiresAt.Add(time.Hour), 10, 1)
			t.lacks(record.ID)
			t.refused(call{method: exchange, exchange: next(record, after(1))}, core.ErrNotFound)
			t.revokes(core.Revocation{ID: record.ID, At: after(1)})
			t.lists("alice", after(1))
			t.revokesUser("alice", after(1))
			t.lacks(record.ID)
		},
	},
	{
		id:    "DeleteExpired/FreesID",
		text:  "The ID of a deleted record is free: it can be created again and is a new record.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.deleteExpired(record.ExpiresAt.Add(time.Hour), 10, 1)
			again := newRecord("alice", record.ExpiresAt.Add(2*time.Hour))
			again.ID = record.ID
			t.create(again)
			t.holds(again)
			t.lists("alice", again.IssuedAt, again)
			t.deleteExpired(record.ExpiresAt.Add(3*time.Hour), 10, 0)
			t.holds(again)
		},
	},
	{
		id:    "DeleteExpired/StrictlyBefore",
		text:  "Only records whose ExpiresAt lies before the moment are deleted, not those that expire at it.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			t.deleteExpired(record.ExpiresAt, 10, 0)
			t.holds(record)
			t.deleteExpired(record.ExpiresAt.Add(time.Millisecond), 10, 1)
			t.lacks(record.ID)
		},
	},
	{
		id:    "DeleteExpired/AtMostMax",
		text:  "At most max records are deleted, and fewer only if there are no more.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			t.create(newRecords("alice", base, 7)...)
			before := after(100).Add(lifetime)
			for _, want := range []int{3, 3, 1, 0} {
				t.deleteExpired(before, 3, want)
			}
		},
	},
	{
		id:    "DeleteExpired/ReachesAll",
		text:  "Calls that delete little reach every expired record, of every user and whenever it was issued, and no other.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			expired := newRecords("alice", base, 3)
			expired = append(expired, newRecords("bob", base, 3)...)
			for i, hours := range []int{40, 10, 30, 50, 20, 60} {
				expired[i].ExpiresAt = after(hours)
			}
			live := []core.Record{newRecord("alice", base), newRecord("bob", base), newRecord("carol", base)}
			t.create(append(live, expired...)...)
			left := len(expired)
			for left > 0 && !t.failed() {
				t.deleteExpired(after(100), 2, 2)
				left -= 2
				there := 0
				for _, record := range expired {
					r := t.call(call{method: get, id: record.ID})
					if r.err == nil {
						t.wantRecord("the record that Get returns", record, r.record)
						there++
					}
				}
				t.wantNumber("expired records left", left, there)
				t.holds(live...)
			}
		},
	},
	{
		id:    "DeleteExpired/Many",
		text:  "A large max is reached: of thousands of expired records one call deletes all, and says so.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			records := make([]core.Record, 5_000)
			for i := range records {
				records[i] = newRecord(fmt.Sprintf("user %d", i/10), base)
				records[i].ExpiresAt = after(10).Add(time.Duration(i) * time.Millisecond)
			}
			records = t.createCrowd(records, 1_100, 8*time.Second)
			live := newRecord("alice", base)
			t.create(live)
			t.deleteExpired(after(100), everything, len(records))
			for i := 0; i < len(records); i += 97 {
				t.lacks(records[i].ID)
			}
			t.holds(live)
			t.deleteExpired(after(100), everything, 0)
		},
	},
	{
		id:    "DeleteExpired/RevokedToo",
		text:  "Revoked records are deleted once they have expired, and not before.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			records := newRecords("alice", base, 3)
			records[2].ExpiresAt = after(1000)
			t.create(records...)
			t.revoke(records[0].ID, after(4))
			t.revoke(records[2].ID, after(4))
			t.deleteExpired(after(5), 10, 0)
			t.deleteExpired(after(500), 10, 2)
			t.lacks(records[0].ID, records[1].ID)
			t.holds(revokedAt(records[2], after(4)))
		},
	},
	{
		id:    "DeleteExpired/SparesLive",
		text:  "A record that has not expired is never deleted.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			records := newRecords("alice", base, 4)
			records[1].ExpiresAt = after(10)
			t.create(records...)
			t.deleteExpired(after(20), everything, 1)
			t.holds(records[0], records[2], records[3])
			t.lists("alice", after(20), records[3], records[2], records[0])
			t.deleteExpired(after(20), everything, 0)
		},
	},
	{
		id:    "DeleteExpired/None",
		text:  "DeleteExpired returns 0 where nothing has expired, in an empty store too.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			t.deleteExpired(base, 10, 0)
			record := newRecord("alice", base)
			t.create(record)
			t.deleteExpired(after(1), 10, 0)
			t.holds(record)
		},
	},
	{
		id:    "DeleteExpired/LargestMax",
		text:  "max is any int from 1: one beyond 32 bits, or the largest, bounds nothing.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			for i, max := range largeInts() {
				t.create(newRecords("alice", after(200*i), 3)...)
				t.deleteExpired(after(200*i+100).Add(lifetime), max, 3)
			}
		},
	},
	{
		id:    "DeleteExpired/MovedLater",
		text:  "A record whose expiry an exchange moved later is not deleted by its old expiry.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			old := record.ExpiresAt
			t.create(record)
			x := next(record, after(1))
			x.ExpiresAt = old.Add(100 * time.Hour)
			record = t.exchange(x)
			t.deleteExpired(old.Add(time.Hour), 10, 0)
			t.holds(record)
			t.deleteExpired(x.ExpiresAt.Add(time.Hour), 10, 1)
			t.lacks(record.ID)
		},
	},
	{
		id:    "DeleteExpired/MovedEarlier",
		text:  "A record whose expiry an exchange moved earlier is deleted by its new expiry.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			x := next(record, after(1))
			x.ExpiresAt = after(2)
			t.exchange(x)
			t.deleteExpired(after(3), 10, 1)
			t.lacks(record.ID)
			t.deleteExpired(after(4).Add(lifetime), 10, 0)
		},
	},
	{
		id:    "DeleteExpired/MovedTwice",
		text:  "After several exchanges a record is deleted by its present expiry, not by an earlier one.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			record := newRecord("alice", base)
			t.create(record)
			for i, hours := range []int{300, 200, 400, 100} {
				x := next(record, after(i))
				x.ExpiresAt = after(hours)
				record = t.exchange(x)
				t.deleteExpired(x.ExpiresAt, 10, 0)
				t.holds(record)
			}
			t.deleteExpired(after(101), 10, 1)
			t.deleteExpired(after(500), 10, 0)
			t.lacks(record.ID)
		},
	},
	{
		id:    "DeleteExpired/EqualExpiries",
		text:  "Records that expire at the same moment are deleted one by one like others.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			for _, user := range []string{"alice", "alice", "bob", "bob"} {
				t.create(newRecord(user, base))
			}
			before := base.Add(lifetime + time.Hour)
			t.deleteExpired(before, 1, 1)
			t.deleteExpired(before, 2, 2)
			t.deleteExpired(before, 10, 1)
			t.lists("alice", base)
			t.lists("bob", base)
		},
	},
	{
		id:    "DeleteExpired/Millisecond",
		text:  "Expiries a millisecond apart are told apart.",
		needs: []ability{needsDead},
		check: func(t *trial) {
			var records []core.Record
			for i := range 4 {
				record := newRecord("alice", base)
				record.ExpiresAt = after(10).Add(time.Duration(i) * time.Millisecond)
				records = append(records, record)
			}
			t.create(records...)
			t.deleteExpired(after(10).Add(2*time.Millisecond), 10, 2)
			t.lacks(records[0].ID, records[1].ID)
			t.holds(records[2:]...)
		},
	},
	{
		id:    "DeleteExpired/NativeTTL",
		text:  "A store whose records expire by themselves does nothing and returns 0.",
		needs: []ability{needsTTL},
		check: func(t *trial) {
			expired, live := newRecord("alice", base), newRecord("alice", after(100))
			t.create(expired, live)
			t.deleteExpired(after(101).Add(lifetime-100*time.Hour), 10, 0)
			t.holds(live)
			t.holdsDead(expired)
		},
	},
}

// createCrowd stores the records by many callers. On a slow store it stops after that
// time, but not before it has stored so many. It returns those that it stored, the first ones.
func (t *trial) createCrowd(records []core.Record, least int, limit time.Duration) []core.Record {
	start := time.Now()
	var mu sync.Mutex
	begun := 0
	another := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if begun == len(records) || begun >= least && time.Since(start) > limit || t.failed() {
			return 0, false
		}
		begun++
		return begun - 1, true
	}
	t.together(crowd, func(_ int, client core.RefreshStore) {
		t := t.as(client)
		for n, ok := another(); ok; n, ok = another() {
			t.create(records[n])
		}
	})
	if t.failed() {
		return records // which nobody looks at
	}
	return records[:begun]
}
