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
	for create(ctx, s, known, 1) != nil { // until the replica has come
		known = session("ann", epoch, day)
	}

	t.Run("the replica has what is acknowledged", func(t *testing.T) {
		reader := redis.NewClient(&redis.Options{Addr: replica.Addr()})
		defer reader.Close()
		for range 50 {
			login := session("bob", epoch, day)
			noError(t, create(ctx, s, login, 1))
			if !reader.HExists(ctx, "tokenauth:{"+core.UserShard("bob")+"}", login.ID[8:]).Val() {
				t.Fatal("a login was acknowledged that the replica does not have")
			}
		}
	})
	t.Run("scripts are sent again", func(t *testing.T) {
		client := connect()
		defer client.Close()
		noError(t, client.ScriptFlush(ctx).Err())
		noError(t, create(ctx, s, session("bob", epoch, day), 1))
	})
	t.Run("without the replica changes fail", func(t *testing.T) {
		replica.Kill()
		for method, err := range everyMethod(t, s, known) {
			if method == "Get" || method == "ListUser" || method == "Records" {
				noError(t, err)
				continue
			}
			mustFail(t, method, err)
		}
	})
	t.Run("with the replica back changes succeed", func(t *testing.T) {
		replica.Start()
		for revoke(ctx, s, known.ID, epoch) != nil { // until it has caught up
		}
		_, err := revokeUser(ctx, s, "ann", epoch)
		noError(t, err)
	})
}

// A revocation that has failed because no replica acknowledged it may stand. To
// repeat it must not succeed before a replica has it.
func TestRedisWaitReplicasRevokedAlready(t *testing.T) {
	primary := server.Redis(t)
	proxy := server.NewProxy(t, primary.Addr())
	host, port, _ := net.SplitHostPort(proxy.Addr())
	server.Redis(t, "--replicaof", host+" "+port)
	open := func() *redisstore.Store {
		client := redis.NewClient(&redis.Options{Addr: primary.Addr()})
		return openRedis(t, client, redisstore.Options{WaitReplicas: 1, WaitTimeout: 200 * time.Millisecond})
	}
	s, ctx := open(), t.Context()
	known := session("ann", epoch, day)
	for create(ctx, s, known, 1) != nil { // until the replica has come
		known = session("ann", epoch, day)
	}

	proxy.Set(storetest.Stalled)
	mustFail(t, "Revoke", revoke(ctx, s, known.ID, epoch))
	if got, err := s.Get(ctx, known.ID); err != nil || got.RevokedAt.IsZero() {
		t.Fatalf("revoked at %v, %v; want the change to stand", got.RevokedAt, err)
	}
	// On connections that have written nothing, for which WAIT has nothing to wait for.
	mustFail(t, "Revoke of a revoked record", revoke(ctx, open(), known.ID, epoch))
	_, err := revokeUser(ctx, open(), "ann", epoch)
	mustFail(t, "Revoke of a user without unrevoked records", err)
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
	client := redis.NewClient(&redis.Options{Addr: primary.Addr(), Dialer: loser.dial, ReadTimeout: time.Minute})
	lostAnswers(t, openRedis(t, client, redisstore.Options{WaitReplicas: 1, WaitTimeout: 30 * time.Second}), loser)
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
