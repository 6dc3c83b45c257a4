package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"
)

func (s *Store) sendAndWait(ctx context.Context, key string, cmd *redis.Cmd) error {
	return s.client.Process(ctx, once{cmd})
}
