package server

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

const (
	sentinelMaster = "tokenauth"
	// How many milliseconds a master may be silent before Sentinel takes it for dead:
	// on a machine with much to do so long that nothing fails over unasked, and
	// no longer than needed once a failover is.
	sentinelPatience, sentinelImpatience = "60000", "1000"
)

// RedisSentinelServers are a Redis master, its replica, by number, and the Sentinel that
// watches them. It is safe for concurrent use, but for FailOver, which runs one at a time.
type RedisSentinelServers struct {
	t        testing.TB
	nodes    []*RedisServer
	sentinel *server
}

// RedisSentinel starts the master 0, its replica 1 and one Sentinel, which makes the replica the
// master when the master has not answered for a minute, or for a second during FailOver. Each
// node keeps what it has
// acknowledged, as that of [Redis] does; replication is asynchronous, so that a failover may lose
// it.
func RedisSentinel(t testing.TB) *RedisSentinelServers {
	t.Helper()
	program := find(t, "redis-sentinel", "redis-sentinel")
	r := &RedisSentinelServers{t: t}
	master := Redis(t)
	replica := Redis(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(master.port))
	r.nodes = []*RedisServer{master, replica}
	// Sentinel asks the master for its replicas when it starts, and then not for 10 seconds.
	if !wait(t, "the replica to have the master's data", func() error { return follows(replica.Addr()) }) {
		t.FailNow()
	}
	r.sentinel = newServer(t, "redis-sentinel")
	config := filepath.Join(r.sentinel.dir, "sentinel.conf") // Sentinel keeps its state there
	if err := os.WriteFile(config, []byte(sentinelConfig(master.port)), 0o600); err != nil {
		t.Fatal(err)
	}
	r.sentinel.ready = redisReady
	r.sentinel.command = func(port int) ([]string, error) {
		return []string{program, config, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", r.sentinel.dir}, nil
	}
	r.sentinel.begin()
	if !wait(t, "Sentinel to know the replica", r.watched) {
		t.FailNow()
	}
	return r
}

func sentinelConfig(master int) string {
	return fmt.Sprintf(`sentinel monitor %[1]s 127.0.0.1 %[2]d 1
sentinel down-after-milliseconds %[1]s %[3]s
sentinel failover-timeout %[1]s 5000
`, sentinelMaster, master, sentinelPatience)
}

// SentinelAddrs returns the addresses of the Sentinels.
func (r *RedisSentinelServers) SentinelAddrs() []string { return []string{r.sentinel.Addr()} }

// MasterName returns the name by which Sentinel knows the master.
func (r *RedisSentinelServers) MasterName() string { return sentinelMaster }

// Nodes returns the two servers.
func (r *RedisSentinelServers) Nodes() []*RedisServer { return slices.Clone(r.nodes) }

// Master returns the number of the server that is the master for Sentinel.
func (r *RedisSentinelServers) Master() int {
	r.t.Helper()
	i, err := r.master()
	if err != nil {
		r.t.Error(err)
	}
	return i
}

// FailOver kills the master, waits until the other server is the master, which takes
// some seconds, and returns the number of that one. What it had not received yet is lost.
// [RedisSentinelServers.Start] brings the old one back.
func (r *RedisSentinelServers) FailOver() (promoted int) {
	r.t.Helper()
	dead, err := r.master()
	if err != nil {
		r.t.Error(err)
		return dead
	}
	promoted = 1 - dead
	r.nodes[dead].Kill()
	r.setPatience(sentinelImpatience)
	defer r.setPatience(sentinelPatience)
	wait(r.t, "the failover", func() error {
		i, err := r.master()
		if err != nil {
			return err
		}
		if i == dead {
			return fmt.Errorf("node %d is still the master for Sentinel", dead)
		}
		info, err := respText(r.nodes[promoted].Addr(), "INFO", "replication")
		if err != nil {
			return err
		}
		if role := field(info, "role"); role != "master" {
			return fmt.Errorf("node %d is a %s", promoted, role)
		}
		return nil
	})
	return promoted
}

func (r *RedisSentinelServers) setPatience(milliseconds string) {
	r.t.Helper()
	if _, err := resp(r.sentinel.Addr(), "SENTINEL", "SET", sentinelMaster, "down-after-milliseconds", milliseconds); err != nil {
		r.t.Error(err)
	}
}

// Start starts server i again and waits until Sentinel has made it a replica of the
// other, if it isn't the master, and it has that one's data. That takes some ten seconds.
func (r *RedisSentinelServers) Start(i int) {
	r.t.Helper()
	r.nodes[i].Start()
	wait(r.t, "the server to be a replica", func() error {
		if master, err := r.master(); err != nil || master == i {
			return err
		}
		if err := follows(r.nodes[i].Addr()); err != nil {
			return err
		}
		return r.watched()
	})
}

func (r *RedisSentinelServers) master() (int, error) {
	answer, err := resp(r.sentinel.Addr(), "SENTINEL", "GET-MASTER-ADDR-BY-NAME", sentinelMaster)
	if err != nil {
		return 0, err
	}
	addr, ok := answer.([]any)
	for i, node := range r.nodes {
		if ok && len(addr) == 2 && addr[1] == strconv.Itoa(node.port) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the master for Sentinel is %v", answer)
}

// watched returns nil where Sentinel knows a replica that could become the master.
func (r *RedisSentinelServers) watched() error {
	_, err := resp(r.sentinel.Addr(), "SENTINEL", "CKQUORUM", sentinelMaster)
	if err != nil {
		return err
	}
	answer, err := resp(r.sentinel.Addr(), "SENTINEL", "REPLICAS", sentinelMaster)
	if err != nil {
		return err
	}
	replicas, _ := answer.([]any)
	for _, replica := range replicas {
		fields, _ := replica.([]any)
		if i := slices.Index(fields, any("flags")); i >= 0 && i+1 < len(fields) && fields[i+1] == "slave" {
			return nil
		}
	}
	return fmt.Errorf("the replicas that are known are %v", replicas)
}

// follows returns nil where a server is a replica and has its master's data.
func follows(addr string) error {
	info, err := respText(addr, "INFO", "replication")
	if err != nil {
		return err
	}
	if field(info, "role") != "slave" || field(info, "master_link_status") != "up" {
		return fmt.Errorf("%s is not a replica with its master's data", addr)
	}
	return nil
}
