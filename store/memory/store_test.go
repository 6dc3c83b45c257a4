package memorystore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

func TestMalformedIDs(t *testing.T) {
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
		"all NUL":           strings.Repeat("\x00", 40),
		"another user's id": core.NewRecordID("bob"),
	} {
		t.Run(name, func(t *testing.T) {
			s := memorystore.New()
			record := newRecord("ann", epoch, after(10))
			record.ID = id
			create(t, s, record, 0)
			record.ID = malformed
			_, err := s.Create(t.Context(), record, 1)
			if err == nil || isSentinel(err) {
				t.Errorf("Create: %v, want an error that is none of core's", err)
			}
			if _, err := s.Get(t.Context(), malformed); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("Get: %v, want ErrNotFound", err)
			}
			if _, err := s.Exchange(t.Context(), core.Exchange{ID: malformed, At: epoch}); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("Exchange: %v, want ErrNotFound", err)
			}
			expectRecords(t, "Revoke", revoke(t, s, core.Revocation{ID: malformed, At: epoch}))
		})
	}
}

func FuzzUnknownID(f *testing.F) {
	s := memorystore.New()
	record := newRecord("ann", epoch, after(10))
	create(f, s, record, 0)
	f.Add(record.ID)
	f.Add(record.ID[:39])
	f.Add(record.ID + "a")
	f.Add(core.NewRecordID("ann"))
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, id string) {
		got, err := s.Get(t.Context(), id)
		if id == record.ID {
			must(t, err)
			if got.ID != id {
				t.Fatalf("Get(%q) returned the record %q", id, got.ID)
			}
		} else if !errors.Is(err, core.ErrNotFound) {
			t.Fatalf("Get(%q): %v, want ErrNotFound", id, err)
		}
	})
}

func TestTooLongRecords(t *testing.T) {
	for name, change := range map[string]func(*core.Record){
		"user id": func(r *core.Record) {
			r.UserID = strings.Repeat("u", core.MaxUserIDBytes+1)
			r.ID = core.NewRecordID(r.UserID)
		},
		"device": func(r *core.Record) { r.Device = strings.Repeat("d", core.MaxDeviceBytes+1) },
		"data":   func(r *core.Record) { r.Data = make([]byte, core.MaxDataBytes+1) },
	} {
		t.Run(name, func(t *testing.T) {
			s := memorystore.New()
			record := newRecord("ann", epoch, after(10))
			change(&record)
			if _, err := s.Create(t.Context(), record, 0); err == nil || isSentinel(err) {
				t.Errorf("Create: %v, want an error that is none of core's", err)
			}
			if _, err := s.Get(t.Context(), record.ID); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("Get: %v, want ErrNotFound", err)
			}
		})
	}
}

// The context comes first: before the arguments are looked at, and before
// anything changes.
func TestEndedContext(t *testing.T) {
	s := memorystore.New()
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	overdue, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, overdue} {
		for _, id := range []string{record.ID, "malformed", core.NewRecordID("ann")} {
			another := newRecord("ann", epoch, after(10))
			another.ID = id
			_, getErr := s.Get(ctx, id)
			_, exchangeErr := s.Exchange(ctx, core.Exchange{ID: id, From: record.AccessRef, At: epoch})
			_, createErr := s.Create(ctx, another, 1)
			_, revokeErr := s.Revoke(ctx, core.Revocation{ID: id, At: epoch})
			_, revokeUserErr := s.Revoke(ctx, core.Revocation{UserID: "ann", At: epoch})
			var recordsErr error
			for _, err := range s.Records(ctx) {
				recordsErr = err
			}
			_, listErr := s.ListUser(ctx, "ann", epoch)
			_, deleteErr := s.DeleteExpired(ctx, after(20), 1)
			for method, err := range map[string]error{
				"Create":        createErr,
				"Get":           getErr,
				"Exchange":      exchangeErr,
				"Revoke":        revokeErr,
				"Revoke user":   revokeUserErr,
				"Records":       recordsErr,
				"ListUser":      listErr,
				"DeleteExpired": deleteErr,
			} {
				if !errors.Is(err, ctx.Err()) {
					t.Errorf("%s of %q: %v, want %v", method, id, err, ctx.Err())
				}
			}
		}
	}
	if got := list(t, s, "ann", epoch); len(got) != 1 || !same(got[0], record) {
		t.Errorf("the store holds %v, want %v", got, record)
	}
}

// Where a record keeps its texts depends on how long they are; that they come
// back whole does not.
func TestTextsOfAnyLength(t *testing.T) {
	digits := strings.Repeat("0123456789", 500)
	roundTrip := func(user, device, data int) {
		s := memorystore.New()
		record := newRecord(digits[:user], epoch, after(10))
		record.Device, record.Data = digits[:device], []byte(digits[:data])
		create(t, s, record, 0)
		if got := list(t, s, record.UserID, epoch); len(got) != 1 || !same(got[0], record) {
			t.Errorf("created %v, the store has %v", record, got)
		}
	}
	for n := range 200 {
		roundTrip(1+n, 0, 0)
		roundTrip(1, n, n)
	}
	roundTrip(core.MaxUserIDBytes, core.MaxDeviceBytes, core.MaxDataBytes)
}

// The earliest and the latest moment are moments like any other, and only the
// zero time means "not revoked".
func TestMoments(t *testing.T) {
	earliest := time.Unix(0, 0).UTC()
	latest := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	s := memorystore.New()
	record := newRecord("ann", earliest, latest)
	create(t, s, record, 0)
	if got := get(t, s, record.ID); !same(got, record) {
		t.Errorf("created %v, got %v", record, got)
	}

	revoke(t, s, core.Revocation{ID: record.ID, At: earliest})
	revoke(t, s, core.Revocation{ID: record.ID, At: latest}) // too late
	record.RevokedAt = earliest
	if got := get(t, s, record.ID); !same(got, record) {
		t.Errorf("revoked %v, got %v", record, got)
	}
}

func TestDataIsCopied(t *testing.T) {
	s := memorystore.New()
	record := newRecord("ann", epoch, after(10))
	record.Device, record.Data = "phone", []byte("data")
	create(t, s, record, 0)
	record.Data[0] = 'X'
	got := get(t, s, record.ID)
	if string(got.Data) != "data" {
		t.Fatalf("the store has kept the caller's slice: Data is %q", got.Data)
	}
	got.Data[0] = 'X'
	got.Data = append(got.Data, "more"...)
	list(t, s, "ann", epoch)[0].Data[0] = 'X'
	exchanged, err := s.Exchange(t.Context(), core.Exchange{ID: record.ID, From: record.AccessRef, At: epoch, ExpiresAt: after(10)})
	must(t, err)
	exchanged.Data[0] = 'X'
	if got := get(t, s, record.ID); string(got.Data) != "data" || got.Device != "phone" {
		t.Errorf("the store has handed out its own memory: Data is %q, Device %q", got.Data, got.Device)
	}
}

// Records issued together are ordered by the bytes of their ids, in which digits
// come before letters, though the alphabet of base32 ends with them.
func TestOrderOfRecordsIssuedTogether(t *testing.T) {
	s := memorystore.New()
	var ids []string // the oldest first
	for _, c := range []string{"2", "7", "a", "z"} {
		ids = append(ids, core.UserShard("ann")+strings.Repeat(c, 32))
	}
	for _, i := range []int{2, 0, 3, 1} {
		record := newRecord("ann", epoch, after(10))
		record.ID = ids[i]
		create(t, s, record, 0)
	}
	expectList(t, s, "ann", epoch, ids[3], ids[2], ids[1], ids[0])

	newest := newRecord("ann", after(1), after(10))
	create(t, s, newest, 3)
	expectList(t, s, "ann", after(1), newest.ID, ids[3], ids[2])
}
