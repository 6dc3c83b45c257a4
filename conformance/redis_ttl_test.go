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
		noError(t, s.Create(ctx, session("ann", epoch, 5*day), 1))
		lives(t, "ann", 5*day)
	})
	t.Run("the longest life counts", func(t *testing.T) {
		for _, life := range []time.Duration{day, 9 * day, 2 * day} {
			noError(t, s.Create(ctx, session("bob", epoch, life), 0))
		}
		lives(t, "bob", 9*day)
	})
	t.Run("an exchange moves it later", func(t *testing.T) {
		record := session("cat", epoch, day)
		noError(t, s.Create(ctx, record, 1))
		x := refresh(record, epoch.Add(time.Hour))
		x.ExpiresAt = x.At.Add(3 * day)
		_, err := s.Exchange(ctx, x)
		noError(t, err)
		lives(t, "cat", 3*day)
	})
	t.Run("an exchange never moves it earlier", func(t *testing.T) {
		records := []core.Record{session("dan", epoch, 9*day), session("dan", epoch, day)}
		for _, record := range records {
			noError(t, s.Create(ctx, record, 0))
		}
		_, err := s.Exchange(ctx, refresh(records[1], epoch.Add(time.Hour)))
		noError(t, err)
		lives(t, "dan", 9*day)
	})
	t.Run("an exchange restores it", func(t *testing.T) {
		record := session("eve", epoch, 3*day)
		noError(t, s.Create(ctx, record, 1))
		noError(t, client.Persist(ctx, key("eve")).Err())
		_, err := s.Exchange(ctx, refresh(record, epoch.Add(day)))
		noError(t, err)
		lives(t, "eve", 2*day)
	})
	t.Run("it goes by the caller's clock", func(t *testing.T) {
		for user, at := range map[string]time.Time{"far past": time.Unix(0, 0), "far future": epoch.AddDate(7000, 0, 0)} {
			noError(t, s.Create(ctx, session(user, at.UTC(), 5*day), 1))
			lives(t, user, 5*day)
		}
	})
	t.Run("a record of a moment stays", func(t *testing.T) {
		record := session("fay", epoch, time.Millisecond)
		noError(t, s.Create(ctx, record, 1))
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
		noError(t, s.Create(ctx, record, 1))
		noError(t, client.PExpire(ctx, key("gus"), time.Millisecond).Err())
		for client.Exists(ctx, key("gus")).Val() == 1 {
			time.Sleep(time.Millisecond)
		}
		if _, err := s.Get(ctx, record.ID); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("Get: %v, want ErrNotFound", err)
		}
	})
}

func TestRedisDeadRecords(t *testing.T) {
	redisServer := server.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr()})
	s := openRedis(t, client, redisstore.Options{})
	ctx := t.Context()
	count := func(user string) int {
		return int(client.HLen(ctx, "tokenauth:{"+core.UserShard(user)+"}").Val())
	}
	for user, limit := range map[string]int{"limited": 1, "unlimited": 0} {
		t.Run(user, func(t *testing.T) {
			at := epoch
			for range 500 {
				noError(t, s.Create(ctx, session(user, at, time.Hour), limit))
				at = at.Add(time.Hour)
			}
			// For a day they are kept; of the others one in sixteen may be left.
			if n := count(user); n > 24+2+50 {
				t.Errorf("%d records after 500 logins of an hour each", n)
			}
		})
	}
	t.Run("a few at a time", func(t *testing.T) {
		for range 200 {
			noError(t, s.Create(ctx, session("many", epoch, time.Hour), 0))
		}
		for _, limit := range []int{0, 1} {
			before := count("many")
			noError(t, s.Create(ctx, session("many", epoch.Add(10*day), time.Hour), limit))
			if gone := before + 1 - count("many"); gone != 16 {
				t.Errorf("a login at limit %d removed %d of %d dead records, want 16", limit, gone, before)
			}
		}
	})
	t.Run("not before their time", func(t *testing.T) {
		record := session("slow", epoch, time.Hour)
		noError(t, s.Create(ctx, record, 1))
		for _, limit := range []int{0, 1} {
			noError(t, s.Create(ctx, session("slow", record.ExpiresAt.Add(23*time.Hour), time.Hour), limit))
			if _, err := s.Get(ctx, record.ID); err != nil {
				t.Errorf("Get of a record that expired by the clock of one caller, not yet by another's: %v", err)
			}
		}
	})
}
