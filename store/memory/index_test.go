package memorystore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// Two users whose shards are equal, found by search.
const neighbour1, neighbour2 = "user-184128", "user-1114608"

func TestUsersOfOneShard(t *testing.T) {
	if core.UserShard(neighbour1) != core.UserShard(neighbour2) {
		t.Fatal("the users don't share a shard")
	}
	s := memorystore.New()
	old := newRecord(neighbour1, epoch, after(5))
	other := newRecord(neighbour2, epoch, after(10))
	create(t, s, old, 1)
	create(t, s, other, 1)
	expectList(t, s, neighbour1, epoch, old.ID)
	expectList(t, s, neighbour2, epoch, other.ID)

	next := newRecord(neighbour1, after(1), after(10))
	create(t, s, next, 1)
	expectList(t, s, neighbour1, after(1), next.ID)
	expectList(t, s, neighbour2, after(1), other.ID)

	expectDeleted(t, s, after(6), 10, 1)
	expectGone(t, s, old.ID)
	next.RevokedAt = after(2)
	expectRecords(t, "Revoke", revoke(t, s, core.Revocation{UserID: neighbour1, At: after(2)}), next)
	expectList(t, s, neighbour2, after(2), other.ID)
}

// Ids that differ in their last character only are different ids, in whatever
// order their records come and go.
func TestAlmostEqualIDs(t *testing.T) {
	for i := range 24 {
		order := permutation(i)
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			s := memorystore.New()
			stem := core.NewRecordID("ann")[:39]
			var records []core.Record
			for i, expiry := range order {
				record := newRecord("ann", after(i), after(100+expiry))
				record.ID = stem + "abcd"[i:i+1]
				record.Device = record.ID
				create(t, s, record, 0)
				if _, err := s.Create(t.Context(), record, 1); !errors.Is(err, core.ErrExists) {
					t.Errorf("Create of an id that is taken: %v, want ErrExists", err)
				}
				records = append(records, record)
			}
			for expiry := range order {
				expectDeleted(t, s, after(100+expiry+1), 10, 1)
				for i, record := range records {
					if order[i] <= expiry {
						expectGone(t, s, record.ID)
					} else if got := get(t, s, record.ID); !same(got, record) {
						t.Errorf("created %v, got %v", record, got)
					}
				}
			}
		})
	}
}

// permutation returns the n-th order of the numbers below 4.
func permutation(n int) []int {
	var order []int
	for i := range 4 {
		at := n % (i + 1)
		n /= i + 1
		order = append(order[:at], append([]int{i}, order[at:]...)...)
	}
	return order
}
