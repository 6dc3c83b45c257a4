package redisstore

import (
	"context"
	"errors"
	"fmt"
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
	node, err := cluster.MasterForKey(ctx, key)
	asking := false
	for range redirections {
		if err != nil {
			return nil, err
		}
		cmd := command(ctx, name, script, key, args)
		err = s.pipeline(ctx, node, cmd, asking)
		_, moved := redis.IsMovedError(err)
		addr, ask := redis.IsAskError(err)
		switch asking = ask; {
		case ask:
			node, err = master(ctx, cluster, addr)
		case moved:
			_, err = master(ctx, cluster, "")
			if err == nil {
				node, err = cluster.MasterForKey(ctx, key)
			}
		default:
			return cmd, err
		}
	}
	return nil, errors.New("redirected too often")
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

// master asks the Cluster for its present masters and returns the one with that
// address, nil for none.
func master(ctx context.Context, cluster *redis.ClusterClient, addr string) (*redis.Client, error) {
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
	if err == nil && found == nil && addr != "" {
		err = fmt.Errorf("redirected to %s, which is no master of the cluster", addr)
	}
	return found, err
}
