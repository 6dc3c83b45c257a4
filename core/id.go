package core

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
)

// The sizes of an id: a shard of 8 characters and 32 more, both in the alphabet
// of RFC 4648 §6 in lower case, so that every id is the text of exactly 25 bytes,
// whatever compares ids without case finds them different, and a shard is safe
// in a Redis hash tag, a file name or a command line.
const (
	shardBytes  = 5
	shardLength = 8
	idBytes     = shardBytes + 20
	idLength    = 40
)

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewRecordID makes the id of a new refresh-token record of that user: 40
// characters of [a-z2-7], the first 8 of them UserShard(userID), the others 160 bits
// from [crypto/rand]. It is safe for concurrent use.
func NewRecordID(userID string) string {
	var id [idBytes]byte
	shard := userShard(userID)
	copy(id[:], shard[:])
	rand.Read(id[shardBytes:]) // never fails: see crypto/rand.Read
	return idEncoding.EncodeToString(id[:])
}

// UserShard returns the shard of that user: 8 characters of [a-z2-7] derived from
// the user id, the same at all times. All ids of the user begin with it, so a
// partitioned store can keep a user's records together. Two users may share a
// shard. It can't be told from a shard whose it is, but whoever guesses a user
// id can check the guess: it is no secret and hides none.
func UserShard(userID string) string {
	shard := userShard(userID)
	return idEncoding.EncodeToString(shard[:])
}

// IDShard returns the shard in an id that NewRecordID made, which is the
// UserShard of the user it was made for. Of a text shorter than a shard it
// returns the whole.
func IDShard(id string) string {
	return id[:min(len(id), shardLength)]
}

// isID reports whether NewRecordID could have made the text.
func isID(text string) bool {
	if len(text) != idLength {
		return false
	}
	var id [idBytes]byte
	n, err := idEncoding.Decode(id[:], []byte(text))
	return err == nil && n == idBytes // fewer where it held line breaks
}

// isIDOf reports whether NewRecordID could have made the text for that user.
func isIDOf(userID, text string) bool { return isID(text) && IDShard(text) == UserShard(userID) }

func userShard(userID string) [shardBytes]byte {
	sum := sha256.Sum256([]byte("tokenauth user shard\x00" + userID))
	return [shardBytes]byte(sum[:shardBytes])
}
