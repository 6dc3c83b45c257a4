package redisstore

import (
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// The records of a shard are fields of one hash, whose key is Prefix{shard}. The
// name of a record is its ID without the shard. The fields are
//
//	name      a record that is not revoked
//	-name     a record that is revoked
//	=user     a list of that user's revoked records
//	+user     a list of that user's unrevoked records, not always there
//
// lua/revoked.lua says what the lists are for. One key has all that a call needs, so
// that a call works while a Cluster moves slots.

// shardKey returns the key of the hash of a shard.
func (s *Store) shardKey(shard string) string { return s.prefix + "{" + shard + "}" }

// keyShard returns the shard whose hash has that key. It reports false if the key is
// not one of this store.
func (s *Store) keyShard(key string) (shard string, ok bool) {
	shard, ok = strings.CutPrefix(key, s.prefix+"{")
	if !ok {
		return "", false
	}
	shard, ok = strings.CutSuffix(shard, "}")
	return shard, ok && core.ValidID(shard+strings.Repeat("a", nameBytes))
}

// nameBytes is the length of a record's name.
const nameBytes = 32

// place returns the key and the name of the record of that ID.
func (s *Store) place(id string) (key, name string) {
	shard := core.IDShard(id)
	return s.shardKey(shard), id[len(shard):]
}
