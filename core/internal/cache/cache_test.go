package cache_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/cache"
)

var now = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// has returns how many of the texts 0 to n-1 the cache has.
func has(c *cache.Cache[int], n int) int {
	found := 0
	for i := range n {
		if v, ok := c.Get(fmt.Sprint(i)); ok && v == i {
			found++
		}
	}
	return found
}

func TestACacheOfNothing(t *testing.T) {
	for _, size := range []int{0, -1} {
		c := cache.New[int](size)
		c.Add("0", 0, now.Add(time.Minute), now)
		if n := has(c, 1); n != 0 {
			t.Errorf("a cache of %d remembers", size)
		}
	}
}

func TestACacheRemembersNoMoreThanItsSize(t *testing.T) {
	for _, size := range []int{1, 2, 15, 16, 17, 100} {
		c := cache.New[int](size)
		for i := range 1000 {
			c.Add(fmt.Sprint(i), i, now.Add(time.Minute), now)
		}
		// Every shard has its share, and a thousand texts fill them all.
		if n := has(c, 1000); n != size {
			t.Errorf("a cache of %d remembers %d", size, n)
		}
		if _, ok := c.Get("999"); !ok {
			t.Errorf("a cache of %d has forgotten what came last", size)
		}
	}
}

func TestWhatHasExpiredMakesRoom(t *testing.T) {
	c := cache.New[int](1)
	c.Add("0", 0, now.Add(time.Minute), now)
	if n := has(c, 1); n != 1 {
		t.Fatal("it is not remembered")
	}
	c.Add("1", 1, now.Add(2*time.Minute), now.Add(time.Minute))
	if _, ok := c.Get("0"); ok {
		t.Error("what has expired is remembered")
	}
	if _, ok := c.Get("1"); !ok {
		t.Error("what came last is not remembered")
	}
}

func TestATextKeepsItsValue(t *testing.T) {
	c := cache.New[int](16)
	c.Add("0", 0, now.Add(time.Minute), now)
	c.Add("0", 7, now.Add(time.Hour), now)
	if v, _ := c.Get("0"); v != 0 {
		t.Errorf("the value is %d", v)
	}
	// Nor is it queued twice: the second would forget it too soon.
	for i := range 1000 {
		c.Add(fmt.Sprint(i), i, now.Add(time.Minute), now)
	}
	if n := has(c, 1000); n != 16 {
		t.Errorf("it remembers %d of 16", n)
	}
}
