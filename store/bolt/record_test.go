package boltstore_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
)

// fullRecord returns a record with something in every field.
func fullRecord() core.Record {
	t := newRecord("ann", epoch, after(10))
	t.Generation = 1<<53 - 1
	t.AccessRef, t.PreviousRef = core.Ref{1, 15: 2}, core.Ref{3, 15: 4}
	t.Device, t.Data = "Firefox on Linux", []byte(`{"role":"admin"}`)
	t.ExchangedAt, t.RevokedAt = after(1), after(2)
	return t
}

func TestStoredFormHoldsEveryField(t *testing.T) {
	bare := newRecord("a", time.Unix(0, 0).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC))
	longest := fullRecord()
	longest.UserID = strings.Repeat("é", 127) + "\x00"
	longest.ID = core.NewRecordID(longest.UserID)
	longest.Device, longest.Data = strings.Repeat("d", core.MaxDeviceBytes), bytes.Repeat([]byte{0xff}, core.MaxDataBytes)
	for _, want := range []core.Record{bare, fullRecord(), longest} {
		key, value, err := boltstore.Encode(want)
		must(t, err)
		got, err := boltstore.Decode(key, value)
		must(t, err)
		if !same(got, want) {
			t.Errorf("stored %v, read %v", want, got)
		}
	}
}

// No exchange makes a page of the file fuller than it was.
func TestExchangesKeepTheLengthOfTheStoredForm(t *testing.T) {
	record := newRecord("ann", epoch, after(10))
	_, before, err := boltstore.Encode(record)
	must(t, err)
	record.Generation, record.PreviousRef, record.ExchangedAt, record.RevokedAt = 1<<40, core.Ref{1}, after(5), after(6)
	_, after, err := boltstore.Encode(record)
	must(t, err)
	if len(before) != len(after) {
		t.Errorf("%d bytes before and %d after", len(before), len(after))
	}
}

func TestEveryDamagedBitIsNoticed(t *testing.T) {
	key, value, err := boltstore.Encode(fullRecord())
	must(t, err)
	for _, b := range [][]byte{key, value} {
		for i := range 8 * len(b) {
			b[i/8] ^= 1 << (i % 8)
			if got, err := boltstore.Decode(key, value); err == nil || isSentinel(err) {
				t.Errorf("with bit %d changed: %v, %v, want an error", i, got, err)
			}
			b[i/8] ^= 1 << (i % 8)
		}
	}
}

// A right checksum makes no record of what the package would never have written.
func TestImpossibleRecordsAreErrors(t *testing.T) {
	never := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xfe} // in the year 10889
	for name, c := range map[string]struct {
		offset int
		bytes  []byte
	}{
		"no user id":           {69, []byte{0}},
		"a longer user id":     {69, []byte{255}},
		"a longer device":      {70, []byte{0, 33}},
		"a far longer device":  {70, []byte{0xff, 0xff}},
		"a generation of 2^53": {5, []byte{0, 0x20, 0, 0, 0, 0, 0, 0}},
		"a negative one":       {5, []byte{0x80}},
		"issued never":         {45, never},
		"exchanged never":      {51, never},
		"expires never":        {57, never},
		"revoked in no year":   {63, never},
		"another format":       {0, []byte{0}},
		"another user":         {72, []byte("bob")},
		"no UTF-8 in a device": {75, []byte{0xff}},
		"NUL in a device":      {75, []byte{0}},
	} {
		key, value, err := boltstore.Encode(fullRecord())
		must(t, err)
		copy(value[c.offset:], c.bytes)
		boltstore.Seal(key, value)
		if got, err := boltstore.Decode(key, value); err == nil || isSentinel(err) {
			t.Errorf("%s: %v, %v, want an error", name, got, err)
		}
	}
}

// FuzzDecode reads stored forms whose checksum is right. What can be read at all is
// the stored form of what was read, to the byte.
func FuzzDecode(f *testing.F) {
	for _, seed := range []core.Record{newRecord("ann", epoch, after(10)), fullRecord()} {
		key, value, err := boltstore.Encode(seed)
		must(f, err)
		f.Add(key, value)
		f.Add(key, value[:72])
		f.Add(key, value[:len(value)-1])
		f.Add(key, append(value, make([]byte, core.MaxDataBytes)...))
	}
	f.Add(make([]byte, 25), []byte{})
	f.Add(make([]byte, 25), []byte{2})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if len(key) != 25 {
			return // no key of ours
		}
		_, _ = boltstore.Decode(key, value)
		if len(value) < 5 {
			return
		}
		value = bytes.Clone(value)
		boltstore.Seal(key, value)
		record, err := boltstore.Decode(key, value)
		if err != nil {
			if isSentinel(err) {
				t.Fatalf("Decode: %v, which is one of core's", err)
			}
			return
		}
		gotKey, got, err := boltstore.Encode(record)
		must(t, err)
		if !bytes.Equal(gotKey, key) || !bytes.Equal(got, value) {
			t.Fatalf("%x under %x was read as %v, which is stored as %x under %x", value, key, record, got, gotKey)
		}
	})
}
