package redisstore

import (
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// place splits an id into the key of its shard and the field of its record there.
// It reports false for a text that is no id.
func (s *Store) place(id string) (key, field string, ok bool) {
	foreign := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '2' || c > '7') }
	if len(id) != 40 || strings.ContainsFunc(id, foreign) {
		return "", "", false
	}
	shard := core.IDShard(id)
	return s.key(shard), id[len(shard):], true
}

// key returns the key of the hash that holds the records of a shard.
func (s *Store) key(shard string) string { return s.prefix + "{" + shard + "}" }
