package storetest

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var revocationRaces = []rule{
	{
		id:     "Revoke/FirstStays",
		text:   "Of concurrent revocations of one record exactly one returns it, and its moment stays: every caller reads that from then on.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				record := newRecord("alice", base)
				t.create(record)
				seen := make([]core.Record, crowd)
				var winners atomic.Int64
				t.contend("alice", crowd, func(i int, client core.RefreshStore) {
					t := t.as(client)
					at := after(1 + i)
					revoked := t.must(revokesOne(record.ID, at)).records
					if len(revoked) > 0 {
						winners.Add(1)
						t.wantRecords("Revoke returns", []core.Record{revokedAt(record, at)}, revoked)
						t.holds(revokedAt(record, at))
					}
					seen[i] = t.get(record.ID)
				})
				t.wantNumber("revocation that returns the record", 1, int(winners.Load()))
				last := t.get(record.ID)
				t.wantRecord("the record after its revocation", revokedAt(record, last.RevokedAt), last)
				for _, got := range seen {
					t.wantRecord("the record that one of them saw", last, got)
				}
			}
		},
	},
	{
		id:     "Revoke/EachOnce",
		text:   "Concurrent revocations of a user, whole, in part or record by record, return each record once in all, as it then stands.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				records := newRecords(user, base, 6)
				t.create(records...)
				calls := make([]call, crowd)
				for i := range calls {
					v := core.Revocation{UserID: user, At: after(10 + i)}
					switch i % 4 {
					case 1:
						v.ID = records[i%len(records)].ID
					case 2:
						v.Except = records[i%len(records)].ID
					case 3:
						v.IssuedUntil = records[2].IssuedAt
					}
					calls[i] = call{method: revoke, revocation: v}
				}
				t.accounts(records, calls, t.callTogether(user, calls))
				t.lists(user, after(9))
			}
		},
	},
	{
		id:     "Revoke/DuringLogins",
		text:   "A Revoke during logins revokes exactly those that it returns, and none that it does not select.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				old := newRecords(user, base, 3)
				t.create(old...)
				earlier, later := newRecords(user, after(4), 2), newRecords(user, after(6), 6)
				calls := []call{{method: revoke, revocation: core.Revocation{UserID: user, IssuedUntil: after(5), At: after(9)}}}
				for _, record := range append(earlier, later...) {
					calls = append(calls, call{method: create, record: record})
				}
				t.accounts(append(old, earlier...), calls, t.callTogether(user, calls))
				t.holds(allRevokedAt(old, after(9))...)
				t.holds(later...)
			}
		},
	},
	{
		id:     "Revoke/DuringEvictions",
		text:   "A Revoke and a login at a limit come one after the other: what was there is revoked by one of them, and the login survives only if it came last.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				var old, logins []core.Record
				var calls []call
				for i := range crowd / 2 {
					user := fmt.Sprintf("user %d of round %d", i, round)
					old, logins = append(old, newRecord(user, base)), append(logins, newRecord(user, after(1)))
					calls = append(calls, revokesUser(user, after(2)), call{method: create, record: logins[i], limit: 1})
				}
				t.create(old...)
				results := t.callTogether(old[0].UserID, calls)
				t.accounts(append(old, logins...), calls, results)
				for i, login := range logins {
					byLogin := len(results[2*i+1].records) > 0
					survives := len(t.must(call{method: listUser, userID: login.UserID, at: after(3)}).records) > 0
					if !t.failed() && byLogin == survives {
						t.fail("the login survives if and only if the Revoke came first and left it nothing to evict",
							fmt.Sprintf("it evicted a record: %v, it survives: %v", byLogin, survives))
					}
				}
			}
		},
	},
	{
		id:     "Revoke/DuringExchanges",
		text:   "A Revoke during exchanges revokes every record of the user: no exchange brings one back, and none is undone.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				records := newRecords(user, base, 4)
				t.create(records...)
				exchanges := make([]int64, len(records))
				var revoked []core.Record
				t.contend(user, 1+len(records), func(i int, client core.RefreshStore) {
					t := t.as(client)
					if i == 0 {
						revoked = t.must(revokesUser(user, after(9))).records
						return
					}
					exchanges[i-1] = t.exchanges(records[i-1], 5)
				})
				for i, record := range records {
					t.wantExchanged(record.ID, exchanges[i], after(9))
				}
				t.wantNumber("records returned by Revoke", len(records), len(revoked))
				t.holds(revoked...)
				t.lists(user, after(8))
			}
		},
	},
	{
		id:     "Revoke/AtOneMoment",
		text:   "Revoke is one step: a caller who lists the user meanwhile sees all the records or none.",
		varies: true,
		check: func(t *trial) {
			const sessions = 20
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				records := newRecords(user, base, sessions)
				t.create(records...)
				var over atomic.Bool
				t.contend(user, 4, func(i int, client core.RefreshStore) {
					t := t.as(client)
					if i == 0 {
						t.revokesUser(user, after(30), reversed(records...)...)
						over.Store(true)
						return
					}
					for range 1000 { // at most, where Revoke does not return
						runtime.Gosched() // to it, on a single processor
						ended := over.Load()
						n := len(t.must(call{method: listUser, userID: user, at: after(25)}).records)
						switch {
						case t.failed():
							return
						case n != 0 && n != sessions:
							t.fail("ListUser returns 20 records or none", fmt.Sprint(n))
						case n != 0 && ended:
							t.fail("ListUser returns none after Revoke has returned", fmt.Sprint(n))
						case ended:
							return
						}
					}
				})
			}
		},
	},
}

// accounts wants the calls to have succeeded and the records, given as they were
// created, to be as their results say: revoked if one result has the record, at the
// moment of that call, and not revoked if none has it. No two results have the same
// record, and none has another.
func (t *trial) accounts(records []core.Record, calls []call, results []result) {
	stood := state{}
	for _, record := range records {
		stood[record.ID] = record
	}
	moment := map[string]time.Time{}
	for i, r := range results {
		m := calls[i].method
		if r.err != nil {
			t.fail(string(m)+" succeeds", r.format(m))
		}
		for _, revoked := range r.records {
			if _, twice := moment[revoked.ID]; twice && !t.failed() {
				t.fail("each record is returned once in all", formatRecord(revoked)+" was returned before")
			}
			moment[revoked.ID] = calls[i].now()
			t.wantRecord("the record that "+string(m)+" returns", revokedAt(stood[revoked.ID], calls[i].now()), revoked)
		}
	}
	for _, record := range records {
		t.holds(revokedAt(record, moment[record.ID]))
	}
}
