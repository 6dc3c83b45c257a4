package boltstore_test

import (
	"slices"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
)

// keys returns how many keys one of the store's buckets has.
func keys(t testing.TB, s file, name string) (n int) {
	t.Helper()
	must(t, s.db.View(func(tx *bbolt.Tx) error {
		n = tx.Bucket(bucket(name)).Stats().KeyN
		return nil
	}))
	return n
}

// expectKept fails the test unless the store has the first core.KeptDeadRecords of
// the dead records, and few of the others. The one revoked last is first.
func expectKept(t *testing.T, s file, dead []core.Record) {
	t.Helper()
	kept := dead[:min(len(dead), core.KeptDeadRecords)]
	for _, record := range kept {
		expect(t, s, record)
	}
	n := 0
	for _, record := range dead[len(kept):] {
		if _, err := s.Get(t.Context(), record.ID); err == nil {
			n++
		}
	}
	if n >= boltstore.DropStep {
		t.Errorf("the store has %d dead records that need not be kept", n)
	}
	if records, expiries := keys(t, s, "records"), keys(t, s, "expiry"); records != expiries {
		t.Errorf("the file has %d records and %d expiries", records, expiries)
	}
}

// logins logs the user in n times with a limit of 1, a millisecond apart, and returns
// the records that were evicted, the one revoked last first.
func logins(t *testing.T, s file, userID string, n int) (evicted []core.Record) {
	t.Helper()
	for i := range n {
		evicted = append(evicted, create(t, s, newRecord(userID, after(i), after(n*1000)), 1)...)
	}
	slices.Reverse(evicted)
	return evicted
}

// A user who logs in again and again occupies bounded space.
func TestDeadRecordsOfManyLoginsAreDropped(t *testing.T) {
	const n = 3000
	s := openFast(t)
	evicted := logins(t, s, "ann", n)
	if len(evicted) != n-1 {
		t.Fatalf("%d records were evicted, want %d", len(evicted), n-1)
	}
	expectKept(t, s, evicted)
	if n := keys(t, s, "records"); n > 1+core.KeptDeadRecords+boltstore.DropStep {
		t.Errorf("the file has %d records", n)
	}
}

func TestDeadRecordsOfLogoutsAreDropped(t *testing.T) {
	s := openFast(t)
	var dead []core.Record
	for i := range 300 {
		record := newRecord("ann", after(i), after(10_000))
		create(t, s, record, 5)
		dead = append(revoke(t, s, core.Revocation{ID: record.ID, At: after(i)}), dead...)
	}
	expectKept(t, s, dead)
}

// Records that were revoked at one moment count in their order.
func TestTheNewestOfRecordsRevokedTogetherAreKept(t *testing.T) {
	s := openFast(t)
	for i := range 300 {
		create(t, s, newRecord("ann", after(i%90), after(1000)), 0)
	}
	dead := revoke(t, s, core.Revocation{UserID: "ann", At: after(300)})
	if len(dead) != 300 {
		t.Fatalf("%d records were revoked, want 300", len(dead))
	}
	expectKept(t, s, dead)
}

// What counts is RevokedAt, not which call came last: the clock may go back.
func TestRecordsRevokedLastAreKept(t *testing.T) {
	s := openFast(t)
	var dead []core.Record
	for i := range 300 {
		record := newRecord("ann", after(0), after(1000))
		create(t, s, record, 0)
		dead = append(dead, revoke(t, s, core.Revocation{ID: record.ID, At: after(500 - i)})...)
	}
	expectKept(t, s, dead)
}

// A user whose shard is another's can't make the store drop the other's records.
func TestDeadRecordsAreDroppedForEachUserOfAShard(t *testing.T) {
	s := openFast(t)
	first := logins(t, s, neighbour1, 1+core.KeptDeadRecords)
	expectKept(t, s, logins(t, s, neighbour2, 300))
	expectKept(t, s, first)
}

// Unrevoked records are never dropped, expired or not.
func TestUnrevokedRecordsAreNotDropped(t *testing.T) {
	s := openFast(t)
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
	for _, record := range unrevoked {
		expect(t, s, record)
	}
}
