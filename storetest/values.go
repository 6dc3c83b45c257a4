package storetest

import (
	"crypto/rand"
	"math"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// base is when most checks take place: at present and to the second, so that a
// store that asks its own clock or drops the milliseconds is told by the rules
// about that and not by all of them.
var base = time.Now().UTC().Truncate(time.Hour)

// lifetime is how long a record lives that newRecord makes.
const lifetime = 7 * 24 * time.Hour

// after returns the moment so many hours after base.
func after(hours int) time.Time { return base.Add(time.Duration(hours) * time.Hour) }

// newRecord returns the record of a login at that moment.
func newRecord(userID string, issued time.Time) core.Record {
	return core.Record{
		ID:          core.NewRecordID(userID),
		UserID:      userID,
		AccessRef:   newRef(),
		Device:      "Firefox on Linux",
		Data:        []byte(`{"role":"admin"}`),
		IssuedAt:    issued,
		ExchangedAt: issued,
		ExpiresAt:   issued.Add(lifetime),
	}
}

// newRecords returns the records of n logins an hour apart, the oldest first.
func newRecords(userID string, first time.Time, n int) []core.Record {
	records := make([]core.Record, n)
	for i := range records {
		records[i] = newRecord(userID, first.Add(time.Duration(i)*time.Hour))
	}
	return records
}

// newRecordsAtOnce returns the records of seven logins of alice at one moment, the
// oldest first: in the order of their IDs, where digits come before letters.
func newRecordsAtOnce(issued time.Time) []core.Record {
	shard := len(core.UserShard("alice"))
	var records []core.Record
	for _, next := range "257abmz" {
		record := newRecord("alice", issued)
		record.ID = record.ID[:shard] + string(next) + record.ID[shard+1:]
		records = append(records, record)
	}
	return records
}

// largeInts returns the largest int, and ints of which a store that keeps 32 bits makes
// something small or negative. The largest comes first: a store that allocates so much
// panics, where a smaller one would take all memory.
func largeInts() []int {
	var ints []int
	for _, n := range []int64{math.MaxInt, 1 << 31, 1 << 32, 1<<32 + 1} {
		if int64(int(n)) == n { // on a platform of 64 bits
			ints = append(ints, int(n))
		}
	}
	return ints
}

// newRef returns a random reference with the bits of a UUIDv4.
func newRef() core.Ref {
	var r core.Ref
	rand.Read(r[:])
	r[6] = r[6]&0x0f | 0x40
	r[8] = r[8]&0x3f | 0x80
	return r
}

// next returns the exchange from where the record stands, its expiry unmoved
// unless it is over.
func next(t core.Record, at time.Time) core.Exchange {
	x := core.Exchange{ID: t.ID, Generation: t.Generation, From: t.AccessRef, To: newRef(), At: at, ExpiresAt: t.ExpiresAt}
	if !at.Before(x.ExpiresAt) {
		x.ExpiresAt = at.Add(time.Hour)
	}
	return x
}

// revokedAt returns the record as a revocation leaves it.
func revokedAt(t core.Record, at time.Time) core.Record {
	t.RevokedAt = at
	return t
}

// allRevokedAt returns the records as revocations at that moment leave them.
func allRevokedAt(ts []core.Record, at time.Time) []core.Record {
	revoked := make([]core.Record, len(ts))
	for i, t := range ts {
		revoked[i] = revokedAt(t, at)
	}
	return revoked
}

// reversed returns the records in the opposite order.
func reversed(ts ...core.Record) []core.Record {
	ts = slices.Clone(ts)
	slices.Reverse(ts)
	return ts
}

func copiedAll(ts []core.Record) []core.Record {
	copies := make([]core.Record, len(ts))
	for i, t := range ts {
		copies[i] = copied(t)
	}
	return copies
}
