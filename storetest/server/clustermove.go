package server

import (
	"fmt"
	"net"
	"strconv"
)

// MoveSlots moves the slots from first to last, wherever they are, to the master i, with
// the keys in them, while clients go on using them: the steps of the Redis Cluster
// specification's live resharding, one slot after the other. A master that is left without
// slots becomes a replica.
func (c *RedisClusterServers) MoveSlots(first, last, i int) {
	c.t.Helper()
	m := &slotMove{conns: map[string]*respConn{}}
	defer m.close()
	for slot := first; slot <= last; slot++ {
		// The nodes may not agree yet on who has it since the last move.
		if !wait(c.t, fmt.Sprintf("slot %d to move to node %d", slot, i), func() error {
			return m.move(slot, c.nodes[i].Addr())
		}) {
			return
		}
	}
}

// slotMove holds a connection to each node that takes part, as long as all goes well there.
type slotMove struct{ conns map[string]*respConn }

func (m *slotMove) close() {
	for _, conn := range m.conns {
		_ = conn.Close()
	}
}

func (m *slotMove) do(addr string, args ...string) (any, error) {
	conn, ok := m.conns[addr]
	if !ok {
		var err error
		if conn, err = dialRESP(addr); err != nil {
			return nil, err
		}
		m.conns[addr] = conn
	}
	answer, err := conn.do(args...)
	if err != nil {
		// The answer may still come, and would be read as the next command's.
		_ = conn.Close()
		delete(m.conns, addr)
	}
	return answer, err
}

func (m *slotMove) move(slot int, to string) error {
	view, err := viewOf(to)
	if err != nil {
		return err
	}
	target := view.self()
	source, err := view.owner(slot)
	if err != nil {
		return err
	}
	if source.id != target.id {
		if err := m.moveFrom(strconv.Itoa(slot), source, target, view); err != nil {
			return err
		}
	}
	return m.agreed(slot, target, view)
}

// agreed returns nil where all masters take the target for the slot's. One that does not,
// because it has just heard an earlier word of the source's, is told again.
func (m *slotMove) agreed(slot int, target clusterNode, view clusterView) error {
	for _, node := range view {
		if !node.serves() || node.failing() {
			continue
		}
		seen, err := viewOf(node.addr)
		if err != nil {
			return err
		}
		owner, err := seen.owner(slot)
		if err != nil {
			return err
		}
		if owner.id == target.id {
			continue
		}
		if _, err := m.do(node.addr, "CLUSTER", "SETSLOT", strconv.Itoa(slot), "NODE", target.id); err != nil {
			return err
		}
		return fmt.Errorf("%s took slot %d for that of %s", node.addr, slot, owner.addr)
	}
	return nil
}

func (m *slotMove) moveFrom(slot string, source, target clusterNode, view clusterView) error {
	if _, err := m.do(target.addr, "CLUSTER", "SETSLOT", slot, "IMPORTING", source.id); err != nil {
		return err
	}
	if _, err := m.do(source.addr, "CLUSTER", "SETSLOT", slot, "MIGRATING", target.id); err != nil {
		// It is not the source. As long as the target imports the slot nobody can tell
		// it whose it is.
		_, _ = m.do(target.addr, "CLUSTER", "SETSLOT", slot, "STABLE")
		return err
	}
	if err := m.moveKeys(slot, source, target); err != nil {
		return err
	}
	// The target first, so that the slot is never without a master; then the source, and the
	// other masters, which would hear of it by and by.
	told := clusterView{target, source}
	for _, node := range view {
		if node.serves() && node.id != target.id && node.id != source.id && !node.failing() {
			told = append(told, node)
		}
	}
	for _, node := range told {
		if _, err := m.do(node.addr, "CLUSTER", "SETSLOT", slot, "NODE", target.id); err != nil {
			return err
		}
	}
	return nil
}

// moveKeys moves the keys of a slot until there are none: what is new goes to the target.
func (m *slotMove) moveKeys(slot string, source, target clusterNode) error {
	host, port, err := net.SplitHostPort(target.addr)
	if err != nil {
		return err
	}
	for {
		answer, err := m.do(source.addr, "CLUSTER", "GETKEYSINSLOT", slot, "100")
		if err != nil {
			return err
		}
		keys, ok := answer.([]any)
		if !ok {
			return fmt.Errorf("CLUSTER GETKEYSINSLOT answered %T", answer)
		}
		if len(keys) == 0 {
			return nil
		}
		migrate := []string{"MIGRATE", host, port, "", "0", "5000", "KEYS"}
		for _, key := range keys {
			migrate = append(migrate, fmt.Sprint(key))
		}
		if _, err := m.do(source.addr, migrate...); err != nil {
			return err
		}
	}
}
