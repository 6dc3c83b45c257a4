package storetest

import (
	"cmp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenauth/tokenauth/core"
)

// drawn draws a record of few values, so that what is compared is often equal.
func drawn(rt *rapid.T) core.Record {
	moment := func(label string) time.Time {
		return base.Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, label)) * time.Millisecond)
	}
	pick := func(label string) byte { return byte(rapid.IntRange(1, 3).Draw(rt, label)) }
	r := core.Record{
		ID:          rapid.SampledFrom(drawnIDs).Draw(rt, "ID"),
		UserID:      rapid.SampledFrom([]string{"alice", "bob"}).Draw(rt, "UserID"),
		Generation:  int64(pick("Generation")),
		AccessRef:   core.Ref{pick("AccessRef")},
		PreviousRef: core.Ref{pick("PreviousRef")},
		Device:      "device",
		Data:        []byte("data"),
		IssuedAt:    moment("IssuedAt"),
		ExchangedAt: moment("ExchangedAt"),
		ExpiresAt:   moment("ExpiresAt"),
	}
	if rapid.Bool().Draw(rt, "revoked") {
		r.RevokedAt = moment("RevokedAt")
	}
	return r
}

var drawnIDs = []string{core.NewRecordID("alice"), core.NewRecordID("alice"), core.NewRecordID("bob")}

func TestCoreAndTheModelExchangeAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, other := drawn(rt), drawn(rt)
		x := core.Exchange{
			ID: r.ID, Generation: other.Generation, From: other.AccessRef, To: other.PreviousRef,
			At: other.IssuedAt, ExpiresAt: other.ExpiresAt,
		}
		want := state{r.ID: r}.apply(call{method: exchange, exchange: x})
		if got, ok := r.Exchanged(x); ok != (want.err == nil) || !sameRecord(want.record, got) {
			rt.Errorf("%v of %s:\ncore:  %s, %v\nmodel: %s", call{method: exchange, exchange: x}, formatRecord(r), formatRecord(got), ok, want.format(exchange))
		}
		if r.Live(x.At) != live(r, x.At) {
			rt.Errorf("%s is live at %s: core %v, model %v", formatRecord(r), formatTime(x.At), r.Live(x.At), live(r, x.At))
		}
	})
}

func TestCoreAndTheModelSelectAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, other := drawn(rt), drawn(rt)
		v := core.Revocation{UserID: other.UserID, At: other.ExchangedAt}
		if rapid.Bool().Draw(rt, "with an ID") {
			v.ID = other.ID
			v.UserID = rapid.SampledFrom([]string{"", other.UserID}).Draw(rt, "with a UserID")
		}
		if rapid.Bool().Draw(rt, "with Except") {
			v.Except = rapid.SampledFrom(drawnIDs).Draw(rt, "Except")
		}
		if rapid.Bool().Draw(rt, "with IssuedUntil") {
			v.IssuedUntil = other.IssuedAt
		}
		if v.Selects(r) != selects(v, r) {
			rt.Errorf("%s selects %s: core %v, model %v", formatRevocation(v), formatRecord(r), v.Selects(r), selects(v, r))
		}
	})
}

func TestCoreAndTheModelOrderAlike(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawn(rt), drawn(rt)
		if newer, older := core.CompareRecords(a, b), newestFirst(a, b); cmp.Compare(newer, 0) != -cmp.Compare(older, 0) {
			rt.Errorf("%s and %s: core %d, model %d", formatRecord(a), formatRecord(b), newer, older)
		}
	})
}
