package conformance_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedisWaitReplicas(t *testing.T) {
	primary := server.Redis(t)
	host, port, _ := net.SplitHostPort(primary.Addr())
	replica := server.Redis(t, "--replicaof", host+" "+port)
	connect := func() redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: primary.Addr()}) }
	s := openRedis(t, connect(), redisstore.Options{WaitReplicas: 1, WaitTimeout: 200 * time.Millisecond})
	ctx := t.Context()
	known := session("ann", epoch, day)
	for s.Create(ctx, known, 1) != nil { // until the replica has come
		known = session("ann", epoch, day)
	}

	t.Run("the replica has what is acknowledged", func(t *testing.T) {
		reader := redis.NewClient(&redis.Options{Addr: replica.Addr()})
		defer reader.Close()
		for range 50 {
			login := session("bob", epoch, day)
			noError(t, s.Create(ctx, login, 1))
			if !reader.HExists(ctx, "tokenauth:{"+core.UserShard("bob")+"}", login.ID[8:]).Val() {
				t.Fatal("a login was acknowledged that the replica does not have")
			}
		}
	})
	t.Run("scripts are sent again", func(t *testing.T) {
		client := connect()
		defer client.Close()
		noError(t, client.ScriptFlush(ctx).Err())
		noError(t, s.Create(ctx, session("bob", epoch, day), 1))
	})
	t.Run("without the replica changes fail", func(t *testing.T) {
		replica.Kill()
		for method, err := range everyMethod(t, s, known) {
			if method == "Get" || method == "ListUser" {
				noError(t, err)
				continue
			}
			mustFail(t, method, err)
		}
	})
	t.Run("a revocation that stands fails until the replica has it", func(t *testing.T) {
		if got, err := s.Get(ctx, known.ID); err != nil || got.RevokedAt.IsZero() {
			t.Fatalf("revoked at %v, %v; want the change to stand", got.RevokedAt, err)
		}
		other := openRedis(t, connect(), redisstore.Options{WaitReplicas: 1, WaitTimeout: 200 * time.Millisecond})
		mustFail(t, "Revoke", other.Revoke(ctx, known.ID, epoch))
		_, err := other.RevokeUser(ctx, "ann", epoch)
		mustFail(t, "RevokeUser", err)
	})
	t.Run("with the replica back changes succeed", func(t *testing.T) {
		replica.Start()
		for s.Revoke(ctx, known.ID, epoch) != nil { // until it has caught up
		}
		_, err := s.RevokeUser(ctx, "ann", epoch)
		noError(t, err)
	})
}

func TestRedisWaitReplicasConforms(t *testing.T) {
	primary := server.Redis(t)
	follow(t, primary)
	storetest.Run(t, redisBackend{
		connect: func(dial dialer) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: primary.Addr(), ContextTimeoutEnabled: true, Dialer: dial})
		},
		servers: []*server.RedisServer{primary},
		wait:    1,
	}.harness())
}

func TestRedisWaitReplicasLostAnswers(t *testing.T) {
	primary := server.Redis(t)
	follow(t, primary)
	loser := &answerLoser{}
	client := redis.NewClient(&redis.Options{Addr: primary.Addr(), Dialer: loser.dial})
	lostAnswers(t, openRedis(t, client, redisstore.Options{WaitReplicas: 1}), loser)
}

// follow starts a replica of the server and waits until it has its data.
func follow(t *testing.T, primary *server.RedisServer) {
	t.Helper()
	host, port, _ := net.SplitHostPort(primary.Addr())
	replica := server.Redis(t, "--replicaof", host+" "+port)
	client := redis.NewClient(&redis.Options{Addr: replica.Addr()})
	defer client.Close()
	eventually(t, "the replica to follow", func() bool {
		return strings.Contains(client.Info(t.Context(), "replication").Val(), "master_link_status:up")
	})
}
