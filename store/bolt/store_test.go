package boltstore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
)

func TestMalformedIDsAreNotFound(t *testing.T) {
	id := core.NewRecordID("ann")
	for name, malformed := range map[string]string{
		"empty":             "",
		"shorter than ids":  id[:39],
		"longer than ids":   id + "a",
		"shard only":        core.UserShard("ann"),
		"upper case":        strings.ToUpper(id),
		"a foreign digit":   id[:39] + "1",
		"padding":           id[:39] + "=",
		"a line break":      id[:39] + "\n",
		"NUL":               id[:39] + "\x00",
		"not UTF-8":         id[:39] + "\xff",
		"another user's id": core.NewRecordID("bob"),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			record := newRecord("ann", epoch, after(10))
			record.ID = id
			create(t, s, record, 0)
			another := record
			another.ID = malformed
			_, err := s.Create(t.Context(), another, 1)
			expectFailure(t, "Create", err, nil)
			expectGone(t, s, malformed)
			if _, err := s.Exchange(t.Context(), next(another, epoch)); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("Exchange: %v, want ErrNotFound", err)
			}
			expectRecords(t, "Revoke", revoke(t, s, core.Revocation{ID: malformed, At: epoch}))
			expect(t, s, record)
		})
	}
}

// What breaks the contract is refused rather than stored as something else.
func TestRecordsThatNoFileCanHold(t *testing.T) {
	for name, change := range map[string]func(*core.Record){
		"no user id":       func(r *core.Record) { r.UserID = "" },
		"a long user id":   func(r *core.Record) { r.UserID = strings.Repeat("u", core.MaxUserIDBytes+1) },
		"a long device":    func(r *core.Record) { r.Device = strings.Repeat("d", core.MaxDeviceBytes+1) },
		"long data":        func(r *core.Record) { r.Data = make([]byte, core.MaxDataBytes+1) },
		"generation -1":    func(r *core.Record) { r.Generation = -1 },
		"generation 2^53":  func(r *core.Record) { r.Generation = 1 << 53 },
		"issued in 1969":   func(r *core.Record) { r.IssuedAt = time.Unix(-1, 0) },
		"exchanged never":  func(r *core.Record) { r.ExchangedAt = time.Time{} },
		"expired in 10000": func(r *core.Record) { r.ExpiresAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no whole ms":      func(r *core.Record) { r.IssuedAt = epoch.Add(1) },
		"not UTC":          func(r *core.Record) { r.IssuedAt = epoch.In(time.FixedZone("", 3600)) },
		"no UTF-8":         func(r *core.Record) { r.Device = "\xff" },
		"revoked in 1969":  func(r *core.Record) { r.RevokedAt = time.Unix(-1, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			record := newRecord("ann", epoch, after(10))
			change(&record)
			record.ID = core.NewRecordID(record.UserID)
			before := commits(t, s.db)
			_, err := s.Create(t.Context(), record, 1)
			expectFailure(t, "Create", err, nil)
			expectGone(t, s, record.ID)
			if commits(t, s.db) != before {
				t.Error("something was written")
			}
		})
	}
}

func TestChangesThatNoFileCanHold(t *testing.T) {
	s := open(t)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	early := time.Unix(-1, 0)

	x := next(record, epoch)
	x.ExpiresAt = early
	_, err := s.Exchange(t.Context(), x)
	expectFailure(t, "Exchange", err, nil)
	_, err = s.Revoke(t.Context(), core.Revocation{ID: record.ID, At: early})
	expectFailure(t, "Revoke", err, nil)
	expect(t, s, record)
}

// The earliest and the latest moment are moments like any other, and only the
// zero time means "not revoked".
func TestMomentsComeBackExactly(t *testing.T) {
	earliest := time.Unix(0, 0).UTC()
	latest := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	s := open(t)
	record := newRecord("ann", earliest, latest)
	create(t, s, record, 0)
	expect(t, s, record)
	revoke(t, s, core.Revocation{ID: record.ID, At: earliest})
	revoke(t, s, core.Revocation{ID: record.ID, At: latest}) // too late
	record.RevokedAt = earliest
	expect(t, s, record)
}

// Records issued together are ordered by the text of their ids, in which digits
// come before letters, though in the file letters come first.
func TestRecordsIssuedTogetherAreOrderedByID(t *testing.T) {
	s := open(t)
	var want []string // the newest first
	for _, c := range []string{"z", "a", "7", "2"} {
		want = append(want, core.UserShard("ann")+strings.Repeat(c, 32))
	}
	for _, i := range []int{2, 0, 3, 1} {
		record := newRecord("ann", epoch, after(10))
		record.ID = want[i]
		create(t, s, record, 0)
	}
	list, err := s.ListUser(t.Context(), "ann", epoch)
	must(t, err)
	var got []string
	for _, record := range list {
		got = append(got, record.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("ListUser returned %q, want %q", got, want)
	}
}

// These two share a shard. Nothing but a search finds such a pair.
const neighbour1, neighbour2 = "user-184128", "user-1114608"

func TestUsersOfOneShardAreKeptApart(t *testing.T) {
	if core.UserShard(neighbour1) != core.UserShard(neighbour2) {
		t.Fatal("the users have different shards")
	}
	s := open(t)
	one, two := newRecord(neighbour1, epoch, after(10)), newRecord(neighbour2, epoch, after(10))
	create(t, s, one, 1)
	create(t, s, two, 1)
	one.RevokedAt = epoch
	expectRecords(t, "Revoke", revoke(t, s, core.Revocation{UserID: neighbour1, At: epoch}), one)
	expect(t, s, one)
	expect(t, s, two)
	if list, err := s.ListUser(t.Context(), neighbour2, epoch); err != nil || len(list) != 1 || !same(list[0], two) {
		t.Errorf("ListUser: %v, %v, want the one record", list, err)
	}
}

// A call about one user reads that user's records alone: it succeeds in a file where
// no other record can be read.
func TestCallsReadNoRecordsButTheirOwn(t *testing.T) {
	s := open(t)
	record := newRecord("ann", after(1), after(10))
	create(t, s, record, 0)
	key, _, err := boltstore.Encode(record)
	must(t, err)
	must(t, s.db.Update(func(tx *bbolt.Tx) error {
		for i := range 256 {
			for _, at := range []int{0, 2, 4} { // around the shard of the user, near and far
				other := slices.Clone(key)
				if other[at] = byte(i); slices.Equal(other[:5], key[:5]) {
					continue
				}
				if err := tx.Bucket(bucket("records")).Put(other, []byte{1}); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	for method, err := range everyCall(t, s, record) {
		if err != nil && method != "Records" {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestStoresOfDifferentBucketsShareAFile(t *testing.T) {
	s := open(t)
	other, err := boltstore.New(s.db, boltstore.Options{Bucket: "other"})
	must(t, err)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 1)
	expectGone(t, other, record.ID)
	create(t, other, newRecord("ann", epoch, after(10)), 1)
	expect(t, s, record)
}

func TestLoginEvictsTheOldest(t *testing.T) {
	s := openFast(t)
	var records []core.Record
	for i := range 4 {
		records = append(records, newRecord("ann", after(i), after(10)))
		create(t, s, records[i], 0)
	}
	newest := newRecord("ann", after(4), after(10))
	evicted := create(t, s, newest, 3)
	for i := range 2 {
		records[i].RevokedAt = after(4)
	}
	expectRecords(t, "Create", evicted, records[1], records[0])
	live, err := s.ListUser(t.Context(), "ann", after(4))
	must(t, err)
	expectRecords(t, "ListUser", live, newest, records[3], records[2])
}

// Of the records first, second and third, each revocation selects some.
func TestRevocationsSelect(t *testing.T) {
	first, second, third := newRecord("ann", after(1), after(10)), newRecord("ann", after(2), after(10)), newRecord("ann", after(3), after(10))
	at := after(20) // all have expired
	for name, c := range map[string]struct {
		revocation core.Revocation
		want       []core.Record
	}{
		"all of the user":              {core.Revocation{UserID: "ann", At: at}, []core.Record{third, second, first}},
		"all but one":                  {core.Revocation{UserID: "ann", Except: second.ID, At: at}, []core.Record{third, first}},
		"all issued until a moment":    {core.Revocation{UserID: "ann", IssuedUntil: after(2), At: at}, []core.Record{second, first}},
		"one":                          {core.Revocation{ID: second.ID, At: at}, []core.Record{second}},
		"one of the user":              {core.Revocation{ID: second.ID, UserID: "ann", At: at}, []core.Record{second}},
		"one of another user":          {core.Revocation{ID: second.ID, UserID: "bob", At: at}, nil},
		"one that is excepted":         {core.Revocation{ID: second.ID, Except: second.ID, At: at}, nil},
		"one that was issued too late": {core.Revocation{ID: second.ID, IssuedUntil: after(1), At: at}, nil},
		"all of another user":          {core.Revocation{UserID: "bob", At: at}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := openFast(t)
			for _, record := range []core.Record{first, second, third} {
				create(t, s, record, 0)
			}
			for i := range c.want {
				c.want[i].RevokedAt = at
			}
			expectRecords(t, "Revoke", revoke(t, s, c.revocation), c.want...)
			for _, record := range c.want {
				expect(t, s, record)
			}
			expectRecords(t, "a second Revoke", revoke(t, s, c.revocation))
			left, err := s.ListUser(t.Context(), "ann", epoch)
			must(t, err)
			if len(left) != 3-len(c.want) {
				t.Errorf("%d records are not revoked, want %d", len(left), 3-len(c.want))
			}
		})
	}
}
