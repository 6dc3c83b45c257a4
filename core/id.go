package core

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

// The sizes of an ID: a shard of 8 characters and 32 more, both in the alphabet
// of RFC 4648 §6 in lower case. So every ID is the text of exactly 25 bytes, IDs differ
// where case is ignored, and a shard is safe in a Redis hash tag, a file name
// or a command line.
const (
	shardBytes  = 5
	shardLength = 8
	idBytes     = shardBytes + 20
	idLength    = 40
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewRecordID makes the ID of a new record of that user: 40 characters of [a-z2-7].
// The first 8 are UserShard(userID), the others are 160 bits from [crypto/rand]. It is
// safe for concurrent use.
func NewRecordID(userID string) string {
	id := newID(userID)
	return idEncoding.EncodeToString(id[:])
}

func newID(userID string) (id [idBytes]byte) {
	shard := userShard(userID)
	copy(id[:], shard[:])
	rand.Read(id[shardBytes:]) // never fails: see crypto/rand.Read
	return id
}

// ValidID reports whether NewRecordID could have made the text for some user.
func ValidID(text string) bool {
	if len(text) != idLength {
		return false
	}
	for i := range len(text) {
		if c := text[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// validIDOf reports whether NewRecordID could have made the text for that user.
func validIDOf(userID, text string) bool {
	return ValidID(text) && IDShard(text) == UserShard(userID)
}

// UserShard returns the shard of that user: 8 characters of [a-z2-7] derived from
// the user ID, the same at all times. All IDs of the user begin with it, so a
// partitioned store can keep a user's records together. Two users may share a
// shard. A shard does not reveal its user, but a guessed user ID can be checked against
// it. Do not treat shards as secret.
func UserShard(userID string) string {
	shard := userShard(userID)
	return idEncoding.EncodeToString(shard[:])
}

// IDShard returns the shard in an ID that NewRecordID made, which is the
// UserShard of the user it was made for. If the text is shorter than a shard, it
// returns the text.
func IDShard(id string) string {
	return id[:min(len(id), shardLength)]
}

func userShard(userID string) [shardBytes]byte {
	sum := sha256.Sum256([]byte("tokenauth user shard\x00" + userID))
	return [shardBytes]byte(sum[:shardBytes])
}

// recordID returns the ID of the token's record.
func recordID(t sealed.Token) string { return idEncoding.EncodeToString(t.ID[:]) }
