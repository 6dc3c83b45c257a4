package memorystore_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// slack is how many dead records a user may have above core.KeptDeadRecords.
const slack = 25

// expectKept fails the test unless the store has the records of the first kind, as
// they are, and no more than slack of the second.
func expectKept(t *testing.T, s *memorystore.Store, kept, others []core.Record) {
	t.Helper()
	for _, record := range kept {
		if got := get(t, s, record.ID); !same(got, record) {
			t.Errorf("the store has %v, want %v", got, record)
		}
	}
	n := 0
	for _, record := range others {
		if _, err := s.Get(t.Context(), record.ID); err == nil {
			n++
		}
	}
	if n > slack {
		t.Errorf("the store has %d dead records that need not be kept, want at most %d", n, slack)
	}
}

// logins logs the user in n times with a limit of 1, a millisecond apart, and returns
// the records that were evicted, the one revoked last first.
func logins(t *testing.T, s *memorystore.Store, userID string, n int) (evicted []core.Record) {
	t.Helper()
	for i := range n {
		evicted = append(evicted, create(t, s, newRecord(userID, after(i), after(n*1000)), 1)...)
	}
	slices.Reverse(evicted)
	return evicted
}

func TestDeadRecordsOfManyLoginsAreDropped(t *testing.T) {
	for _, n := range []int{1, 100, 101, 102, 125, 126, 127, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := memorystore.New()
			evicted := logins(t, s, "ann", n)
			if len(evicted) != n-1 {
				t.Fatalf("%d records were evicted, want %d", len(evicted), n-1)
			}
			kept := min(len(evicted), core.KeptDeadRecords)
			expectKept(t, s, evicted[:kept], evicted[kept:])
		})
	}
}

func TestDeadRecordsOfLogoutsAreDropped(t *testing.T) {
	s := memorystore.New()
	var dead []core.Record // the one revoked last first
	for i := range 500 {
		record := newRecord("ann", after(i), after(10_000))
		create(t, s, record, 5)
		dead = append(revoke(t, s, core.Revocation{ID: record.ID, At: after(i)}), dead...)
	}
	expectKept(t, s, dead[:core.KeptDeadRecords], dead[core.KeptDeadRecords:])
}

// Records that were revoked at one moment count in their order.
func TestTheNewestOfRecordsRevokedTogetherAreKept(t *testing.T) {
	s := memorystore.New()
	for i := range 1000 {
		create(t, s, newRecord("ann", after(i%300), after(1000)), 0)
	}
	dead := revoke(t, s, core.Revocation{UserID: "ann", At: after(300)})
	if len(dead) != 1000 {
		t.Fatalf("%d records were revoked, want 1000", len(dead))
	}
	expectKept(t, s, dead[:core.KeptDeadRecords], dead[core.KeptDeadRecords:])
}

// What counts is RevokedAt, not which call came last: the clock may go back.
func TestRecordsRevokedLastAreKept(t *testing.T) {
	s := memorystore.New()
	var dead []core.Record // the one revoked last first
	for i := range 400 {
		record := newRecord("ann", after(0), after(1000))
		create(t, s, record, 0)
		dead = append(dead, revoke(t, s, core.Revocation{ID: record.ID, At: after(500 - i)})...)
	}
	expectKept(t, s, dead[:core.KeptDeadRecords], dead[core.KeptDeadRecords:])
}

// A user whose shard is another's can't make the store drop the other's records.
func TestDeadRecordsAreDroppedForEachUserOfAShard(t *testing.T) {
	s := memorystore.New()
	first := logins(t, s, neighbour1, 1+core.KeptDeadRecords)
	others := logins(t, s, neighbour2, 1000)
	expectKept(t, s, first, nil)
	expectKept(t, s, others[:core.KeptDeadRecords], others[core.KeptDeadRecords:])
}

// Live records are never dropped, expired or not.
func TestUnrevokedRecordsAreNotDropped(t *testing.T) {
	s := memorystore.New()
	var unrevoked []core.Record
	for i := range 200 {
		record := newRecord("ann", after(0), after(5+i))
		create(t, s, record, 0)
		unrevoked = append(unrevoked, record)
	}
	for i := range 200 {
		record := newRecord("ann", after(1), after(2))
		create(t, s, record, 0)
		revoke(t, s, core.Revocation{ID: record.ID, At: after(i)})
	}
	expectKept(t, s, unrevoked, nil)
}

// A user who logs in again and again occupies bounded space.
func TestManyLoginsOccupyBoundedSpace(t *testing.T) {
	s := memorystore.New()
	before := heapInUse()
	for i := range 100_000 {
		create(t, s, newRecord("ann", after(i), after(1e8)), 1)
	}
	if n := count(t, s); n > 1+core.KeptDeadRecords+slack {
		t.Errorf("the store has %d records", n)
	}
	if used := int64(heapInUse()) - int64(before); used > 1<<20 {
		t.Errorf("one user's logins occupy %d bytes", used)
	}
	expectDeleted(t, s, after(1e9), 1000, count(t, s))
}
