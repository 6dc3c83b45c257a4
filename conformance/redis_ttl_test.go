package conformance_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedisTimeToLive(t *testing.T) {
	redisServer := server.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr()})
	s := openRedis(t, client, redisstore.Options{})
	ctx := t.Context()
	key := func(user string) string { return "tokenauth:{" + core.UserShard(user) + "}" }
	// lives wants the user's records to stay so long after the last of them has
	// expired; the test itself takes no hour.
	lives := func(t *testing.T, user string, life time.Duration) {
		t.Helper()
		if got := client.PTTL(ctx, key(user)).Val(); got < life+22*time.Hour || got > life+24*time.Hour+time.Second {
			t.Errorf("the records of %s go in %v, want %v and about a day", user, got, life)
		}
	}
	t.Run("a login sets it", func(t *testing.T) {
		noError(t, create(ctx, s, session("ann", epoch, 5*day), 1))
		lives(t, "ann", 5*day)
	})
	t.Run("the longest life counts", func(t *testing.T) {
		for _, life := range []time.Duration{day, 9 * day, 2 * day} {
			noError(t, create(ctx, s, session("bob", epoch, life), 0))
		}
		lives(t, "bob", 9*day)
	})
	t.Run("an exchange moves it later", func(t *testing.T) {
		record := session("cat", epoch, day)
		noError(t, create(ctx, s, record, 1))
		x := refresh(record, epoch.Add(time.Hour))
		x.ExpiresAt = x.At.Add(3 * day)
		_, err := s.Exchange(ctx, x)
		noError(t, err)
		lives(t, "cat", 3*day)
	})
	t.Run("an exchange never moves it earlier", func(t *testing.T) {
		records := []core.Record{session("dan", epoch, 9*day), session("dan", epoch, day)}
		for _, record := range records {
			noError(t, create(ctx, s, record, 0))
		}
		_, err := s.Exchange(ctx, refresh(records[1], epoch.Add(time.Hour)))
		noError(t, err)
		lives(t, "dan", 9*day)
	})
	t.Run("an exchange restores it", func(t *testing.T) {
		record := session("eve", epoch, 3*day)
		noError(t, create(ctx, s, record, 1))
		noError(t, client.Persist(ctx, key("eve")).Err())
		_, err := s.Exchange(ctx, refresh(record, epoch.Add(day)))
		noError(t, err)
		lives(t, "eve", 2*day)
	})
	t.Run("it goes by the caller's clock", func(t *testing.T) {
		for user, at := range map[string]time.Time{"far past": time.Unix(0, 0), "far future": epoch.AddDate(7000, 0, 0)} {
			noError(t, create(ctx, s, session(user, at.UTC(), 5*day), 1))
			lives(t, user, 5*day)
		}
	})
	t.Run("a record of a moment stays", func(t *testing.T) {
		record := session("fay", epoch, time.Millisecond)
		noError(t, create(ctx, s, record, 1))
		lives(t, "fay", 0)
		_, err := s.Exchange(ctx, refresh(record, epoch))
		noError(t, err)
	})
	t.Run("nothing is without", func(t *testing.T) {
		for _, key := range client.Keys(ctx, "*").Val() {
			if client.PTTL(ctx, key).Val() < 0 {
				t.Errorf("%s stays for ever", key)
			}
		}
	})
	t.Run("records go by themselves", func(t *testing.T) {
		record := session("gus", epoch, day)
		noError(t, create(ctx, s, record, 1))
		noError(t, client.PExpire(ctx, key("gus"), time.Millisecond).Err())
		for client.Exists(ctx, key("gus")).Val() == 1 {
			time.Sleep(time.Millisecond)
		}
		if _, err := s.Get(ctx, record.ID); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("Get: %v, want ErrNotFound", err)
		}
	})
}
