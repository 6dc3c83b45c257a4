package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// The tests of the Cluster share one, because it takes long to come up. The last
// of them kills a node.
func TestRedisCluster(t *testing.T) {
	cluster := server.RedisCluster(t)
	connect := func(dial dialer) redis.UniversalClient {
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: cluster.Addrs(), ContextTimeoutEnabled: true, Dialer: dial,
			MaxRedirects: 20, // slots move faster here than anybody would move them
			// It sets ReadOnly too: commands that only read go to replicas, which may be behind.
			// RouteByLatency would do the same, but go-redis 9.23 has a data race there.
			RouteRandomly: true,
		})
	}
	t.Run("Resharding", func(t *testing.T) {
		done := make(chan struct{})
		var resharding sync.WaitGroup
		defer resharding.Wait()
		defer close(done)
		var moving sync.RWMutex
		resharding.Go(func() { reshard(t, cluster, &moving, done) })
		storetest.Run(t, redisBackend{connect: connect, servers: cluster.Nodes(), still: func(iteration func()) {
			moving.RLock()
			defer moving.RUnlock()
			iteration()
		}}.harness())
	})
	for _, wait := range []int{0, 1} {
		t.Run(fmt.Sprintf("LostAnswers/wait=%d", wait), func(t *testing.T) {
			loser := &answerLoser{}
			client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs(), Dialer: loser.dial, ReadTimeout: time.Minute})
			options := redisstore.Options{Prefix: fmt.Sprint("lost ", wait, ":"), WaitReplicas: wait, WaitTimeout: 30 * time.Second}
			lostAnswers(t, openRedis(t, client, options), loser)
		})
	}
	for _, wait := range []int{0, 1} {
		t.Run(fmt.Sprintf("Redirected/wait=%d", wait), func(t *testing.T) { redirected(t, cluster, connect(nil), wait) })
	}
	for _, wait := range []int{0, 1} {
		t.Run(fmt.Sprintf("ScaledOut/wait=%d", wait), func(t *testing.T) { scaledOut(t, cluster, connect(nil), wait) })
	}
	t.Run("ScriptFlush", func(t *testing.T) {
		client := connect(nil).(*redis.ClusterClient)
		s := openRedis(t, client, redisstore.Options{Prefix: "flush:"})
		noError(t, create(t.Context(), s, session("ann", epoch, day), 1))
		noError(t, client.ScriptFlush(t.Context()).Err())
		noError(t, create(t.Context(), s, session("ann", epoch, day), 1))
	})
	t.Run("Records", func(t *testing.T) { clusterRecords(t, cluster, connect(nil)) })
	t.Run("FailOver", func(t *testing.T) { clusterFailOver(t, cluster, connect(nil)) })
}

// reshard moves the slots of those users whom storetest likes best from one master
// to the next until done is closed. It holds the lock while a slot moves.
func reshard(t *testing.T, cluster *server.RedisClusterServers, moving sync.Locker, done <-chan struct{}) {
	node := redis.NewClient(&redis.Options{Addr: cluster.Addrs()[0]})
	defer node.Close()
	var slots []int
	for _, user := range []string{"alice", "bob"} {
		slot, err := node.ClusterKeySlot(context.Background(), "{"+core.UserShard(user)+"}").Result()
		if err != nil {
			t.Error(err)
			return
		}
		slots = append(slots, int(slot))
	}
	masters := cluster.Masters()
	for i := 0; !t.Failed(); i++ {
		for _, slot := range slots {
			select {
			case <-done:
				return
			case <-time.After(50 * time.Millisecond): // or nodes would not hear of one move before the next
				moving.Lock()
				cluster.MoveSlots(slot, slot, masters[i%len(masters)])
				moving.Unlock()
			}
		}
	}
}

// redirected shows that calls find a slot that has moved and one that is on its
// way, in which new keys are at the new master and old ones at the old.
func redirected(t *testing.T, cluster *server.RedisClusterServers, client redis.UniversalClient, wait int) {
	ctx, known, fresh := t.Context(), session("ann", epoch, day), session("ann", epoch, day)
	prefix := fmt.Sprint("redirected ", wait, ":")
	s := openRedis(t, client, redisstore.Options{Prefix: prefix, WaitReplicas: wait})
	noError(t, create(ctx, s, known, 0)) // from now on the client knows who has the slot
	slot := int(client.ClusterKeySlot(ctx, prefix+"{"+core.UserShard("ann")+"}").Val())
	nodes := map[int]*redis.Client{}
	for _, i := range cluster.Masters() {
		nodes[i] = redis.NewClient(&redis.Options{Addr: cluster.Addrs()[i]})
		defer nodes[i].Close()
	}
	owns := func(i int) bool {
		return nodes[i].Do(ctx, "cluster", "countkeysinslot", slot).Err() == nil &&
			nodes[i].Exists(ctx, prefix+"{"+core.UserShard("ann")+"}").Err() == nil
	}
	var from, to = -1, -1
	for i := range nodes {
		if owns(i) {
			from = i
		} else {
			to = i
		}
	}

	// On its way: no key is there yet, so each call is redirected by ASK.
	noError(t, nodes[to].Do(ctx, "cluster", "setslot", slot, "importing", nodeID(t, nodes[from])).Err())
	noError(t, nodes[from].Do(ctx, "cluster", "setslot", slot, "migrating", nodeID(t, nodes[to])).Err())
	noError(t, nodes[from].Del(ctx, prefix+"{"+core.UserShard("ann")+"}").Err())
	noError(t, create(ctx, s, fresh, 0))
	if _, err := s.Get(ctx, fresh.ID); err != nil {
		t.Errorf("Get of a record created while its slot was on its way: %v", err)
	}
	if _, err := s.Get(ctx, known.ID); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("Get of a record that is nowhere: %v, want ErrNotFound", err)
	}
	cluster.MoveSlots(slot, slot, to) // and there
	got, err := s.Exchange(ctx, refresh(fresh, epoch))
	if err != nil || got.Generation != 1 {
		t.Errorf("Exchange after the slot has moved: generation %d, %v", got.Generation, err)
	}
	if n, err := revokeUser(ctx, s, "ann", epoch); n != 1 || err != nil {
		t.Errorf("Revoke after the slot has moved: %d, %v, want 1", n, err)
	}
}

func nodeID(t *testing.T, node *redis.Client) string {
	id, err := node.Do(t.Context(), "cluster", "myid").Text()
	noError(t, err)
	return id
}

// clusterFailOver shows that what replicas acknowledged survives the death of a
// master, and that the store comes back by itself.
func clusterFailOver(t *testing.T, cluster *server.RedisClusterServers, client redis.UniversalClient) {
	s := openRedis(t, client, redisstore.Options{Prefix: "failover:", WaitReplicas: 1})
	survives(t, s, func() { cluster.FailOver(cluster.Masters()[0]) }, func() {
		// The dead master's replica has none of its own now.
		s, err := redisstore.New(client, redisstore.Options{Prefix: "failover:"})
		noError(t, err)
		worksAgain(t, s)
	})
}

// survives stores sessions of many users, lets something happen and wants to find all
// that was acknowledged.
func survives(t *testing.T, s core.RefreshStore, happen, then func()) {
	ctx := t.Context()
	var records []core.Record
	for i := range 100 {
		record := session(fmt.Sprint("user ", i), epoch, day)
		noError(t, create(ctx, s, record, 1))
		record, err := s.Exchange(ctx, refresh(record, epoch.Add(time.Minute)))
		noError(t, err)
		if i%2 == 0 {
			noError(t, revoke(ctx, s, record.ID, epoch.Add(time.Hour)))
			record.RevokedAt = epoch.Add(time.Hour)
		}
		records = append(records, record)
	}
	happen()
	then()
	for _, want := range records {
		got, err := s.Get(ctx, want.ID)
		if err != nil || got.Generation != want.Generation || !got.RevokedAt.Equal(want.RevokedAt) {
			t.Errorf("got generation %d, revoked at %v, %v; want generation %d, revoked at %v",
				got.Generation, got.RevokedAt, err, want.Generation, want.RevokedAt)
		}
	}
}

// worksAgain waits until the store serves every user.
func worksAgain(t *testing.T, s core.RefreshStore) {
	deadline := time.Now().Add(time.Minute)
	for i := 0; i < 50; {
		user := fmt.Sprint("new user ", i)
		err := create(t.Context(), s, session(user, epoch, day), 1)
		switch {
		case err == nil:
			i++
		case time.Now().After(deadline):
			t.Fatalf("the store does not come back: %v", err)
		default:
			mustFail(t, "Create", err)
			time.Sleep(10 * time.Millisecond)
		}
	}
}
