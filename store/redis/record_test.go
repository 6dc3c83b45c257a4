package redisstore

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// sample is a record in which every field differs.
func sample() core.Record {
	at := time.Date(2030, 1, 2, 3, 4, 5, 678e6, time.UTC)
	return core.Record{
		ID: core.NewRecordID("ann"), UserID: "ann", Generation: 0x1234567, AccessRef: core.Ref{0xa1, 15: 0xa2},
		PreviousRef: core.Ref{0xb1, 15: 0xb2}, Device: "Firefox", Data: []byte(`{"role":"admin"}`),
		IssuedAt: at, ExchangedAt: at.Add(time.Millisecond), ExpiresAt: at.Add(time.Hour), RevokedAt: at.Add(time.Minute),
	}
}

// The bytes that a release has written must stay readable for ever.
func TestRecordFormatIsFixed(t *testing.T) {
	want := strings.Join([]string{
		"01", "00000001234567", // version, generation
		"a10000000000000000000000000000a2", "b10000000000000000000000000000b2", // references
		"01b8e0949b2f", "01b8e0cb89ae", "01b8e095858e", "01b8e0949b2e", // exchanged, expires, revoked, issued at
		"03", "616e6e", "0007", "46697265666f78", "7b22726f6c65223a2261646d696e227d",
	}, "")
	if got := hex.EncodeToString(encodeRecord(sample())); got != want {
		t.Errorf("encoded as\n%s, want\n%s", got, want)
	}
	live := sample()
	live.RevokedAt = time.Time{}
	if got := hex.EncodeToString(encodeRecord(live)[52:58]); got != "ffffffffffff" {
		t.Errorf("not being revoked is encoded as %s", got)
	}
}

func TestRecordComesBack(t *testing.T) {
	first := time.Unix(0, 0).UTC()
	last := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	for name, change := range map[string]func(*core.Record){
		"as it is":        func(*core.Record) {},
		"not revoked":     func(r *core.Record) { r.RevokedAt = time.Time{} },
		"first moment":    func(r *core.Record) { r.IssuedAt, r.ExchangedAt, r.RevokedAt = first, first, first },
		"last moment":     func(r *core.Record) { r.ExpiresAt, r.RevokedAt = last, last },
		"last generation": func(r *core.Record) { r.Generation = 1<<53 - 1 },
		"no texts":        func(r *core.Record) { r.Device, r.Data = "", []byte{} },
		"longest texts": func(r *core.Record) {
			r.UserID = strings.Repeat("u", core.MaxUserIDBytes)
			r.ID = core.NewRecordID(r.UserID)
			r.Device, r.Data = strings.Repeat("d", core.MaxDeviceBytes), make([]byte, core.MaxDataBytes)
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := sample()
			change(&want)
			got, err := decodeRecord(want.ID, string(encodeRecord(want)))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestDamagedRecords(t *testing.T) {
	whole := string(encodeRecord(sample()))
	for name, damaged := range map[string]string{
		"cut short":         whole[:64],
		"no user id":        whole[:64] + "\x00" + whole[65:],
		"cut in the user":   whole[:66],
		"cut before device": whole[:69],
		"cut in the device": whole[:75],
		"large generation":  "\x01\x20" + whole[2:],
		"another user":      whole[:65] + "anm" + whole[68:],
		"a long device":     whole[:68] + "\x02\x01" + strings.Repeat("d", core.MaxDeviceBytes+1),
		"long data":         whole + strings.Repeat("d", core.MaxDataBytes),
		"in the year 10889": whole[:46] + "\xff\xff\xff\xff\xff\xfe" + whole[52:],
		"not UTF-8":         strings.Replace(whole, "Firefox", "Firefo\xff", 1),
		"NUL in the device": strings.Replace(whole, "Firefox", "Fire\x00ox", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := decodeRecord(sample().ID, damaged); !errors.Is(err, errDamaged) {
				t.Errorf("decoded as %+v, %v", got, err)
			}
		})
	}
}

func TestRecordsOfAnotherFormat(t *testing.T) {
	for name, other := range map[string]string{
		"empty":           "",
		"another version": "\x02" + string(encodeRecord(sample()))[1:],
		"a later version": "\x02",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := decodeRecord(sample().ID, other); !errors.Is(err, errFormat) {
				t.Errorf("decoded as %+v, %v", got, err)
			}
		})
	}
}

// FuzzDecodeRecord decodes any bytes. What is decoded is a record that a schema could have
// made, and is encoded as the same bytes.
func FuzzDecodeRecord(f *testing.F) {
	id := sample().ID
	f.Fuzz(func(t *testing.T, v []byte) {
		got, err := decodeRecord(id, string(v))
		if err != nil {
			if !errors.Is(err, errFormat) && !errors.Is(err, errDamaged) || !reflect.DeepEqual(got, core.Record{}) {
				t.Errorf("%x is decoded as %+v, %v", v, got, err)
			}
			return
		}
		if encoded := encodeRecord(got); string(encoded) != string(v) {
			t.Errorf("%x is decoded as %+v, which is encoded as %x", v, got, encoded)
		}
		if err := got.Validate(); err != nil || got.ID != id {
			t.Errorf("%x is decoded as %+v under the ID %s: %v", v, got, id, err)
		}
	})
}
