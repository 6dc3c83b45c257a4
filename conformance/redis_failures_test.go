package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestRedisLostAnswers(t *testing.T) {
	redisServer := server.Redis(t)
	loser := &answerLoser{}
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr(), Dialer: loser.dial})
	lostAnswers(t, openRedis(t, client, redisstore.Options{}), loser)
}

// lostAnswers shows that a call whose answer is lost after the server has done it
// fails as the store's failure, and that go-redis does not repeat it unseen.
func lostAnswers(t *testing.T, s core.RefreshStore, loser *answerLoser) {
	ctx := t.Context()
	record := session("ann", epoch, day)
	noError(t, create(ctx, s, record, 1)) // the server knows the scripts, and a connection is open
	_, err := s.Exchange(ctx, refresh(record, epoch))
	noError(t, err)
	_, err = revokeUser(ctx, s, "bob", epoch)
	noError(t, err)

	t.Run("Create", func(t *testing.T) {
		login := session("ann", epoch.Add(time.Hour), day)
		loser.lose.Store(true)
		mustFail(t, "Create", create(ctx, s, login, 1))
		if err := create(ctx, s, login, 1); !errors.Is(err, core.ErrExists) {
			t.Errorf("Create again: %v, want ErrExists", err)
		}
		record = login
	})
	t.Run("Exchange", func(t *testing.T) {
		x := refresh(record, epoch.Add(2*time.Hour))
		loser.lose.Store(true)
		_, err := s.Exchange(ctx, x)
		mustFail(t, "Exchange", err)
		if got, err := s.Exchange(ctx, x); !errors.Is(err, core.ErrConflict) || got.Generation != 1 {
			t.Errorf("Exchange again: generation %d, %v, want 1, ErrConflict", got.Generation, err)
		}
	})
	t.Run("Revoke", func(t *testing.T) {
		loser.lose.Store(true)
		_, err := revokeUser(ctx, s, "ann", epoch.Add(3*time.Hour))
		mustFail(t, "Revoke of a user", err)
		if n, err := revokeUser(ctx, s, "ann", epoch.Add(3*time.Hour)); n != 0 || err != nil {
			t.Errorf("Revoke again: %d records, %v, want 0", n, err)
		}
	})
	t.Run("Get", func(t *testing.T) {
		loser.lose.Store(true)
		if _, err := s.Get(ctx, record.ID); err != nil {
			t.Errorf("Get: %v; a call that changes nothing is repeated", err)
		}
	})
}

// answerLoser makes connections of which one loses the answer to a script, once it
// is told to.
type answerLoser struct{ lose atomic.Bool }

func (l *answerLoser) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &losingConn{Conn: conn, loser: l}, err
}

type losingConn struct {
	net.Conn
	loser  *answerLoser
	script atomic.Bool // was sent last
}

func (c *losingConn) Write(b []byte) (int, error) {
	c.script.Store(bytes.Contains(b, []byte("evalsha")))
	return c.Conn.Write(b)
}

func (c *losingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.script.Load() && c.loser.lose.CompareAndSwap(true, false) {
		_ = c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestRedisDeadlines(t *testing.T) {
	redisServer := server.Redis(t)
	for name, minds := range map[string]bool{"the client minds them": true, "the client doesn't": false} {
		t.Run(name, func(t *testing.T) {
			proxy := server.NewProxy(t, redisServer.Addr())
			s := openRedis(t, redis.NewClient(&redis.Options{
				Addr: proxy.Addr(), ContextTimeoutEnabled: minds, ReadTimeout: time.Hour,
			}), redisstore.Options{Prefix: name})
			known := session("ann", epoch, day)
			noError(t, create(t.Context(), s, known, 1))
			proxy.Set(storetest.Stalled)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if _, err := s.Exchange(ctx, refresh(known, epoch)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Exchange: %v, want the context's error", err)
			}
			proxy.Set(storetest.Refused)
		})
	}
}

func TestRedisFailures(t *testing.T) {
	redisServer := server.Redis(t)
	addr := redisServer.Addr()
	t.Run("another type at the key", func(t *testing.T) {
		client := redis.NewClient(&redis.Options{Addr: addr})
		s := openRedis(t, client, redisstore.Options{Prefix: "type:"})
		known := session("ann", epoch, day)
		noError(t, client.Set(t.Context(), "type:{"+core.UserShard("ann")+"}", "text", 0).Err())
		fails(t, s, known)
	})
	t.Run("another format", func(t *testing.T) {
		for _, value := range []string{"", "\x01", "\x02" + strings.Repeat("x", 100)} {
			client := redis.NewClient(&redis.Options{Addr: addr})
			s := openRedis(t, client, redisstore.Options{Prefix: "format:"})
			known := session("ann", epoch, day)
			noError(t, client.HSet(t.Context(), "format:{"+core.UserShard("ann")+"}", known.ID[8:], value).Err())
			fails(t, s, known)
		}
	})
	t.Run("another format of a list", func(t *testing.T) {
		client := redis.NewClient(&redis.Options{Addr: addr})
		s := openRedis(t, client, redisstore.Options{Prefix: "list:"})
		for _, list := range []string{"=", "+"} {
			for _, value := range []string{"", "\x01cut", "\x02"} {
				user := fmt.Sprintf("user of %s%x", list, value)
				known := session(user, epoch, day)
				noError(t, create(t.Context(), s, known, 1))
				noError(t, client.HSet(t.Context(), "list:{"+core.UserShard(user)+"}", list+user, value).Err())
				mustFail(t, "Create", create(t.Context(), s, session(user, epoch, day), 1))
				mustFail(t, "Revoke of a record", revoke(t.Context(), s, known.ID, epoch))
				_, err := revokeUser(t.Context(), s, user, epoch)
				mustFail(t, "Revoke of a user", err)
				if got, err := s.Get(t.Context(), known.ID); err != nil || !got.RevokedAt.IsZero() {
					t.Errorf("after revocations that failed: revoked at %v, %v", got.RevokedAt, err)
				}
			}
		}
	})
	t.Run("a record under no ID", func(t *testing.T) {
		client := redis.NewClient(&redis.Options{Addr: addr})
		s := openRedis(t, client, redisstore.Options{Prefix: "field:"})
		known, key := session("ann", epoch, day), "field:{"+core.UserShard("ann")+"}"
		noError(t, create(t.Context(), s, known, 0))
		value, err := client.HGet(t.Context(), key, known.ID[8:]).Result()
		noError(t, err)
		noError(t, client.HSet(t.Context(), key, "no id\n", value).Err())
		list, err := s.ListUser(t.Context(), "ann", epoch)
		mustFail(t, "ListUser", err)
		if list != nil {
			t.Errorf("ListUser returns %v with its error", list)
		}
	})
	t.Run("a replica", func(t *testing.T) {
		host, port, _ := net.SplitHostPort(addr)
		replica := server.Redis(t, "--replicaof", host+" "+port)
		s := openRedis(t, redis.NewClient(&redis.Options{Addr: replica.Addr()}), redisstore.Options{Prefix: "replica:"})
		mustFail(t, "Create", create(t.Context(), s, session("ann", epoch, day), 1))
	})
	t.Run("no memory", func(t *testing.T) {
		full := server.Redis(t, "--maxmemory", "2mb")
		s := openRedis(t, redis.NewClient(&redis.Options{Addr: full.Addr()}), redisstore.Options{})
		var last core.Record
		for {
			record := session("ann", epoch, day)
			record.Data = make([]byte, core.MaxDataBytes)
			if err := create(t.Context(), s, record, 0); err != nil {
				mustFail(t, "Create", err)
				break
			}
			last = record
		}
		if _, err := s.Get(t.Context(), last.ID); err != nil {
			t.Errorf("Get of the last record that was acknowledged: %v", err)
		}
		mustFail(t, "Revoke", revoke(t.Context(), s, last.ID, epoch))
		_, err := revokeUser(t.Context(), s, "ann", epoch)
		mustFail(t, "Revoke of a user", err)
		if got, err := s.Get(t.Context(), last.ID); err != nil || !got.RevokedAt.IsZero() {
			t.Errorf("after revocations that failed: revoked at %v, %v", got.RevokedAt, err)
		}
	})
	t.Run("no server", func(t *testing.T) {
		s := openRedis(t, redis.NewClient(&redis.Options{Addr: addr, DialerRetries: 1, MaxRetries: -1}), redisstore.Options{})
		redisServer.Kill()
		fails(t, s, session("ann", epoch, day))
	})
}

// fails wants every method to fail as the store's failure, which names the store.
func fails(t *testing.T, s *redisstore.Store, known core.Record) {
	t.Helper()
	for method, err := range everyMethod(t, s, known) {
		mustFail(t, method, err)
		if err != nil && !strings.HasPrefix(err.Error(), "redisstore: ") {
			t.Errorf("%s: %q does not say whose error it is", method, err)
		}
	}
}

func TestRedisScriptFlush(t *testing.T) {
	redisServer := server.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr()})
	s := openRedis(t, client, redisstore.Options{})
	known := session("ann", epoch, day)
	noError(t, create(t.Context(), s, known, 1))
	for range 2 {
		noError(t, client.ScriptFlush(t.Context()).Err())
		if _, err := s.Exchange(t.Context(), refresh(known, epoch)); err != nil {
			t.Fatal(err)
		}
		known, _ = s.Get(t.Context(), known.ID)
	}
	noError(t, client.ScriptFlush(t.Context()).Err())
	for method, err := range everyMethod(t, s, known) {
		// The login in it revokes the session.
		if err != nil && (method != "Exchange" || !errors.Is(err, core.ErrConflict)) {
			t.Errorf("%s after SCRIPT FLUSH: %v", method, err)
		}
	}
}
