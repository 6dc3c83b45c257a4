package conformance_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedis(t *testing.T) {
	redisServer := server.Redis(t)
	backend := redisBackend{
		connect: func() redis.UniversalClient { return redis.NewClient(&redis.Options{Addr: redisServer.Addr()}) },
		restart: func() { redisServer.Kill(); redisServer.Start() },
	}
	storetest.Run(t, backend.harness())
}

// redisBackend is a Redis that tests use, alone or several servers.
type redisBackend struct {
	connect func() redis.UniversalClient // returns a new client
	restart func()                       // ends and starts the servers; nil where they can't be
}

// harness returns what storetest needs for it. Each store has a prefix of its own.
func (b redisBackend) harness() storetest.Harness {
	prefixes := map[core.RefreshStore]string{}
	open := func(t *testing.T, prefix string) core.RefreshStore {
		client := b.connect()
		t.Cleanup(func() { _ = client.Close() })
		s, err := redisstore.New(client, redisstore.Options{Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		prefixes[s] = prefix
		return s
	}
	h := storetest.Harness{
		Open:      func(t *testing.T) core.RefreshStore { return open(t, "tokenauth:"+t.Name()+core.NewTokenID("")+":") },
		Peer:      func(t *testing.T, s core.RefreshStore) core.RefreshStore { return open(t, prefixes[s]) },
		Dump:      func(t *testing.T, s core.RefreshStore) []byte { return dump(t, b.connect(), prefixes[s]) },
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

// dump returns all keys, fields and values that begin with that prefix.
func dump(t *testing.T, client redis.UniversalClient, prefix string) []byte {
	defer client.Close()
	var all strings.Builder
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		records, err := client.HGetAll(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(key + "\n")
		for field, record := range records {
			all.WriteString(field + " " + record + "\n")
		}
	}
	return []byte(all.String())
}
