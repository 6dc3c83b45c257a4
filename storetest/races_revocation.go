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
		text:   "Of concurrent revocations of one record the first sets RevokedAt for good: whoever has revoked it sees that moment from then on.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				token := newToken("alice", base)
				t.create(token)
				seen := make([]core.Record, crowd)
				t.together(crowd, func(i int, client core.RefreshStore) {
					t := t.as(client)
					t.revoke(token.ID, after(1+i))
					seen[i] = t.get(token.ID)
				})
				last := t.get(token.ID)
				t.wantToken("the record after its revocation", revokedAt(token, last.RevokedAt), last)
				if last.RevokedAt.IsZero() {
					t.fail("RevokedAt is set", "zero")
				}
				for _, got := range seen {
					t.wantToken("the record that one of them saw", last, got)
				}
			}
		},
	},
	{
		id:     "RevokeUser/OnlyOneRevokes",
		text:   "Of concurrent RevokeUser calls one revokes all the live records and the others none: no record is counted twice.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				tokens := newTokens(user, base, 6)
				t.create(tokens...)
				calls := make([]call, crowd)
				for i := range calls {
					calls[i] = call{method: revokeUser, userID: user, at: after(10 + i)}
				}
				for i, r := range t.callTogether(calls) {
					switch {
					case r.err != nil:
						t.fail("every RevokeUser succeeds", r.format(revokeUser))
					case r.n == len(tokens):
						t.holds(allRevokedAt(tokens, calls[i].at)...)
					case r.n != 0:
						t.fail("each RevokeUser revokes 6 records or none", fmt.Sprint(r.n))
					}
				}
				t.lists(user, after(9))
			}
		},
	},
	{
		id:     "RevokeUser/DuringLogins",
		text:   "A RevokeUser during logins revokes exactly those that it counts, and never one issued later than its moment.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				at := after(5)
				old := newTokens(user, base, 3)
				t.create(old...)
				earlier, later := newTokens(user, after(4), 2), newTokens(user, after(6), 6)
				calls := []call{{method: revokeUser, userID: user, at: at}}
				for _, token := range append(earlier, later...) {
					calls = append(calls, call{method: create, token: token})
				}
				results := t.callTogether(calls)
				for i, r := range results {
					if r.err != nil {
						t.fail(string(calls[i].method)+" succeeds", r.format(calls[i].method))
					}
				}
				t.holds(allRevokedAt(old, at)...)
				t.holds(later...)
				revoked := len(old)
				for _, token := range earlier {
					if got := t.get(token.ID); !got.RevokedAt.IsZero() {
						t.wantToken("a login at the same time", revokedAt(token, at), got)
						revoked++
					}
				}
				t.wantNumber("records counted by RevokeUser", revoked, results[0].n)
			}
		},
	},
	{
		id:     "RevokeUser/DuringExchanges",
		text:   "A RevokeUser during exchanges revokes every live record of the user: no exchange brings one back, and none is undone.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				tokens := newTokens(user, base, 4)
				t.create(tokens...)
				exchanges := make([]int64, len(tokens))
				t.together(1+len(tokens), func(i int, client core.RefreshStore) {
					t := t.as(client)
					if i == 0 {
						t.revokeUser(user, after(9), len(tokens))
						return
					}
					exchanges[i-1] = t.exchanges(tokens[i-1], 5)
				})
				for i, token := range tokens {
					t.wantExchanged(token.ID, exchanges[i], after(9))
				}
				t.lists(user, after(8))
			}
		},
	},
	{
		id:     "RevokeUser/AtOneMoment",
		text:   "RevokeUser is one step: whoever lists the user meanwhile sees all the records or none.",
		varies: true,
		check: func(t *trial) {
			const sessions = 20
			for round := range t.rounds() {
				user := fmt.Sprintf("user %d", round)
				t.create(newTokens(user, base, sessions)...)
				var over atomic.Bool
				t.together(4, func(i int, client core.RefreshStore) {
					t := t.as(client)
					if i == 0 {
						t.revokeUser(user, after(30), sessions)
						over.Store(true)
						return
					}
					for range 1000 { // at most, where RevokeUser does not return
						runtime.Gosched() // to it, on a single processor
						ended := over.Load()
						n := len(t.must(call{method: listUser, userID: user, at: after(25)}).tokens)
						switch {
						case t.failed():
							return
						case n != 0 && n != sessions:
							t.fail("ListUser returns 20 records or none", fmt.Sprint(n))
						case n != 0 && ended:
							t.fail("ListUser returns none after RevokeUser has returned", fmt.Sprint(n))
						case ended:
							return
						}
					}
				})
			}
		},
	},
}

var deletionRaces = []rule{
	{
		id:     "DeleteExpired/NeverTwice",
		text:   "Concurrent DeleteExpired calls never count a record twice: their numbers add up to what was there, each at most its max.",
		needs:  []ability{needsDead},
		varies: true,
		check: func(t *trial) {
			const records, step = 3 * crowd, 4
			for round := range t.rounds() {
				start := base.Add(-time.Duration(round) * 2 * lifetime) // before all earlier rounds
				tokens := newTokens("alice", start, records)
				t.create(tokens...)
				calls := make([]call, crowd)
				for i := range calls {
					calls[i] = call{method: deleteExpired, at: tokens[records-1].ExpiresAt.Add(time.Hour), max: step}
				}
				total := 0
				for _, r := range t.callTogether(calls) {
					if r.err != nil || r.n > step {
						t.fail("DeleteExpired returns at most 4", r.format(deleteExpired))
					}
					total += r.n
				}
				t.wantNumber("records deleted in all", min(records, crowd*step), total)
				for _, token := range tokens {
					t.lacks(token.ID)
				}
			}
		},
	},
	{
		id:     "DeleteExpired/DuringExchanges",
		text:   "DeleteExpired deletes a record or an exchange moves it out of reach, never both: what it counts is what is gone.",
		needs:  []ability{needsDead},
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				tokens := newTokens("alice", base, crowd)
				t.create(tokens...)
				before := base.Add(2 * lifetime)
				calls := []call{{method: deleteExpired, at: before, max: everything}}
				for _, token := range tokens {
					x := next(token, after(20))
					x.ExpiresAt = base.Add(3 * lifetime)
					calls = append(calls, call{method: exchange, exchange: x})
				}
				results := t.callTogether(calls)
				if results[0].err != nil {
					t.fail("DeleteExpired succeeds", results[0].format(deleteExpired))
				}
				gone := 0
				for i, r := range results[1:] {
					switch {
					case r.err == nil:
						t.holds(exchanged(tokens[i], calls[1+i].exchange))
					case isJust(r.err, core.ErrNotFound):
						t.lacks(tokens[i].ID)
						gone++
					default:
						t.fail("Exchange succeeds or is ErrNotFound", r.format(exchange))
					}
				}
				t.wantNumber("records deleted", gone, results[0].n)
			}
		},
	},
}
