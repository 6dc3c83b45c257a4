package storetest

import (
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var loginRaces = []rule{
	{
		id:     "Create/OneOfEqualIDs",
		text:   "Of N concurrent Creates of one ID exactly one succeeds; the others are ErrExists and change nothing.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				calls := make([]call, crowd)
				id := core.NewRecordID("alice")
				for i := range calls {
					calls[i] = call{method: create, record: newRecord("alice", base)}
					calls[i].record.ID = id
				}
				won := -1
				for i, r := range t.callTogether("alice", calls) {
					switch {
					case r.err == nil && won < 0:
						won = i
					case r.err == nil || !isJust(r.err, core.ErrExists):
						t.fail("one Create succeeds and the others are ErrExists", "one more: "+formatErr(r.err))
					}
				}
				if won < 0 {
					t.fail("one Create succeeds", "none did")
					return
				}
				t.holds(calls[won].record)
			}
		},
	},
	{
		id:     "Create/ConcurrentLimit",
		text:   "Concurrent logins at limit k leave exactly k live, and none that was live before them.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				k := 1 + round%3
				user := fmt.Sprintf("user %d", round)
				t.create(newRecords(user, base, 4)...)
				logins := t.loginsAtOnce(user, k, time.Duration(round%2)*time.Minute)
				live := t.must(call{method: listUser, userID: user, at: after(20)}).records
				t.wantNumber("live records", k, len(live))
				for _, record := range live {
					if _, ok := logins[record.ID]; !ok {
						t.fail("the live records are of the last logins", formatRecords(live))
					}
				}
			}
		},
	},
	{
		id:     "Create/EvictedOnce",
		text:   "Concurrent logins at limit k return each record that they evict once in all, as it then stands.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				records := newRecords(user, base, 4)
				t.create(records...)
				calls := logins(user, 1+round%3, time.Minute*time.Duration(round%2))
				for _, c := range calls {
					records = append(records, c.record)
				}
				t.accounts(records, calls, t.callTogether(user, calls))
			}
		},
	},
	{
		id:     "Create/NotBornDead",
		text:   "No login is born dead: of concurrent logins at limit k each is revoked by another's Create, at that one's IssuedAt, or not at all, and no Create revokes more than it must.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				k := 1 + round%3
				user := fmt.Sprintf("user %d", round)
				logins := t.loginsAtOnce(user, k, time.Minute)
				byMoment := map[int64]string{}
				for id, record := range logins {
					byMoment[record.IssuedAt.UnixMilli()] = id
				}
				evicted := map[int64]bool{}
				for id, want := range logins {
					got := t.get(id)
					if t.failed() {
						return
					}
					t.wantRecord("a login", revokedAt(want, got.RevokedAt), got)
					if got.RevokedAt.IsZero() {
						continue
					}
					at := got.RevokedAt.UnixMilli()
					if by, ok := byMoment[at]; !ok || by == id {
						t.fail("RevokedAt is the IssuedAt of another login", formatRecord(got))
					}
					if evicted[at] {
						t.fail("each login revokes at most one other", formatRecord(got))
					}
					evicted[at] = true
				}
				t.wantNumber("records revoked by the limit", crowd-k, len(evicted))
			}
		},
	},
	{
		id:     "Create/LimitAtEveryMoment",
		text:   "A Create and its revocations are one step: a caller who lists the user during logins at limit k never sees more or fewer than k.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				k := 1 + round%3
				user := fmt.Sprintf("user %d", round)
				t.create(newRecords(user, base, k)...)
				t.contend(user, 4, func(i int, client core.RefreshStore) {
					t := t.as(client)
					for n := range 6 {
						if i%2 == 0 {
							t.createLimited(newRecord(user, after(10+n)), k)
							continue
						}
						live := t.must(call{method: listUser, userID: user, at: after(20)}).records
						t.wantNumber("live records at every moment", k, len(live))
					}
				})
			}
		},
	},
}

// logins returns a crowd of logins at limit k, issued from ten hours after base on and
// so long apart.
func logins(user string, k int, apart time.Duration) []call {
	calls := make([]call, crowd)
	for i := range calls {
		calls[i] = call{method: create, record: newRecord(user, after(10).Add(time.Duration(i)*apart)), limit: k}
	}
	return calls
}

// loginsAtOnce makes a crowd of logins at once and returns their records by ID.
func (t *trial) loginsAtOnce(user string, k int, apart time.Duration) map[string]core.Record {
	calls := logins(user, k, apart)
	records := map[string]core.Record{}
	for _, c := range calls {
		records[c.record.ID] = c.record
	}
	for _, r := range t.callTogether(user, calls) {
		if r.err != nil {
			t.fail("every Create succeeds", r.format(create))
		}
	}
	return records
}
