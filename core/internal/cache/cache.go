// Package cache remembers values under texts until they expire.
package cache

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"
)

// locks is how many locks share a cache that has room enough.
const locks = 16

// Cache remembers a bounded number of values. It is safe for concurrent use. A nil
// Cache is empty and stays so.
type Cache[V any] struct {
	seed   maphash.Seed
	shards []shard[V]
}

type shard[V any] struct {
	mu      sync.Mutex
	entries map[string]entry[V]
	// queue is a ring of the texts in the order they came, which is about the
	// order in which they expire.
	queue       []string
	first, used int
}

type entry[V any] struct {
	value   V
	expires time.Time
}

// New returns a cache of that size, nil for none.
func New[V any](size int) *Cache[V] {
	if size <= 0 {
		return nil
	}
	c := &Cache[V]{seed: maphash.MakeSeed(), shards: make([]shard[V], min(locks, size))}
	for i := range c.shards {
		// The sizes add up to size exactly.
		room := (size + i) / len(c.shards)
		c.shards[i].entries = make(map[string]entry[V])
		c.shards[i].queue = make([]string, room)
	}
	return c
}

func (c *Cache[V]) shard(text string) *shard[V] {
	return &c.shards[maphash.String(c.seed, text)%uint64(len(c.shards))]
}

// Get returns the value of the text, expired or not, if the cache has it.
func (c *Cache[V]) Get(text string) (value V, ok bool) {
	if c == nil {
		return value, false
	}
	s := c.shard(text)
	s.mu.Lock()
	e, ok := s.entries[text]
	s.mu.Unlock()
	return e.value, ok
}

// Add remembers a value until it expires. It forgets values that have expired or,
// where there is no room, the one that came first. It copies the text.
func (c *Cache[V]) Add(text string, value V, expires, now time.Time) {
	if c == nil {
		return
	}
	s := c.shard(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.entries[text]; ok {
		return
	}
	for s.used > 0 && (s.used == len(s.queue) || !now.Before(s.entries[s.queue[s.first]].expires)) {
		delete(s.entries, s.queue[s.first])
		s.queue[s.first] = ""
		s.first = (s.first + 1) % len(s.queue)
		s.used--
	}
	text = strings.Clone(text) // what it was cut from may be a whole header
	s.queue[(s.first+s.used)%len(s.queue)] = text
	s.used++
	s.entries[text] = entry[V]{value, expires}
}
