package conformance_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

// The commands are those that the documentation of the package names.
func TestRedisPermissions(t *testing.T) {
	primary := server.Redis(t)
	admin := redis.NewClient(&redis.Options{Addr: primary.Addr()})
	defer admin.Close()
	rules := []any{
		"acl", "setuser", "app", "on", ">secret", "~tokenauth:*",
		"+hello", "+client", // go-redis
		"+evalsha", "+eval", "+hget", "+hmget", "+hset", "+hdel", "+hexists", "+hkeys", "+hlen", "+hrandfield", "+pttl", "+pexpire",
		"+wait",
		"+scan", "+hscan", "+info",
	}
	noError(t, admin.Do(t.Context(), rules...).Err())
	client := redis.NewClient(&redis.Options{Addr: primary.Addr(), Username: "app", Password: "secret"})
	s := openRedis(t, client, redisstore.Options{})
	known := session("ann", epoch, day)
	for range 3 {
		noError(t, create(t.Context(), s, known, 0)) // with records to look at
		_, err := s.Exchange(t.Context(), refresh(known, epoch))
		noError(t, err)
		known = session("ann", epoch, day)
	}
	noError(t, create(t.Context(), s, known, 1))
	// The second time there are dead records to delete.
	for range 2 {
		for method, err := range everyMethod(t, s, known) {
			if err != nil && !errors.Is(err, core.ErrConflict) {
				t.Errorf("%s: %v", method, err)
			}
		}
		known = session("ann", epoch.Add(100*day), day)
		noError(t, create(t.Context(), s, known, 1))
	}
	waiting, err := redisstore.New(client, redisstore.Options{WaitReplicas: 1, WaitTimeout: 1e6})
	noError(t, err)
	err = create(t.Context(), waiting, session("ann", epoch, day), 1)
	if mustFail(t, "Create", err); redis.HasErrorPrefix(err, "NOPERM") {
		t.Errorf("Create: %v", err)
	}
}
