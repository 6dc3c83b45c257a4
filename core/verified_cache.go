package core

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"
)

// cacheShards is how many locks share the cache, as long as it has room enough.
const cacheShards = 16

// maxVerifiedCache is far beyond what is worth its memory.
const maxVerifiedCache = 1 << 24

// verifiedCache remembers the claims of verified access tokens. Only tokens that
// verified get in, so nobody can fill it who can't sign. A nil cache is empty
// and stays so.
type verifiedCache struct {
	seed   maphash.Seed
	shards []cacheShard
}

type cacheShard struct {
	mu     sync.Mutex
	claims map[string]Claims
	// queue is a ring of the tokens in the order they came, which is about the
	// order in which they expire.
	queue       []string
	first, used int
}

func newVerifiedCache(size int) *verifiedCache {
	if size <= 0 {
		return nil
	}
	c := &verifiedCache{seed: maphash.MakeSeed(), shards: make([]cacheShard, min(cacheShards, size))}
	for i := range c.shards {
		// The sizes add up to size exactly.
		room := (size + i) / len(c.shards)
		c.shards[i].claims = make(map[string]Claims)
		c.shards[i].queue = make([]string, room)
	}
	return c
}

func (c *verifiedCache) shard(text string) *cacheShard {
	return &c.shards[maphash.String(c.seed, text)%uint64(len(c.shards))]
}

func (c *verifiedCache) get(text string) (Claims, bool) {
	if c == nil {
		return Claims{}, false
	}
	s := c.shard(text)
	s.mu.Lock()
	claims, ok := s.claims[text]
	s.mu.Unlock()
	return claims, ok
}

// add remembers a token, and forgets those that have expired or, where there is
// no room, the one that came first.
func (c *verifiedCache) add(text string, claims Claims, now time.Time) {
	if c == nil {
		return
	}
	s := c.shard(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.claims[text]; ok {
		return
	}
	for s.used > 0 && (s.used == len(s.queue) || !now.Before(s.claims[s.queue[s.first]].ExpiresAt)) {
		delete(s.claims, s.queue[s.first])
		s.queue[s.first] = ""
		s.first = (s.first + 1) % len(s.queue)
		s.used--
	}
	text = strings.Clone(text) // what it was cut from may be a whole header
	s.queue[(s.first+s.used)%len(s.queue)] = text
	s.used++
	s.claims[text] = claims
}
