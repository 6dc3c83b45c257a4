package storetest

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// sameRecord reports whether two records are the same: times as moments, Data as
// bytes, so that nil and empty are one.
func sameRecord(a, b core.Record) bool {
	return a.ID == b.ID && a.UserID == b.UserID && a.Generation == b.Generation &&
		a.AccessRef == b.AccessRef && a.PreviousRef == b.PreviousRef &&
		a.Device == b.Device && bytes.Equal(a.Data, b.Data) &&
		a.IssuedAt.Equal(b.IssuedAt) && a.ExchangedAt.Equal(b.ExchangedAt) &&
		a.ExpiresAt.Equal(b.ExpiresAt) && a.RevokedAt.Equal(b.RevokedAt)
}

func sameRecords(a, b []core.Record) bool {
	return slices.EqualFunc(a, b, sameRecord)
}

// sameResult reports whether a call of that method may have returned got where
// the contract says want. An error other than the sentinels matches none.
func sameResult(m method, want, got result) bool {
	if want.err != nil {
		return isJust(got.err, want.err) && (m != exchange ||
			!errors.Is(want.err, core.ErrConflict) || sameRecord(want.record, got.record))
	}
	return got.err == nil && want.n == got.n &&
		sameRecord(want.record, got.record) && sameRecords(want.records, got.records)
}

// sentinels are the errors by which a store tells what it found.
var sentinels = [...]error{core.ErrNotFound, core.ErrExists, core.ErrConflict}

func isSentinel(err error) bool {
	return slices.ContainsFunc(sentinels[:], func(s error) bool { return errors.Is(err, s) })
}

// isJust reports whether the error is that sentinel and no other.
func isJust(err, sentinel error) bool {
	for _, s := range sentinels {
		if errors.Is(err, s) != errors.Is(s, sentinel) {
			return false
		}
	}
	return true
}

// difference returns what got has instead of what want has, field by field.
func difference(want, got core.Record) (expected, seen string) {
	var e, s []string
	g := fields(got)
	for i, w := range fields(want) {
		if w.text != g[i].text {
			e = append(e, w.name+": "+w.text)
			s = append(s, g[i].name+": "+g[i].text)
		}
	}
	return strings.Join(e, ", "), strings.Join(s, ", ")
}
