package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// redirections is how many redirections of a Cluster one command follows.
const redirections = 5

// sendAndWait sends a command and then, on the same connection, WAIT, which waits for
// the changes of its own connection alone. That is why redirections are followed
// here: go-redis would let the command go to one node and WAIT to another.
func (s *Store) sendAndWait(ctx context.Context, name, script, key string, args []any) (*redis.Cmd, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		cmd := command(ctx, name, script, key, args)
		return cmd, s.pipeline(ctx, s.client.(*redis.Client), cmd, false)
	}
	known, err := cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil, err
	}
	cmd := command(ctx, name, script, key, args)
	err = s.pipeline(ctx, known, cmd, false)
	addr := known.Options().Addr
	for range redirections {
		to, moved := redis.IsMovedError(err)
		asking := false
		if !moved {
			to, asking = redis.IsAskError(err)
		}
		if !moved && !asking {
			return cmd, err
		}
		addr = target(to, addr)
		cmd = command(ctx, name, script, key, args)
		err = s.pipelineTo(ctx, cluster, known, addr, cmd, asking)
	}
	return cmd, err
}

// pipeline sends the command and WAIT to that server.
func (s *Store) pipeline(ctx context.Context, node *redis.Client, cmd *redis.Cmd, asking bool) error {
	pipe := node.Pipeline()
	if asking {
		pipe.Do(ctx, "asking")
	}
	_ = pipe.Process(ctx, once{cmd})
	acknowledged := pipe.Do(ctx, "wait", s.wait, s.timeout.Milliseconds())
	_, _ = pipe.Exec(ctx) // its error is one of the commands'
	if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	n, err := acknowledged.Int()
	if err != nil {
		return fmt.Errorf("wait for replicas: %w", err)
	}
	if n < s.wait {
		return fmt.Errorf("%d replicas acknowledged within %v, not %d", n, s.timeout, s.wait)
	}
	return cmd.Err()
}

// pipelineTo sends the command and WAIT to the server with that address. It may be
// one that the Cluster does not list: a new master that has no slot yet, or one that
// announces another address than clients know it by. That is called as known is, on
// a connection for this once.
func (s *Store) pipelineTo(ctx context.Context, cluster *redis.ClusterClient, known *redis.Client, addr string, cmd *redis.Cmd, asking bool) error {
	node, err := listed(ctx, cluster, addr)
	if err != nil {
		return err
	}
	if node == nil {
		node = stranger(cluster, known, addr)
		defer node.Close()
	}
	return s.pipeline(ctx, node, cmd, asking)
}

// listed asks the Cluster for its present masters and returns the one with that
// address, nil for none.
func listed(ctx context.Context, cluster *redis.ClusterClient, addr string) (*redis.Client, error) {
	var mu sync.Mutex
	var found *redis.Client
	err := cluster.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		if node.Options().Addr == addr {
			found = node
		}
		return nil
	})
	return found, err
}

// stranger returns a client of the server with that address, with the options of a
// node that the Cluster lists.
func stranger(cluster *redis.ClusterClient, known *redis.Client, addr string) *redis.Client {
	o := *known.Options()
	o.Addr, o.NodeAddress = addr, ""
	o.PoolSize, o.MinIdleConns = 1, 0
	// Each client registers its own handlers there.
	o.PushNotificationProcessor = cluster.Options().PushNotificationProcessor
	// In options that were in use 0 means none, in new ones it means the default.
	o.MaxRetries = -1
	if o.ReadTimeout == 0 {
		o.ReadTimeout = -1
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = -1
	}
	return cluster.Options().NewClient(&o)
}

// target returns the address of a redirection by the server at from, as go-redis
// writes it: Redis puts no brackets around IPv6, and names no host where it is not
// to know its own, but only the port.
func target(to, from string) string {
	i := strings.LastIndexByte(to, ':')
	if i < 0 {
		return to
	}
	host := strings.Trim(to[:i], "[]")
	if host == "" {
		host, _, _ = net.SplitHostPort(from)
	}
	return net.JoinHostPort(host, to[i+1:])
}
