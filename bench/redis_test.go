package bench

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// compareAndSet moves one value to the next, as any store of sessions must.
var compareAndSet = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
	return false
end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]`)

// BenchmarkRedisExchange measures an exchange beside its floors: a bare GET of as
// many bytes, and a bare script that compares one value and sets it.
func BenchmarkRedisExchange(b *testing.B) {
	redisServer := server.Redis(b, "--appendonly", "no")
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr(), PoolSize: 64})
	defer client.Close()
	for _, records := range []int{1_000, 100_000} {
		must(b, client.FlushAll(b.Context()).Err())
		s, err := redisstore.New(client, redisstore.Options{})
		must(b, err)
		tokens := logins(b, s, records)
		values := make([]string, 1000)
		pipe := client.Pipeline()
		for i := range values {
			values[i] = string(random(250))
			pipe.Set(b.Context(), fmt.Sprint("value ", i), values[i], 0)
		}
		_, err = pipe.Exec(b.Context())
		must(b, err)
		for _, goroutines := range []int{1, 64} {
			measure := func(name string, f func(i int) error) {
				b.Run(fmt.Sprintf("records=%d/goroutines=%d/%s", records, goroutines, name), func(b *testing.B) {
					together(b, goroutines, f)
				})
			}
			measure("GET", func(i int) error {
				return client.Get(b.Context(), fmt.Sprint("value ", i%len(values))).Err()
			})
			measure("EVALSHA", func(i int) error {
				v := values[i%len(values)]
				return compareAndSet.Run(b.Context(), client, []string{fmt.Sprint("value ", i%len(values))}, v, v).Err()
			})
			exchanges := make([]core.Exchange, len(values))
			for i := range exchanges {
				t := tokens[i*(len(tokens)/len(values))]
				got, err := s.Get(b.Context(), t.ID)
				must(b, err)
				exchanges[i] = core.Exchange{ID: t.ID, Generation: got.Generation, From: got.AccessRef, To: core.Ref{1}, At: t.IssuedAt, ExpiresAt: t.ExpiresAt}
			}
			measure("Exchange", func(i int) error {
				x := exchanges[i%len(exchanges)]
				// Every goroutine has a share of the sessions, and leads them on.
				got, err := s.Exchange(b.Context(), x)
				if err == nil {
					exchanges[i%len(exchanges)].Generation, exchanges[i%len(exchanges)].From = got.Generation, got.AccessRef
				}
				return err
			})
		}
	}
}

// together calls f with ascending numbers from so many goroutines at once.
func together(b *testing.B, goroutines int, f func(i int) error) {
	b.SetParallelism(goroutines / 2)
	if goroutines == 1 {
		for i := range b.N {
			must(b, f(i))
		}
		return
	}
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := f(int(next.Add(1))); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// logins stores one record for each of so many users and returns them.
func logins(b *testing.B, s core.RefreshStore, n int) []core.RefreshToken {
	now := time.Now().UTC().Truncate(time.Millisecond)
	tokens := make([]core.RefreshToken, n)
	for i := range tokens {
		user := fmt.Sprint("user ", i)
		tokens[i] = core.RefreshToken{
			ID: core.NewTokenID(user), UserID: user, AccessRef: core.Ref(random(16)),
			Device: string(make([]byte, 120)), Data: random(60),
			IssuedAt: now, ExchangedAt: now, ExpiresAt: now.Add(7 * 24 * time.Hour),
		}
		must(b, s.Create(b.Context(), tokens[i], 1))
	}
	return tokens
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
