package server

import "fmt"

// FailOver kills the master i, waits until its replica serves its slots and the nodes that are
// left agree, which takes some seconds, and returns the number of that replica. What the
// replica had not received yet is lost. [RedisClusterServers.Start] brings node i back.
func (c *RedisClusterServers) FailOver(i int) (promoted int) {
	c.t.Helper()
	view, err := viewOf(c.nodes[i].Addr())
	if err != nil || !view.self().serves() {
		c.t.Errorf("redis-cluster: node %d is no master: %v", i, err)
		return i
	}
	dead := view.self()
	c.nodes[i].Kill()
	c.setPatience(clusterImpatience)
	defer c.setPatience(clusterPatience)
	promoted = i
	wait(c.t, fmt.Sprintf("the failover of node %d", i), func() error {
		for j, node := range c.nodes {
			if !node.up() {
				continue
			}
			owner, err := ownerIn(node.Addr(), dead.slots[0][0])
			if err != nil {
				return err
			}
			if owner.id == dead.id {
				return fmt.Errorf("node %d still takes node %d for the master", j, i)
			}
			if owner.addr == node.Addr() {
				promoted = j
			}
		}
		return nil
	})
	return promoted
}

// setPatience sets the timeout of the nodes that are up.
func (c *RedisClusterServers) setPatience(milliseconds string) {
	c.t.Helper()
	for _, node := range c.nodes {
		if !node.up() {
			continue
		}
		if _, err := resp(node.Addr(), "CONFIG", "SET", "cluster-node-timeout", milliseconds); err != nil {
			c.t.Error(err)
		}
	}
}

// ownerIn returns who serves the slot as the node at addr sees it, once it finds all slots served.
func ownerIn(addr string, slot int) (clusterNode, error) {
	info, err := respText(addr, "CLUSTER", "INFO")
	if err != nil {
		return clusterNode{}, err
	}
	if state := field(info, "cluster_state"); state != "ok" {
		return clusterNode{}, fmt.Errorf("the cluster's state at %s is %s", addr, state)
	}
	view, err := viewOf(addr)
	if err != nil {
		return clusterNode{}, err
	}
	return view.owner(slot)
}
