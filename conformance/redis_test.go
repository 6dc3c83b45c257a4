package conformance_test

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/child"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedis(t *testing.T) {
	redisServer := server.Redis(t)
	storetest.Run(t, redisBackend{
		connect: func(dial dialer) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: redisServer.Addr(), ContextTimeoutEnabled: true, Dialer: dial})
		},
		restart: func() {
			redisServer.Stop()
			redisServer.Start()
		},
		crash: func() {
			redisServer.Kill()
			redisServer.Start()
		},
		servers: []*server.RedisServer{redisServer},
		files:   true,
		peer: func(t *testing.T, prefix string) core.RefreshStore {
			return child.Start(t, "redis", redisServer.Addr()+" "+prefix)
		},
	}.harness())
}

// openRedisChild opens the store of a server's address and a prefix, in a child
// process.
func openRedisChild(arg string) (core.RefreshStore, error) {
	addr, prefix, _ := strings.Cut(arg, " ")
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	return redisstore.New(client, redisstore.Options{Prefix: prefix})
}

// dialer is a Dialer of the client's options; nil is the client's own.
type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// redisBackend is a Redis for storetest: one server or several.
type redisBackend struct {
	connect func(dialer) redis.UniversalClient // returns a new client
	restart func()                             // ends and starts the servers; nil: leave that out
	crash   func()                             // kills and starts the servers; nil: leave that out
	servers []*server.RedisServer              // those that clients may connect to
	wait    int                                // for so many replicas
	db      int                                // the number of the database
	files   bool                               // whether to dump the servers' files, which take their time, or the keys

	// peer opens a store of that prefix in another process; nil: a peer is another client.
	peer func(t *testing.T, prefix string) core.RefreshStore

	// still runs an iteration while no slot moves; nil: none does.
	still func(iteration func())
}

// harness returns what storetest needs. Every store has a prefix of its own.
func (b redisBackend) harness() storetest.Harness {
	prefixes := map[core.RefreshStore]string{}
	clients := map[core.RefreshStore]redis.UniversalClient{}
	sizes := map[core.RefreshStore]map[string]int64{} // of the servers' files when the store was opened
	open := func(t *testing.T, prefix string) core.RefreshStore {
		client := b.connect(nil)
		s := core.RefreshStore(openRedis(t, client, redisstore.Options{Prefix: prefix, WaitReplicas: b.wait}))
		if b.still != nil {
			s = &stillStore{s.(*redisstore.Store), b.still}
		}
		prefixes[s], clients[s] = prefix, client
		if b.files {
			sizes[s] = map[string]int64{}
			b.eachFile(t, func(path string, size int64) { sizes[s][path] = size })
		}
		return s
	}
	newPrefix := func() string { return core.NewRecordID("") + ":" }
	h := storetest.Harness{
		Open: func(t *testing.T) core.RefreshStore { return open(t, newPrefix()) },
		Peer: func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			if b.peer != nil {
				return b.peer(t, prefixes[s])
			}
			return open(t, prefixes[s])
		},
		Dump: func(t *testing.T, s core.RefreshStore) []byte {
			if !b.files {
				return b.allKeys(t, prefixes[s])
			}
			// The append-only files hold every change as it came, uncompressed.
			var all []byte
			b.eachFile(t, func(path string, size int64) {
				content, err := os.ReadFile(path)
				noError(t, err)
				all = append(all, content[min(size, sizes[s][path]):]...)
			})
			return all
		},
		Disconnect: func(t *testing.T) (core.RefreshStore, func(storetest.Fault)) {
			dial, network := b.proxies(t)
			return openRedis(t, b.connect(dial), redisstore.Options{Prefix: newPrefix(), WaitReplicas: b.wait}), network
		},
		Break:     func(t *testing.T, s core.RefreshStore) { noError(t, clients[s].Close()) },
		Crashes:   *crashes,
		NativeTTL: true,
	}
	if b.restart != nil {
		h.Reopen = func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			b.restart()
			return open(t, prefixes[s])
		}
	}
	if b.crash != nil {
		h.Crash = func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
			prefix := newPrefix()
			return open(t, prefix), func() core.RefreshStore {
				b.crash()
				return open(t, prefix)
			}
		}
	}
	return h
}

// stillStore iterates while no slot moves: a slot that moves ends an iteration.
type stillStore struct {
	*redisstore.Store
	still func(iteration func())
}

func (s *stillStore) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		s.still(func() { s.Store.Records(ctx)(yield) })
	}
}

// proxies puts a proxy before each server and returns what connects to the servers
// through those, and what makes all of them fail.
func (b redisBackend) proxies(t *testing.T) (dialer, func(storetest.Fault)) {
	proxies := map[string]*server.Proxy{}
	for _, s := range b.servers {
		proxies[s.Addr()] = server.NewProxy(t, s.Addr())
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if proxy := proxies[addr]; proxy != nil { // Sentinels have none
			addr = proxy.Addr()
		}
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	return dial, func(f storetest.Fault) {
		for _, proxy := range proxies {
			proxy.Set(f)
		}
	}
}

// openRedis returns a store on the client, which it closes when the test ends.
func openRedis(t testing.TB, client redis.UniversalClient, options redisstore.Options) *redisstore.Store {
	t.Helper()
	t.Cleanup(func() { _ = client.Close() })
	if options.WaitReplicas > 0 && options.WaitTimeout == 0 {
		options.WaitTimeout = 2900 * time.Millisecond // a busy machine needs more than the default
	}
	s, err := redisstore.New(client, options)
	noError(t, err)
	return s
}

// allKeys returns what the servers hold under the prefix.
func (b redisBackend) allKeys(t *testing.T, prefix string) []byte {
	t.Helper()
	var all []byte
	for _, s := range b.servers {
		node := redis.NewClient(&redis.Options{Addr: s.Addr(), DB: b.db})
		// A server that is down, or a replica, which hands out none, adds nothing.
		for _, key := range node.Keys(t.Context(), prefix+"*").Val() {
			for field, value := range node.HGetAll(t.Context(), key).Val() {
				all = fmt.Append(all, key, field, value, "\n")
			}
		}
		noError(t, node.Close())
	}
	return all
}

// eachFile calls visit with the path and the size of each file of the servers.
func (b redisBackend) eachFile(t *testing.T, visit func(path string, size int64)) {
	t.Helper()
	for _, s := range b.servers {
		noError(t, filepath.WalkDir(s.Dir(), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err == nil {
				visit(path, info.Size())
			}
			return err
		}))
	}
}
