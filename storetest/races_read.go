package storetest

import (
	"fmt"
	"sync/atomic"

	"github.com/tokenauth/tokenauth/core"
)

var readRaces = []rule{
	{
		id: "Get/NeverBack",
		text: "While a record is exchanged and then revoked, no Get and no ListUser returns it as it stood " +
			"before what was acknowledged when the call began, and none does afterwards.",
		varies: true,
		check: func(t *trial) {
			const exchanges = 20
			for round := range t.rounds() {
				record := newRecord(fmt.Sprintf("user %d", round), base)
				t.create(record)
				var acknowledged atomic.Int64 // the generation, or one more than the last: the revocation
				t.contend(record.UserID, 4, func(i int, client core.RefreshStore) {
					t := t.as(client)
					if i > 0 {
						for n := i; acknowledged.Load() <= exchanges && !t.failed(); n++ {
							t.readsSince(record, acknowledged.Load(), exchanges, n%2 == 0)
						}
						return
					}
					defer acknowledged.Store(exchanges + 1)
					now := record
					for n := range exchanges {
						x := next(now, after(n+1))
						t.must(call{method: exchange, exchange: x})
						now = exchanged(now, x)
						acknowledged.Store(now.Generation)
					}
					t.revoke(record.ID, after(exchanges))
				})
				for _, client := range t.clients {
					for _, lists := range []bool{false, true} {
						t.as(client).readsSince(record, exchanges+1, exchanges, lists)
					}
				}
			}
		},
	},
}

// readsSince gets the record, or lists its user, and wants what is returned to be of
// at least that generation. A generation beyond the last is the record's revocation.
func (t *trial) readsSince(record core.Record, generation, last int64, lists bool) {
	var found []core.Record
	if lists {
		found = t.must(call{method: listUser, userID: record.UserID, at: record.IssuedAt}).records
	} else {
		found = []core.Record{t.get(record.ID)}
	}
	for _, got := range found {
		if t.failed() {
			return
		}
		if got.Generation < min(generation, last) || generation > last && got.RevokedAt.IsZero() {
			expected := fmt.Sprintf("a record of generation %d or later is read", min(generation, last))
			if generation > last {
				expected += ", and revoked"
			}
			t.failAbout(expected, formatRecord(got), record)
		}
	}
}
