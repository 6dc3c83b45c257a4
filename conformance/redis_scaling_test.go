package conformance_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// scaledOut shows that changes reach a master that has just joined and has no slot
// yet, so that no list of the slots names it, but its first one is on its way there.
func scaledOut(t *testing.T, cluster *server.RedisClusterServers, client redis.UniversalClient, wait int) {
	ctx, known, fresh := t.Context(), session("ann", epoch, day), session("ann", epoch, day)
	prefix := fmt.Sprint("scaled out ", wait, ":")
	s := openRedis(t, client, redisstore.Options{Prefix: prefix, WaitReplicas: wait})
	noError(t, create(ctx, s, known, 0)) // from now on the client knows who has the slot
	key := prefix + "{" + core.UserShard("ann") + "}"
	slot := client.ClusterKeySlot(ctx, key).Val()
	owner := redis.NewClient(&redis.Options{Addr: ownerOf(t, cluster, key)})
	defer owner.Close()
	joined := join(t, cluster, wait)

	noError(t, joined.Do(ctx, "cluster", "setslot", slot, "importing", nodeID(t, owner)).Err())
	noError(t, owner.Do(ctx, "cluster", "setslot", slot, "migrating", nodeID(t, joined)).Err())
	defer func() { noError(t, owner.Do(ctx, "cluster", "setslot", slot, "stable").Err()) }()
	noError(t, owner.Del(ctx, key).Err())

	noError(t, create(ctx, s, fresh, 0))
	_, err := s.Exchange(ctx, refresh(fresh, epoch))
	noError(t, err)
	if got, err := s.Get(ctx, fresh.ID); err != nil || got.Generation != 1 {
		t.Errorf("Get of a record at the new master: generation %d, %v", got.Generation, err)
	}
	if n, err := revokeUser(ctx, s, "ann", epoch); n != 1 || err != nil {
		t.Errorf("Revoke at the new master: %d, %v, want 1", n, err)
	}
}

// join makes a new master without slots one of the cluster until the test ends. It
// has a replica if changes are to wait for one.
func join(t *testing.T, cluster *server.RedisClusterServers, wait int) *redis.Client {
	added := server.Redis(t, "--cluster-enabled", "yes")
	client := redis.NewClient(&redis.Options{Addr: added.Addr()})
	id := nodeID(t, client)
	t.Cleanup(func() {
		defer client.Close()
		added.Kill() // so that nobody hears of it again
		for _, node := range cluster.Nodes() {
			forget(t, node, id)
		}
	})
	for _, node := range cluster.Nodes() {
		meet(t, client, node)
	}
	eventually(t, "the new master to serve", func() bool {
		return strings.Contains(client.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	})
	if wait > 0 {
		follow(t, added)
	}
	return client
}

// meet makes a new node and one of the cluster known to each other.
func meet(t *testing.T, added *redis.Client, node *server.RedisServer) {
	ctx, id := t.Context(), nodeID(t, added)
	client := redis.NewClient(&redis.Options{Addr: node.Addr()})
	defer client.Close()
	host, port, _ := net.SplitHostPort(node.Addr())
	bus := client.ConfigGet(ctx, "cluster-port").Val()["cluster-port"]
	noError(t, added.Do(ctx, "cluster", "meet", host, port, bus).Err())
	eventually(t, "two nodes to meet", func() bool {
		return strings.Contains(client.ClusterNodes(ctx).Val(), id) &&
			strings.Contains(added.ClusterNodes(ctx).Val(), nodeID(t, client))
	})
}

// forget makes a node of the cluster forget another. It may run after the test.
func forget(t *testing.T, node *server.RedisServer, id string) {
	client := redis.NewClient(&redis.Options{Addr: node.Addr()})
	defer client.Close()
	if err := client.ClusterForget(context.Background(), id).Err(); err != nil {
		t.Error(err)
	}
}

// ownerOf returns the address of the master that has the slot of the key.
func ownerOf(t *testing.T, cluster *server.RedisClusterServers, key string) string {
	for _, i := range cluster.Masters() {
		client := redis.NewClient(&redis.Options{Addr: cluster.Addrs()[i]})
		err := client.Exists(t.Context(), key).Err()
		_ = client.Close()
		if err == nil {
			return cluster.Addrs()[i]
		}
	}
	t.Fatalf("no master has %s", key)
	return ""
}

// eventually waits, for a minute at most, until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}
