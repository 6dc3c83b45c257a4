package server

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

const (
	clusterMasters = 3
	clusterNodes   = 2 * clusterMasters
	clusterSlots   = 16384
	// How many milliseconds a node may be silent before it is taken for dead: on a
	// machine with much to do so long that nothing fails over unasked, and no
	// longer than needed once a failover is.
	clusterPatience, clusterImpatience = "60000", "3000"
)

// RedisClusterServers are the nodes of a Redis Cluster, by number. It is safe for concurrent
// use, but for MoveSlots and FailOver, which run one at a time.
type RedisClusterServers struct {
	t     testing.TB
	nodes []*RedisServer
}

// RedisCluster starts a Redis Cluster, which needs Redis 7: the masters 0, 1 and 2 with a third of the slots each,
// and their replicas 3, 4 and 5. Each node keeps what it has acknowledged, as that of [Redis] does;
// replication is asynchronous, so that a failover may lose it. A master that does not answer for
// a minute, or for 3 seconds during FailOver, is replaced by its replica.
func RedisCluster(t testing.TB) *RedisClusterServers {
	t.Helper()
	c := &RedisClusterServers{t: t}
	var buses [clusterNodes]int
	for i := range clusterNodes {
		begun := false
		c.nodes = append(c.nodes, startRedis(t, "redis-cluster", func(port int) ([]string, error) {
			var err error
			for !begun && err == nil && (buses[i] == 0 || buses[i] == port) {
				buses[i], err = freePort()
			}
			return []string{
				"--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(buses[i]),
				"--cluster-node-timeout", clusterPatience,
				"--cluster-replica-validity-factor", "0", // a replica takes over however old its data
				"--cluster-migration-barrier", "10", // and none is given to another master
			}, err
		}))
		begun = true
	}
	if err := c.join(buses[:]); err != nil {
		t.Fatal(err)
	}
	if !c.settle() {
		t.FailNow()
	}
	return c
}

// join makes a cluster of the nodes.
func (c *RedisClusterServers) join(buses []int) error {
	for i, node := range c.nodes {
		if _, err := resp(node.Addr(), "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
			return err
		}
		if _, err := resp(node.Addr(), "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.nodes[0].port), strconv.Itoa(buses[0])); i > 0 && err != nil {
			return err
		}
	}
	for i, master := range c.nodes[:clusterMasters] {
		first, last := i*clusterSlots/clusterMasters, (i+1)*clusterSlots/clusterMasters-1
		if _, err := resp(master.Addr(), "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last)); err != nil {
			return err
		}
		id, err := respText(master.Addr(), "CLUSTER", "MYID")
		if err != nil {
			return err
		}
		// It can't be its replica before it has heard of it.
		replica := c.nodes[clusterMasters+i]
		wait(c.t, "the nodes to meet", func() error {
			_, err := resp(replica.Addr(), "CLUSTER", "REPLICATE", id)
			return err
		})
	}
	return nil
}

// Addrs returns the addresses of all nodes.
func (c *RedisClusterServers) Addrs() []string {
	addrs := make([]string, len(c.nodes))
	for i, node := range c.nodes {
		addrs[i] = node.Addr()
	}
	return addrs
}

// Nodes returns the nodes.
func (c *RedisClusterServers) Nodes() []*RedisServer { return slices.Clone(c.nodes) }

// Kill kills node i, see [RedisServer]. The others notice after a minute.
func (c *RedisClusterServers) Kill(i int) { c.nodes[i].Kill() }

// Start starts node i again. When all nodes are up it waits until they agree and every
// replica has its master's data; a master that was replaced comes back as a replica.
func (c *RedisClusterServers) Start(i int) {
	c.t.Helper()
	c.nodes[i].Start()
	c.settle()
}

// Masters returns the numbers of the nodes that serve slots and are up.
func (c *RedisClusterServers) Masters() []int {
	c.t.Helper()
	var masters []int
	for i, node := range c.nodes {
		if !node.up() {
			continue
		}
		view, err := viewOf(node.Addr())
		if err != nil {
			c.t.Error(err)
			continue
		}
		if view.self().serves() {
			masters = append(masters, i)
		}
	}
	return masters
}

// settle waits, if all nodes are up, until they agree, and reports whether they do.
func (c *RedisClusterServers) settle() bool {
	c.t.Helper()
	for _, node := range c.nodes {
		if !node.up() {
			return true
		}
	}
	return wait(c.t, "the cluster to agree", func() error {
		for _, node := range c.nodes {
			if err := agrees(node.Addr()); err != nil {
				return err
			}
		}
		return nil
	})
}

// agrees returns nil where a node knows all the others, finds all slots served and, if it is a
// replica, has its master's data.
func agrees(addr string) error {
	info, err := respText(addr, "CLUSTER", "INFO")
	if err != nil {
		return err
	}
	replication, err := respText(addr, "INFO", "replication")
	if err != nil {
		return err
	}
	view, err := viewOf(addr)
	if err != nil {
		return err
	}
	replicas := 0
	for _, node := range view {
		if node.replica() {
			replicas++
		}
		if node.failing() {
			return fmt.Errorf("%s takes %s for dead", addr, node.addr)
		}
	}
	switch {
	case field(info, "cluster_state") != "ok" || field(info, "cluster_slots_ok") != strconv.Itoa(clusterSlots):
		return fmt.Errorf("%s does not find all slots served", addr)
	case len(view) != clusterNodes || replicas != clusterNodes-clusterMasters:
		return fmt.Errorf("%s knows %d nodes, %d of them replicas", addr, len(view), replicas)
	case field(replication, "role") == "slave" && field(replication, "master_link_status") != "up":
		return fmt.Errorf("%s has no data of its master", addr)
	}
	return nil
}
