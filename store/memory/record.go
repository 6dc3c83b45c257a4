package memorystore

import (
	"bytes"
	"cmp"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// record is a core.Record without pointers, in three cache lines. Moments
// are milliseconds of Unix time.
type record struct {
	id          recordID
	deviceLen   uint16
	dataLen     uint16
	userLen     uint8
	sameKey     uint32 // the next record whose id has the same key
	prev, next  uint32 // the neighbours among the records of one shard
	text        text   // user id, device and data
	generation  int64
	issuedAt    int64
	exchangedAt int64
	expiresAt   int64
	revokedAt   int64
	accessRef   core.Ref
	previousRef core.Ref
}

// notRevoked is the zero time.Time. No moment of a record is so early.
var notRevoked = millis(time.Time{})

func millis(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func (r *record) live(at int64) bool { return r.revokedAt == notRevoked && at < r.expiresAt }

// byAge orders records as the contract does, the oldest first.
func byAge(a, b *record) int {
	return cmp.Or(cmp.Compare(a.issuedAt, b.issuedAt), bytes.Compare(a.id[:], b.id[:]))
}
