package bench

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// compareAndSet is the least that a script does which moves a value on.
var compareAndSet = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
	return false
end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]`)

// BenchmarkRedis measures an exchange of sessions spread among those of the store.
// Its floors are a bare GET of as many bytes, and a bare EVALSHA that compares one
// value and sets it.
func BenchmarkRedis(b *testing.B) {
	redisServer := server.Redis(b, "--appendonly", "no")
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr(), PoolSize: 64, ContextTimeoutEnabled: true})
	defer client.Close()
	s, err := redisstore.New(client, redisstore.Options{})
	redisNoError(b, err)
	for _, records := range []int{1_000, 100_000} {
		redisNoError(b, client.FlushAll(b.Context()).Err())
		sessions := redisSessions(b, s, records)
		values := redisValues(b, client, len(sessions))
		for _, goroutines := range []int{1, 64} {
			for _, measured := range []struct {
				name string
				call func(i int) error
			}{
				{"GET", func(i int) error { return client.Get(b.Context(), values[i]).Err() }},
				{"EVALSHA", func(i int) error {
					return compareAndSet.Run(b.Context(), client, values[i:i+1], values[i], values[i]).Err()
				}},
				{"Exchange", func(i int) error {
					got, err := s.Exchange(b.Context(), sessions[i])
					sessions[i].Generation, sessions[i].From = got.Generation, got.AccessRef
					return err
				}},
			} {
				b.Run(fmt.Sprintf("records=%d/goroutines=%d/%s", records, goroutines, measured.name), func(b *testing.B) {
					b.ReportAllocs()
					redisTogether(b, goroutines, len(sessions), measured.call)
				})
			}
		}
	}
}

// BenchmarkRedisMemory reports what a session takes: of MEMORY USAGE, and of all
// the memory that the server has taken from the system's allocator.
func BenchmarkRedisMemory(b *testing.B) {
	redisServer := server.Redis(b, "--appendonly", "no")
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr()})
	defer client.Close()
	s, err := redisstore.New(client, redisstore.Options{})
	redisNoError(b, err)
	const records = 100_000
	for _, compact := range []string{"64", "1024"} {
		b.Run("hash-max-listpack-value="+compact, func(b *testing.B) {
			for b.Loop() {
				redisNoError(b, client.ConfigSet(b.Context(), "hash-max-listpack-value", compact).Err())
				redisNoError(b, client.FlushAll(b.Context()).Err())
				before := redisUsed(b, client)
				sessions := redisSessions(b, s, records)
				var usage int64
				for _, x := range sessions {
					usage += client.MemoryUsage(b.Context(), "tokenauth:{"+core.IDShard(x.ID)+"}", 0).Val()
				}
				b.ReportMetric(float64(usage)/float64(len(sessions)), "usage-B/session")
				b.ReportMetric(float64(redisUsed(b, client)-before)/records, "used-B/session")
			}
		})
	}
}

// BenchmarkRedisLogins measures a login at limit 1 of a user who has logged in that many
// times before.
func BenchmarkRedisLogins(b *testing.B) {
	redisServer := server.Redis(b, "--appendonly", "no")
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr(), ContextTimeoutEnabled: true})
	defer client.Close()
	s, err := redisstore.New(client, redisstore.Options{})
	redisNoError(b, err)
	now := time.Now().UTC().Truncate(time.Millisecond)
	users := 0
	login := func(user string) {
		now = now.Add(time.Millisecond)
		_, err := s.Create(b.Context(), redisSession(user, now), 1)
		redisNoError(b, err)
	}
	for _, before := range []int{0, 1, 1_000, 100_000} {
		b.Run(fmt.Sprintf("before=%d", before), func(b *testing.B) {
			user := fmt.Sprint("user with ", before)
			for range before {
				login(user)
			}
			b.ResetTimer()
			for range b.N {
				if before <= 1 { // or it would soon have many
					b.StopTimer()
					users++
					user = fmt.Sprint("user ", users)
					for range before {
						login(user)
					}
					b.StartTimer()
				}
				login(user)
			}
		})
	}
}

func redisUsed(b *testing.B, client *redis.Client) (bytes int64) {
	info, err := client.Info(b.Context(), "memory").Result()
	redisNoError(b, err)
	_, rest, _ := strings.Cut(info, "used_memory:")
	_, err = fmt.Sscan(rest, &bytes)
	redisNoError(b, err)
	return bytes
}

// redisSessions stores one session for each of so many users, with a browser's
// User-Agent and some claims, and returns exchanges of 1000 of them.
func redisSessions(b *testing.B, s core.RefreshStore, n int) []core.Exchange {
	b.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	var sessions []core.Exchange
	for i := range n {
		user := fmt.Sprintf("user-%06d", i)
		r := redisSession(user, now)
		_, err := s.Create(b.Context(), r, 1)
		redisNoError(b, err)
		if i%(n/1000) == 0 {
			sessions = append(sessions, core.Exchange{
				ID: r.ID, From: r.AccessRef, To: core.Ref{1}, At: now, ExpiresAt: r.ExpiresAt,
			})
		}
	}
	return sessions
}

func redisSession(user string, at time.Time) core.Record {
	return core.Record{
		ID: core.NewRecordID(user), UserID: user, AccessRef: core.Ref(random(16)),
		Device: strings.Repeat("d", 120), Data: random(60),
		IssuedAt: at, ExchangedAt: at, ExpiresAt: at.Add(7 * 24 * time.Hour),
	}
}

// redisValues stores values as long as a record, each its own key.
func redisValues(b *testing.B, client *redis.Client, n int) []string {
	b.Helper()
	values := make([]string, n)
	for i := range values {
		values[i] = string(random(256))
		redisNoError(b, client.Set(b.Context(), values[i], values[i], 0).Err())
	}
	return values
}

// redisTogether makes calls about one after the other of n things, from so many
// goroutines at once, each of which has things of its own.
func redisTogether(b *testing.B, goroutines, n int, call func(i int) error) {
	if goroutines == 1 {
		for i := 0; b.Loop(); i++ {
			redisNoError(b, call(i%n))
		}
		return
	}
	var begun atomic.Int64
	b.SetParallelism(max(1, goroutines/runtime.GOMAXPROCS(0)))
	b.RunParallel(func(pb *testing.PB) {
		first := int(begun.Add(1)) - 1
		for i := first; pb.Next(); i += goroutines {
			if i >= n {
				i = first
			}
			if err := call(i); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func redisNoError(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
