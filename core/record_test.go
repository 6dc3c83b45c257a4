package core_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// record returns one as a login makes it.
func record(userID string) core.Record {
	return core.Record{
		ID: core.NewRecordID(userID), UserID: userID, AccessRef: core.Ref{1},
		IssuedAt: start, ExchangedAt: start, ExpiresAt: start.Add(time.Hour),
	}
}

func TestARecordIsValidatedFieldByField(t *testing.T) {
	last := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	for _, test := range []struct {
		name   string
		change func(r *core.Record)
		field  string // empty: the record is valid
	}{
		{"as a login makes it", func(*core.Record) {}, ""},
		{"with the most of everything", func(r *core.Record) {
			r.UserID = strings.Repeat("u", core.MaxUserIDBytes)
			r.ID = core.NewRecordID(r.UserID)
			r.Device, r.Data = strings.Repeat("d", core.MaxDeviceBytes), make([]byte, core.MaxDataBytes)
			r.Generation = 1<<53 - 1
			r.IssuedAt, r.ExchangedAt, r.ExpiresAt, r.RevokedAt = time.Unix(0, 0).UTC(), last, last, last
		}, ""},
		{"a user with NUL", func(r *core.Record) { r.UserID = "a\x00"; r.ID = core.NewRecordID(r.UserID) }, ""},
		{"no user", func(r *core.Record) { r.UserID = "" }, "UserID"},
		{"a user that is too long", func(r *core.Record) { r.UserID = strings.Repeat("u", 256) }, "UserID"},
		{"a user that is not UTF-8", func(r *core.Record) { r.UserID = "\xff" }, "UserID"},
		{"no ID", func(r *core.Record) { r.ID = "" }, "ID"},
		{"the ID of another user", func(r *core.Record) { r.ID = core.NewRecordID("bob") }, "ID"},
		{"a negative generation", func(r *core.Record) { r.Generation = -1 }, "Generation"},
		{"a generation beyond 2^53-1", func(r *core.Record) { r.Generation = 1 << 53 }, "Generation"},
		{"a device that is too long", func(r *core.Record) { r.Device = strings.Repeat("d", 513) }, "Device"},
		{"a device that is not UTF-8", func(r *core.Record) { r.Device = "\xff" }, "Device"},
		{"a device with NUL", func(r *core.Record) { r.Device = "a\x00b" }, "Device"},
		{"data that is too long", func(r *core.Record) { r.Data = make([]byte, 4097) }, "Data"},
		{"no issue", func(r *core.Record) { r.IssuedAt = time.Time{} }, "IssuedAt"},
		{"an issue with microseconds", func(r *core.Record) { r.IssuedAt = start.Add(time.Microsecond) }, "IssuedAt"},
		{"an exchange in another zone", func(r *core.Record) { r.ExchangedAt = start.In(time.FixedZone("x", 60)) }, "ExchangedAt"},
		{"an expiry after 9999", func(r *core.Record) { r.ExpiresAt = last.Add(time.Millisecond) }, "ExpiresAt"},
		{"a revocation before 1970", func(r *core.Record) { r.RevokedAt = time.Unix(0, -1e6).UTC() }, "RevokedAt"},
	} {
		r := record("ada")
		test.change(&r)
		switch err := r.Validate(); {
		case test.field == "" && err != nil:
			t.Errorf("a record %s: %v", test.name, err)
		case test.field != "" && (err == nil || !strings.HasPrefix(err.Error(), test.field)):
			t.Errorf("a record with %s: %v, want an error about %s", test.name, err, test.field)
		}
	}
}

func TestAnExchangeIsPossibleFromThePresentMappingOrARolledBackOne(t *testing.T) {
	from, to, other := core.Ref{1}, core.Ref{2}, core.Ref{3}
	at, expires := start.Add(time.Minute), start.Add(2*time.Hour)
	stands := record("ada")
	stands.Generation, stands.AccessRef, stands.PreviousRef = 5, from, other
	for _, test := range []struct {
		name       string
		change     func(r *core.Record)
		generation int64
		from       core.Ref
		want       bool
	}{
		{"the present mapping", nil, 5, from, true},
		{"another reference", nil, 5, other, false},
		{"a generation before", nil, 4, from, false},
		{"a generation before and the reference of before", nil, 4, other, false},
		{"a generation ahead", nil, 6, other, true},
		{"far ahead", nil, 1000, other, true},
		{"a revoked record", func(r *core.Record) { r.RevokedAt = start }, 5, from, false},
		{"a revoked record from ahead", func(r *core.Record) { r.RevokedAt = start }, 6, from, false},
		{"the last moment of the record", func(r *core.Record) { r.ExpiresAt = at.Add(time.Millisecond) }, 5, from, true},
		{"an expired record", func(r *core.Record) { r.ExpiresAt = at }, 5, from, false},
	} {
		r := stands
		if test.change != nil {
			test.change(&r)
		}
		got, ok := r.Exchanged(core.Exchange{ID: r.ID, Generation: test.generation, From: test.from, To: to, At: at, ExpiresAt: expires})
		want := r
		if test.want {
			want.Generation, want.AccessRef, want.PreviousRef = test.generation+1, to, test.from
			want.ExchangedAt, want.ExpiresAt = at, expires
		}
		if ok != test.want || !same(got, want) {
			t.Errorf("%s: %+v, %v, want %+v, %v", test.name, got, ok, want, test.want)
		}
	}
}

// same compares records without data.
func same(a, b core.Record) bool {
	return a.ID == b.ID && a.Generation == b.Generation && a.AccessRef == b.AccessRef && a.PreviousRef == b.PreviousRef &&
		a.ExchangedAt.Equal(b.ExchangedAt) && a.ExpiresAt.Equal(b.ExpiresAt) && a.RevokedAt.Equal(b.RevokedAt)
}

func TestARevocationSelectsByAllItsConditions(t *testing.T) {
	r := record("ada")
	for _, test := range []struct {
		name string
		v    core.Revocation
		want bool
	}{
		{"its ID", core.Revocation{ID: r.ID}, true},
		{"another ID", core.Revocation{ID: core.NewRecordID("ada")}, false},
		{"its user", core.Revocation{UserID: "ada"}, true},
		{"another user", core.Revocation{UserID: "Ada"}, false},
		{"its ID and another user", core.Revocation{ID: r.ID, UserID: "bob"}, false},
		{"all but another", core.Revocation{UserID: "ada", Except: core.NewRecordID("ada")}, true},
		{"all but itself", core.Revocation{UserID: "ada", Except: r.ID}, false},
		{"neither an ID nor a user", core.Revocation{IssuedUntil: start.Add(time.Hour)}, false},
		{"issued until its issue", core.Revocation{UserID: "ada", IssuedUntil: start}, true},
		{"issued before its issue", core.Revocation{UserID: "ada", IssuedUntil: start.Add(-time.Millisecond)}, false},
	} {
		if got := test.v.Selects(r); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestRecordsHaveOneOrder(t *testing.T) {
	older, newer := record("ada"), record("ada")
	newer.IssuedAt = start.Add(time.Millisecond)
	same, twin := record("ada"), record("ada")
	twin.ID = older.ID[:39] + "7"
	older.ID, same.ID = older.ID[:39]+"2", older.ID[:39]+"a" // digits come first
	got := []core.Record{newer, same, twin, older}
	slices.SortFunc(got, core.CompareRecords)
	for i, want := range []string{older.ID, twin.ID, same.ID, newer.ID} {
		if got[i].ID != want {
			t.Errorf("record %d is %s, want %s", i, got[i].ID, want)
		}
	}
	if cmp := cmp.Compare(core.CompareRecords(older, newer), 0); cmp != -1 || core.CompareRecords(older, older) != 0 {
		t.Errorf("an older record compares as %d to a newer one", cmp)
	}
}

func TestRecordIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := core.NewRecordID("ada")
		if len(id) != 40 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Fatalf("the id %q is not 40 characters of [a-z2-7]", id)
		}
		if core.IDShard(id) != core.UserShard("ada") {
			t.Fatalf("the id %q is not in ada's shard", id)
		}
		if seen[id] {
			t.Fatalf("the id %q came twice", id)
		}
		seen[id] = true
	}
	// Stores keep records by it: it never changes.
	if got, want := core.UserShard("ada"), "3uuzf6r4"; got != want {
		t.Errorf("UserShard(ada) = %q, want %q", got, want)
	}
	if core.UserShard("ada") == core.UserShard("Ada") {
		t.Error("case does not count")
	}
	if got := core.IDShard("abc"); got != "abc" {
		t.Errorf("IDShard(abc) = %q", got)
	}
}

func TestAnIDIsWhatNewRecordIDMakes(t *testing.T) {
	id := core.NewRecordID("ada")
	for text, want := range map[string]bool{
		id: true, strings.Repeat("a", 40): true, strings.Repeat("7", 40): true,
		"": false, id[:39]: false, id + "a": false, strings.ToUpper(id): false,
		id[:38] + "é": false,
	} {
		if got := core.ValidID(text); got != want {
			t.Errorf("ValidID(%q) = %v, want %v", text, got, want)
		}
	}
	for c := range 256 {
		text := id[:39] + string([]byte{byte(c)})
		want := strings.IndexByte("abcdefghijklmnopqrstuvwxyz234567", byte(c)) >= 0
		if got := core.ValidID(text); got != want {
			t.Errorf("ValidID(%q) = %v, want %v", text, got, want)
		}
	}
}
