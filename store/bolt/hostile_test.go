package boltstore_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
)

// hostileFile is a file with two records, the first of which others write to.
type hostileFile struct {
	file
	record, other   core.Record
	key, value      []byte // of the record
	otherKey, whole []byte // of the other
}

func openHostile(f *testing.F) *hostileFile {
	h := &hostileFile{
		file:   openAs(f, filepath.Join(f.TempDir(), "tokens.db"), &bbolt.Options{NoSync: true}),
		record: newRecord("ann", epoch, after(10)), other: newRecord("bob", epoch, epoch.Add(24*time.Hour)),
	}
	h.record.Device, h.record.Data = "Firefox on Linux", []byte(`{"role":"admin"}`)
	var err error
	h.key, h.value, err = boltstore.Encode(h.record)
	must(f, err)
	h.otherKey, h.whole, err = boltstore.Encode(h.other)
	must(f, err)
	return h
}

// write makes the file hold both records, with these bytes in the place of the first, and
// that key among the expiries.
func (h *hostileFile) write(t *testing.T, value, expiry []byte) {
	t.Helper()
	must(t, h.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"records", "expiry"} {
			must(t, tx.DeleteBucket(bucket(name)))
			_, err := tx.CreateBucket(bucket(name))
			must(t, err)
		}
		records, expiries := tx.Bucket(bucket("records")), tx.Bucket(bucket("expiry"))
		must(t, records.Put(h.key, value))
		must(t, records.Put(h.otherKey, h.whole))
		must(t, expiries.Put(append([]byte("\x01\xb8\xda\xc5\xb4\x0a"), h.key...), nil))
		must(t, expiries.Put(append([]byte("\x01\xb8\xdf\xec\x10\x00"), h.otherKey...), nil))
		return expiries.Put(expiry, nil)
	}))
}

// FuzzHostileFile puts any bytes into the file in the place of a record, as they are and
// with the checksum that they should have, and any key among the expiries: a call about
// them gives an error that is none of core's, unless they are a record. Nobody
// gets the record of another user as his own, and the other records stay as they are.
func FuzzHostileFile(f *testing.F) {
	h := openHostile(f)
	f.Fuzz(func(t *testing.T, value, expiry []byte, sealed bool) {
		if len(expiry) == 0 || len(expiry) > bbolt.MaxKeySize {
			expiry = []byte{0xff}
		}
		if value = bytes.Clone(value); sealed && len(value) >= 5 {
			boltstore.Seal(h.key, value)
		}
		h.write(t, value, expiry)
		says, broken := boltstore.Decode(h.key, value)

		got, err := h.Get(t.Context(), h.record.ID)
		if broken == nil && (err != nil || !same(got, says) || got.ID != h.record.ID) {
			t.Errorf("Get: %v, %v, want %v", got, err, says)
		}
		list, err := h.ListUser(t.Context(), "ann", epoch)
		for _, r := range list {
			if err != nil || r.UserID != "ann" || !same(r, says) {
				t.Errorf("ListUser: %v, %v, and stored is %v", list, err, says)
			}
		}
		for method, err := range everyCall(t, h, h.record) {
			switch {
			case err != nil && strings.Contains(err.Error(), "panic"):
				t.Errorf("%s: %v", method, err)
			case method == "DeleteExpired", // it looks at the expiries
				method == "ListUser", method == "Create", method == "Revoke user": // they may not take it for one of the user's
				if err != nil && isSentinel(err) {
					t.Errorf("%s: %v", method, err)
				}
			case broken != nil:
				expectFailure(t, method, err, nil)
			}
		}
		expect(t, h, h.other)
		if list, err := h.ListUser(t.Context(), "bob", epoch); err != nil || len(list) != 1 || !same(list[0], h.other) {
			t.Errorf("ListUser of another user: %v, %v", list, err)
		}
	})
}
