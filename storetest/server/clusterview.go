package server

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// clusterView is what a node of a Redis Cluster knows of all of them.
type clusterView []clusterNode

type clusterNode struct {
	id, addr string
	flags    []string
	slots    [][2]int // first and last
}

func (n clusterNode) replica() bool { return slices.Contains(n.flags, "slave") }

// serves reports whether the node is a master that has slots.
func (n clusterNode) serves() bool { return slices.Contains(n.flags, "master") && len(n.slots) > 0 }

func (n clusterNode) failing() bool {
	return slices.Contains(n.flags, "fail") || slices.Contains(n.flags, "fail?")
}

func viewOf(addr string) (clusterView, error) {
	text, err := respText(addr, "CLUSTER", "NODES")
	if err != nil {
		return nil, err
	}
	view, err := parseView(text)
	if err == nil && view.self().id == "" {
		err = fmt.Errorf("%s does not know itself", addr)
	}
	return view, err
}

// parseView reads the answer of CLUSTER NODES: a node a line, of
//
//	id ip:port@cport[,hostname] flags master ping pong epoch link-state slot…
//
// where a slot that is being moved is in brackets.
func parseView(text string) (clusterView, error) {
	var view clusterView
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			return nil, fmt.Errorf("unknown answer of CLUSTER NODES: %q", line)
		}
		addr, _, _ := strings.Cut(fields[1], "@")
		node := clusterNode{id: fields[0], addr: addr, flags: strings.Split(fields[2], ",")}
		for _, slots := range fields[8:] {
			if strings.HasPrefix(slots, "[") {
				continue
			}
			first, last, isRange := strings.Cut(slots, "-")
			if !isRange {
				last = first
			}
			low, err := strconv.Atoi(first)
			if err != nil {
				return nil, err
			}
			high, err := strconv.Atoi(last)
			if err != nil {
				return nil, err
			}
			node.slots = append(node.slots, [2]int{low, high})
		}
		view = append(view, node)
	}
	return view, nil
}

// self returns the node that was asked, or none.
func (v clusterView) self() clusterNode {
	for _, node := range v {
		if slices.Contains(node.flags, "myself") {
			return node
		}
	}
	return clusterNode{}
}

// owner returns the node that serves the slot.
func (v clusterView) owner(slot int) (clusterNode, error) {
	for _, node := range v {
		for _, slots := range node.slots {
			if node.serves() && slots[0] <= slot && slot <= slots[1] {
				return node, nil
			}
		}
	}
	return clusterNode{}, fmt.Errorf("nobody serves slot %d", slot)
}
