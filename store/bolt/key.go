package boltstore

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

const (
	idLength   = 40
	keyBytes   = 25
	shardBytes = 5
)

// key is the 25 bytes of which an id is the text. The first five are the shard
// of its user, so in the order of keys the records of one user lie together.
type key [keyBytes]byte

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// parseID returns the key of an id, and false for a text that is none.
func parseID(id string) (k key, ok bool) {
	if len(id) != idLength {
		return k, false
	}
	n, err := idEncoding.Decode(k[:], []byte(id)) // it skips line breaks: then n is less
	return k, err == nil && n == keyBytes
}

func (k key) id() string { return idEncoding.EncodeToString(k[:]) }

// isOf reports whether core.NewRecordID can have made the id for that user.
func (k key) isOf(userID string) bool {
	return strings.HasPrefix(k.id(), core.UserShard(userID))
}

// shardOf returns the bytes with which all keys of the user begin.
func shardOf(userID string) []byte {
	shard, err := idEncoding.DecodeString(core.UserShard(userID))
	if err != nil || len(shard) != shardBytes {
		panic("boltstore: a user's shard is not what this package was written for")
	}
	return shard
}

// Moments are stored as milliseconds of Unix time in six bytes, most significant
// first, so that their bytes have their order. The end of the year 9999 fits.
const momentBytes = 6

// lastMoment is the last millisecond of the year 9999.
const lastMoment = 253402300799999

var errMoment = errors.New("a time lies before 1970 or after the year 9999")

func appendMoment(b []byte, ms int64) []byte {
	return append(b, byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms))
}

// readMoment reads the first six bytes of b.
func readMoment(b []byte) int64 {
	return int64(binary.BigEndian.Uint16(b))<<32 | int64(binary.BigEndian.Uint32(b[2:]))
}

func isMoment(ms int64) bool { return 0 <= ms && ms <= lastMoment }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// An expiry key is when a record expires and then its key.
const expiryKeyBytes = momentBytes + keyBytes

func expiryKey(expiresAt time.Time, k key) []byte {
	return append(appendMoment(make([]byte, 0, expiryKeyBytes), expiresAt.UnixMilli()), k[:]...)
}
