package conformance_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedisSentinel(t *testing.T) {
	sentinel := server.RedisSentinel(t)
	connect := func(dial dialer) redis.UniversalClient {
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: sentinel.MasterName(), SentinelAddrs: sentinel.SentinelAddrs(), ContextTimeoutEnabled: true, Dialer: dial,
		})
	}
	t.Run("FailOver", func(t *testing.T) {
		client := connect(nil)
		s := openRedis(t, client, redisstore.Options{WaitReplicas: 1})
		survives(t, s, func() { sentinel.FailOver() }, func() {
			s, err := redisstore.New(client, redisstore.Options{}) // no replica is left
			noError(t, err)
			worksAgain(t, s)
		})
	})
	storetest.Run(t, redisBackend{connect: connect, servers: sentinel.Nodes()}.harness())
}
