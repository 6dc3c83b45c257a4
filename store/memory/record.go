package memorystore

import (
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
	sameKey     uint32 // the next record whose ID has the same key
	prev, next  uint32 // the neighbours in the shard's list of unrevoked or of revoked records
	text        text   // user ID, device and data
	generation  int64
	issuedAt    int64
	exchangedAt int64
	expiresAt   int64
	revokedAt   int64
	accessRef   core.Ref
	previousRef core.Ref
}

// notRevoked stands for the zero time.Time. No moment of a record is so early.
const notRevoked = -62135596800000

func millis(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time {
	if ms == notRevoked {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (r *record) revoked() bool { return r.revokedAt != notRevoked }

func (r *record) live(at int64) bool { return !r.revoked() && at < r.expiresAt }

const (
	idLength    = 40
	shardLength = 8
)

// recordID is the text of an ID.
type recordID [idLength]byte

// idShard is the text of a shard, with which all IDs of a user begin.
type idShard [shardLength]byte

// idKey is 40 of an ID's random bits, which is what a map looks up fastest. IDs that
// differ may have the same key, but hardly ever do.
type idKey [8]byte

// parseID returns false for a text whose length is not that of an ID. The store
// has no record of any other malformed ID, because Create refuses it.
func parseID(text string) (id recordID, ok bool) {
	copy(id[:], text)
	return id, len(text) == len(id)
}

func (id *recordID) shard() idShard { return idShard(id[:shardLength]) }

func (id *recordID) key() idKey { return idKey(id[shardLength:]) }

func shardOf(userID string) (shard idShard) {
	copy(shard[:], core.UserShard(userID))
	return shard
}
