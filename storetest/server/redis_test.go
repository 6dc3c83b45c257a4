package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/storetest/server"
)

// cluster is a client of a Redis Cluster that follows redirections.
type cluster struct {
	*testing.T
	*server.RedisClusterServers
}

func (c cluster) do(args ...string) string {
	c.T.Helper()
	addr, asking := c.Addrs()[1], false
	for range 10 {
		answer, err := c.once(addr, asking, args)
		if err == nil {
			return fmt.Sprint(answer)
		}
		where := strings.Fields(err.Error()) // SET key value: MOVED slot addr
		i := slices.IndexFunc(where, func(word string) bool { return word == "MOVED" || word == "ASK" })
		if i < 0 {
			c.Fatal(err)
		}
		addr, asking = where[i+2], where[i] == "ASK"
	}
	c.Fatal("too many redirections")
	return ""
}

func (c cluster) once(addr string, asking bool, args []string) (any, error) {
	conn, err := server.DialRESP(addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if asking {
		if _, err := conn.Do("ASKING"); err != nil {
			return nil, err
		}
	}
	return conn.Do(args...)
}

func TestRedisCluster(t *testing.T) {
	c := cluster{t, server.RedisCluster(t)}
	if got := c.Masters(); !slices.Equal(got, []int{0, 1, 2}) {
		t.Fatalf("the masters are %v", got)
	}

	// "foo" is in slot 12182 and "bar" in 5061: masters 2 and 0.
	keep := func(value string) {
		t.Helper()
		c.do("SET", "foo", value)
		c.do("SET", "bar", value)
	}
	kept := func(value string) {
		t.Helper()
		if foo, bar := c.do("GET", "foo"), c.do("GET", "bar"); foo != value || bar != value {
			t.Fatalf("the cluster holds %q and %q, want %q", foo, bar, value)
		}
	}
	keep("at first")
	c.MoveSlots(12100, 12200, 1)
	c.MoveSlots(5061, 5061, 1)
	kept("at first")
	for _, key := range []string{"foo", "bar"} {
		if got := redis(t, c.Addrs()[1], "GET", key); got != "at first" {
			t.Errorf("node 1 holds %v as %s", got, key)
		}
	}

	// Node 0 has lost its slot for good, and others with its life.
	promoted := c.FailOver(0)
	if promoted != 3 {
		t.Errorf("node %d replaced node 0, want its replica 3", promoted)
	}
	if got := c.Masters(); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("the masters are %v", got)
	}
	keep("without node 0")
	c.MoveSlots(5061, 5061, promoted)
	kept("without node 0")
	c.Start(0)
	if got := c.Masters(); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("with node 0 back the masters are %v", got)
	}
	kept("without node 0")
}

func TestSlotsMoveWhileTheyAreUsed(t *testing.T) {
	c := cluster{t, server.RedisCluster(t)}
	moved := make(chan struct{})
	go func() {
		defer close(moved)
		for i := range 6 {
			c.MoveSlots(12170, 12190, i%3)
		}
	}()
	counted := 0
	for moving := true; moving; counted++ {
		select {
		case <-moved:
			moving = false
		default:
		}
		c.do("INCR", "foo")
	}
	if got := c.do("GET", "foo"); got != fmt.Sprint(counted) {
		t.Errorf("%d were counted, and the cluster has %s", counted, got)
	}
}

func TestRedisSentinel(t *testing.T) {
	s := server.RedisSentinel(t)
	first := s.Master()
	redis(t, s.Nodes()[first].Addr(), "SET", "foo", "bar")
	for redis(t, s.Nodes()[1-first].Addr(), "GET", "foo") != "bar" {
		time.Sleep(time.Millisecond) // the replica has it soon
	}
	second := s.FailOver()
	if first == second || s.Master() != second {
		t.Fatalf("the master was %d, %d was promoted, and now it is %d", first, second, s.Master())
	}
	if got := redis(t, s.Nodes()[second].Addr(), "GET", "foo"); got != "bar" {
		t.Errorf("the new master has %v", got)
	}
	redis(t, s.Nodes()[second].Addr(), "SET", "foo", "baz")
	s.Start(first)
	if got := redis(t, s.Nodes()[first].Addr(), "GET", "foo"); got != "baz" || s.Master() != second {
		t.Errorf("the old master is back with %v, and the master is %d", got, s.Master())
	}
}
