package conformance_test

import (
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedisRecords(t *testing.T) {
	redisServer := server.Redis(t)
	ctx := t.Context()
	open := func(t *testing.T, prefix string) (*redisstore.Store, *redis.Client) {
		client := redis.NewClient(&redis.Options{Addr: redisServer.Addr(), PoolSize: 1})
		return openRedis(t, client, redisstore.Options{Prefix: prefix}), client
	}
	t.Run("keys of others are skipped", func(t *testing.T) {
		s, client := open(t, "app[1]*?:")
		r := session("ann", epoch, day)
		noError(t, create(ctx, s, r, 0))
		shard := core.UserShard("ann")
		for _, key := range []string{
			"app[1]*?", "app[1]*?:", "app[1]*?:{}", "app[1]*?:{" + shard + "}x", "app[1]*?:{" + shard[1:] + "}",
			"app[1]*?:{" + strings.ToUpper(shard) + "}", "app[1]*?:{other " + shard + "}",
		} {
			noError(t, client.Set(ctx, key, "text", 0).Err())
		}
		others, _ := open(t, "app1xy:") // which the prefix would match as a pattern
		noError(t, create(ctx, others, session("ann", epoch, day), 0))
		if got, err := yielded(ctx, s); err != nil || !reflect.DeepEqual(ids(got), []string{r.ID}) {
			t.Errorf("yielded %v, %v, want %s", ids(got), err, r.ID)
		}
	})
	t.Run("many records of one user and many users", func(t *testing.T) {
		s, _ := open(t, "many:")
		want := map[string]core.Record{}
		for i := range 600 {
			user := "ann"
			if i%2 == 0 {
				user = fmt.Sprint("user ", i)
			}
			r := session(user, epoch.Add(time.Duration(i)*time.Minute), day)
			noError(t, create(ctx, s, r, 0))
			if i%5 == 0 {
				r.RevokedAt = r.IssuedAt.Add(time.Hour)
				noError(t, revoke(ctx, s, r.ID, r.RevokedAt))
			}
			r.Data = []byte{}
			want[r.ID] = r
		}
		if got, err := yielded(ctx, s); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("yielded %d records, %v, want all %d as they stand", len(got), err, len(want))
		}
	})
	t.Run("keys may vanish meanwhile", func(t *testing.T) {
		s, client := open(t, "vanish:")
		for i := range 300 {
			noError(t, create(ctx, s, session(fmt.Sprint("user ", i), epoch, day), 0))
		}
		n := 0
		for _, err := range s.Records(ctx) {
			noError(t, err)
			if n++; n == 1 {
				noError(t, client.FlushDB(ctx).Err())
			}
		}
		if n == 300 {
			t.Error("all records were yielded, most after they were deleted")
		}
	})
	t.Run("a damaged record is an error", func(t *testing.T) {
		s, client := open(t, "damaged:")
		noError(t, client.HSet(ctx, "damaged:{"+core.UserShard("ann")+"}", core.NewRecordID("ann")[8:], "\x02").Err())
		_, err := yielded(ctx, s)
		mustFail(t, "Records", err)
	})
	t.Run("a server that restarts is an error", func(t *testing.T) {
		s, _ := open(t, "restart:")
		for i := range 300 {
			noError(t, create(ctx, s, session(fmt.Sprint("user ", i), epoch, day), 0))
		}
		var last error
		n := 0
		for _, err := range s.Records(ctx) {
			if n++; n == 1 {
				redisServer.Stop()
				redisServer.Start()
			}
			last = err
		}
		mustFail(t, "Records", last)
	})
}

// A failover behind one address may come back to the server where it began, which has
// not been restarted.
func TestRedisRecordsDuringAFailOver(t *testing.T) {
	ctx := t.Context()
	first := server.Redis(t)
	host, port, _ := net.SplitHostPort(first.Addr())
	client := redis.NewClient(&redis.Options{Addr: first.Addr()})
	s := openRedis(t, client, redisstore.Options{})
	for i := range 300 {
		noError(t, create(ctx, s, session(fmt.Sprint("user ", i), epoch, day), 0))
	}
	second := server.Redis(t, "--replicaof", host+" "+port)
	other := redis.NewClient(&redis.Options{Addr: second.Addr()})
	defer other.Close()
	eventually(t, "the replica to follow", func() bool {
		return strings.Contains(other.Info(ctx, "replication").Val(), "master_link_status:up")
	})
	var last error
	n := 0
	for _, err := range s.Records(ctx) {
		if n++; n == 1 {
			host, port, _ := net.SplitHostPort(second.Addr())
			noError(t, other.ReplicaOf(ctx, "NO", "ONE").Err())
			noError(t, client.ReplicaOf(ctx, host, port).Err())
			eventually(t, "the first server to follow", func() bool {
				return strings.Contains(client.Info(ctx, "replication").Val(), "master_link_status:up")
			})
			noError(t, client.ReplicaOf(ctx, "NO", "ONE").Err())
		}
		last = err
	}
	mustFail(t, "Records", last)
}

// clusterRecords shows that an iteration goes over all masters, and that a slot that
// moves meanwhile, or is about to, ends it with an error.
func clusterRecords(t *testing.T, cluster *server.RedisClusterServers, client redis.UniversalClient) {
	ctx := t.Context()
	s := openRedis(t, client, redisstore.Options{Prefix: "records:"})
	want := map[string]core.Record{}
	for i := range 300 {
		r := session(fmt.Sprint("user ", i), epoch, day)
		noError(t, create(ctx, s, r, 0))
		r.Data = []byte{}
		want[r.ID] = r
	}
	eventually(t, "all records to be yielded", func() bool { // slots may be known to few nodes yet
		got, err := yielded(ctx, s)
		return err == nil && reflect.DeepEqual(got, want)
	})

	key := "records:{" + core.UserShard("user 0") + "}"
	slot := int(client.ClusterKeySlot(ctx, key).Val())
	owner := ownerOf(t, cluster, key)
	from, to := slices.Index(cluster.Addrs(), owner), cluster.Masters()[0]
	if to == from {
		to = cluster.Masters()[1]
	}
	for _, moves := range [][]int{{to, from}, {to}} {
		var last error
		n := 0
		for _, err := range s.Records(ctx) {
			if n++; n == 1 {
				for _, move := range moves {
					cluster.MoveSlots(slot, slot, move)
				}
			}
			last = err
		}
		mustFail(t, fmt.Sprint("Records while a slot moves to ", moves), last)
	}

	source := redis.NewClient(&redis.Options{Addr: cluster.Addrs()[to]})
	defer source.Close()
	target := redis.NewClient(&redis.Options{Addr: owner})
	defer target.Close()
	noError(t, source.Do(ctx, "cluster", "setslot", slot, "migrating", nodeID(t, target)).Err())
	_, err := yielded(ctx, s)
	mustFail(t, "Records while a slot is on its way", err)
	noError(t, source.Do(ctx, "cluster", "setslot", slot, "stable").Err())
	if got, err := yielded(ctx, s); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("yielded %d records afterwards, %v, want all %d", len(got), err, len(want))
	}

	// A slot that no master has stands for a master that the client has not heard of.
	for _, node := range cluster.Nodes() {
		client := redis.NewClient(&redis.Options{Addr: node.Addr()})
		noError(t, client.ConfigSet(ctx, "cluster-require-full-coverage", "no").Err())
		noError(t, client.Close())
	}
	for slot = 0; source.ClusterCountKeysInSlot(ctx, slot).Val() > 0 || source.Do(ctx, "cluster", "delslots", slot).Err() != nil; {
		slot++
	}
	_, err = yielded(ctx, s)
	mustFail(t, "Records without a master for a slot", err)
	noError(t, source.Do(ctx, "cluster", "addslots", slot).Err())
	eventually(t, "all records to be yielded again", func() bool {
		got, err := yielded(ctx, s)
		return err == nil && reflect.DeepEqual(got, want)
	})
}

// ids returns the IDs of records, in no order.
func ids(records map[string]core.Record) []string {
	var ids []string
	for id := range records {
		ids = append(ids, id)
	}
	return ids
}
