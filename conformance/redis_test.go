package conformance_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedis(t *testing.T) {
	redisServer := server.Redis(t)
	storetest.Run(t, redisBackend{
		connect: func() redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: redisServer.Addr(), ContextTimeoutEnabled: true})
		},
		restart: func() {
			redisServer.Stop()
			redisServer.Start()
		},
		folders: []string{redisServer.Dir()},
	}.harness())
}

// redisBackend is a Redis for storetest: one server or several.
type redisBackend struct {
	connect func() redis.UniversalClient // returns a new client
	restart func()                       // ends and starts the servers; nil: leave that out
	folders []string                     // of the servers' files
}

// harness returns what storetest needs. Every store has a prefix of its own.
func (b redisBackend) harness() storetest.Harness {
	prefixes := map[core.RefreshStore]string{}
	open := func(t *testing.T, prefix string) core.RefreshStore {
		s := openRedis(t, b.connect(), redisstore.Options{Prefix: prefix})
		prefixes[s] = prefix
		return s
	}
	h := storetest.Harness{
		Open:      func(t *testing.T) core.RefreshStore { return open(t, core.NewTokenID("")+":") },
		Peer:      func(t *testing.T, s core.RefreshStore) core.RefreshStore { return open(t, prefixes[s]) },
		Dump:      func(t *testing.T, _ core.RefreshStore) []byte { return allFiles(t, b.folders) },
		NativeTTL: true,
	}
	if b.restart != nil {
		h.Reopen = func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			b.restart()
			return open(t, prefixes[s])
		}
	}
	return h
}

// openRedis returns a store on the client, which it closes when the test ends.
func openRedis(t testing.TB, client redis.UniversalClient, options redisstore.Options) *redisstore.Store {
	t.Helper()
	t.Cleanup(func() { _ = client.Close() })
	s, err := redisstore.New(client, options)
	noError(t, err)
	return s
}

// allFiles returns the bytes of all files in the folders: the append-only files
// hold every change as it came, uncompressed.
func allFiles(t *testing.T, folders []string) []byte {
	t.Helper()
	var all []byte
	for _, folder := range folders {
		files := os.DirFS(folder)
		noError(t, fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := fs.ReadFile(files, path)
			all = append(all, content...)
			return err
		}))
	}
	return all
}
