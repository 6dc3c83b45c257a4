package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var deadRules = []rule{
	{
		id:   "Dead/LastRevoked",
		text: "The KeptDeadRecords records of a user that were revoked last stay readable, whenever they were issued.",
		check: func(t *trial) {
			records := manyRecords()[:core.KeptDeadRecords+20]
			t.createAll(records)
			var dead []core.Record
			for i, record := range reversed(records...) { // the newest is revoked first
				at := after(len(records) + i)
				t.revoke(record.ID, at)
				dead = append(dead, revokedAt(record, at))
			}
			for i := range 5 {
				login := newRecord("alice", after(2*len(records)+i))
				t.createLimited(login, 2)
				t.keeps(dead)
				t.revoke(login.ID, login.IssuedAt)
				dead = append(dead, revokedAt(login, login.IssuedAt))
			}
			t.keeps(dead)
		},
	},
	{
		id:   "Dead/OneMoment",
		text: "Of records revoked at one moment the newest count as revoked last.",
		check: func(t *trial) {
			records := newRecords("alice", base, core.KeptDeadRecords+20)
			t.createAll(reversed(records...))
			at := after(len(records))
			t.endsUser("alice", at)
			t.keeps(allRevokedAt(records, at))
			login := newRecord("alice", at)
			t.createLimited(login, 10)
			t.keeps(allRevokedAt(records, at))
			t.lists("alice", at, login)
		},
	},
	{
		id:   "Dead/Bounded",
		text: "A user who logs in again and again keeps at most 2×KeptDeadRecords revoked records, the last of them exact.",
		check: func(t *trial) {
			const logins = 6 * core.KeptDeadRecords
			var dead []core.Record
			var last core.Record
			for i := range logins {
				login := newRecord("alice", base.Add(time.Duration(i)*tick))
				t.createLimited(login, 1)
				if i > 0 {
					dead = append(dead, revokedAt(last, login.IssuedAt))
				}
				last = login
			}
			readable := t.keeps(dead)
			if !t.failed() && readable > 2*core.KeptDeadRecords {
				t.fail(fmt.Sprintf("at most %d revoked records are readable after %d logins at limit 1", 2*core.KeptDeadRecords, logins),
					fmt.Sprint(readable))
			}
			t.lists("alice", last.IssuedAt, last)
		},
	},
	{
		id:   "Dead/ExpiredDoNotCount",
		text: "Records that have expired without a revocation take no place among the KeptDeadRecords.",
		check: func(t *trial) {
			expired := newRecords("alice", base, core.KeptDeadRecords/2)
			for i := range expired {
				expired[i].ExpiresAt = after(500)
			}
			dead := newRecords("alice", after(100), core.KeptDeadRecords)
			for i := range dead {
				dead[i].ExpiresAt = after(2000)
			}
			t.createAll(append(expired, dead...))
			for i := range dead {
				at := after(300 + i)
				t.revoke(dead[i].ID, at)
				dead[i] = revokedAt(dead[i], at)
			}
			t.createLimited(newRecord("alice", after(501)), 1)
			t.keeps(dead)
		},
	},
	{
		id:   "Dead/SparesLive",
		text: "Only revoked records are dropped: a live one stays, however often its user logs in and out.",
		check: func(t *trial) {
			live := newRecords("alice", base, 3)
			t.create(live...)
			for i := range 2*core.KeptDeadRecords + 20 {
				login := newRecord("alice", after(4).Add(time.Duration(i)*tick))
				t.createLimited(login, 10)
				t.revoke(login.ID, login.IssuedAt)
			}
			t.holds(live...)
			t.lists("alice", after(4), live...)
		},
	},
	{
		id:   "Dead/OtherUsers",
		text: "A user's logins drop no record of another user, of the same shard or not.",
		check: func(t *trial) {
			var others []core.Record
			for _, user := range []string{sameShard[1], "bob"} {
				records := newRecords(user, base, 3)
				t.create(records...)
				t.revoke(records[0].ID, after(3))
				t.revoke(records[1].ID, after(4))
				others = append(others, revokedAt(records[0], after(3)), revokedAt(records[1], after(4)), records[2])
			}
			for i := range 2*core.KeptDeadRecords + 20 {
				t.createLimited(newRecord(sameShard[0], after(5).Add(time.Duration(i)*tick)), 1)
			}
			t.holds(others...)
		},
	},
}

// keeps wants the records, revoked and not expired, to be readable where the store must
// keep them, and exact or dropped elsewhere. They are one user's, in the order in which
// they were revoked. It returns how many are readable.
func (t *trial) keeps(revoked []core.Record) (readable int) {
	for i, want := range slices.Backward(revoked) {
		if len(revoked)-i <= core.KeptDeadRecords {
			t.holds(want)
			readable++
			continue
		}
		if got := t.there(want.ID); got != nil {
			t.wantRecord("a record that the store need not keep", want, *got)
			readable++
		}
	}
	return readable
}

// createAll stores the records, all at once where the store lets many callers.
func (t *trial) createAll(records []core.Record) {
	t.together(crowd, func(i int, client core.RefreshStore) {
		t := t.as(client)
		for n := i; n < len(records); n += crowd {
			t.create(records[n])
		}
	})
}
