package storetest

import (
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var loginRaces = []rule{
	{
		id:     "Create/OneOfEqualIDs",
		text:   "Of N concurrent Creates of one id exactly one succeeds; the others are ErrExists and change nothing.",
		varies: true,
		check: func(t *trial) {
			for range t.rounds() {
				calls := make([]call, crowd)
				id := core.NewRecordID("alice")
				for i := range calls {
					calls[i] = call{method: create, token: newToken("alice", base)}
					calls[i].token.ID = id
				}
				won := -1
				for i, r := range t.callTogether(calls) {
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
				t.holds(calls[won].token)
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
				t.create(newTokens(user, base, 4)...)
				logins := t.loginsAtOnce(user, k, time.Duration(round%2)*time.Minute)
				live := t.must(call{method: listUser, userID: user, at: after(20)}).tokens
				t.wantNumber("live records", k, len(live))
				for _, token := range live {
					if _, ok := logins[token.ID]; !ok {
						t.fail("the live records are of the last logins", formatTokens(live))
					}
				}
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
				for id, token := range logins {
					byMoment[token.IssuedAt.UnixMilli()] = id
				}
				evicted := map[int64]bool{}
				for id, want := range logins {
					got := t.get(id)
					if t.failed() {
						return
					}
					t.wantToken("a login", revokedAt(want, got.RevokedAt), got)
					if got.RevokedAt.IsZero() {
						continue
					}
					at := got.RevokedAt.UnixMilli()
					if by, ok := byMoment[at]; !ok || by == id {
						t.fail("RevokedAt is the IssuedAt of another login", formatToken(got))
					}
					if evicted[at] {
						t.fail("each login revokes at most one other", formatToken(got))
					}
					evicted[at] = true
				}
				t.wantNumber("records revoked by the limit", crowd-k, len(evicted))
			}
		},
	},
	{
		id:     "Create/LimitAtEveryMoment",
		text:   "A Create and its revocations are one step: whoever lists the user during logins at limit k never sees more or fewer than k.",
		varies: true,
		check: func(t *trial) {
			for round := range t.rounds() {
				k := 1 + round%3
				user := fmt.Sprintf("user %d", round)
				t.create(newTokens(user, base, k)...)
				t.together(4, func(i int, client core.RefreshStore) {
					t := t.as(client)
					for n := range 6 {
						if i%2 == 0 {
							t.createLimited(newToken(user, after(10+n)), k)
							continue
						}
						live := t.must(call{method: listUser, userID: user, at: after(20)}).tokens
						t.wantNumber("live records at every moment", k, len(live))
					}
				})
			}
		},
	},
}

// loginsAtOnce makes a crowd of logins at limit k, issued ten hours after base
// and so long apart, and returns them by id.
func (t *trial) loginsAtOnce(user string, k int, apart time.Duration) map[string]core.Record {
	calls := make([]call, crowd)
	logins := map[string]core.Record{}
	for i := range calls {
		token := newToken(user, after(10).Add(time.Duration(i)*apart))
		calls[i] = call{method: create, token: token, limit: k}
		logins[token.ID] = token
	}
	for _, r := range t.callTogether(calls) {
		if r.err != nil {
			t.fail("every Create succeeds", r.format(create))
		}
	}
	return logins
}
