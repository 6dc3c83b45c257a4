package memorystore

import (
	"bytes"

	"github.com/tokenauth/tokenauth/core"
)

const (
	idLength    = 40
	shardLength = 8
	idAlphabet  = "abcdefghijklmnopqrstuvwxyz234567"
)

// recordID is the text of an id.
type recordID [idLength]byte

// idShard is the text of a shard, with which all ids of a user begin.
type idShard [shardLength]byte

// idKey is 60 of an id's random bits. Ids that differ may have the same key, but
// hardly ever do.
type idKey [12]byte

// parseID returns false for a text whose length is not that of an id. Any other
// text that is no id is found in no store, because Create refuses it.
func parseID(text string) (id recordID, ok bool) {
	copy(id[:], text)
	return id, len(text) == len(id)
}

func (id *recordID) shard() idShard { return idShard(id[:shardLength]) }

func (id *recordID) key() idKey { return idKey(id[shardLength:]) }

// isOf reports whether core.NewRecordID can have made the id for that user.
func (id *recordID) isOf(userID string) bool {
	return id.shard() == shardOf(userID) && len(bytes.Trim(id[:], idAlphabet)) == 0
}

func shardOf(userID string) (shard idShard) {
	copy(shard[:], core.UserShard(userID))
	return shard
}
