package conformance_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	"github.com/tokenauth/tokenauth/storetest/server"
)

const (
	callsFail   = "every call fails"   // with an error that is none of core's
	changesFail = "every change fails" // likewise
)

func TestRedisSettings(t *testing.T) {
	primary := server.Redis(t, "--appendonly", "no", "--busy-reply-threshold", "1", "--notify-keyspace-events", "KEA",
		"--lazyfree-lazy-user-del", "yes", "--maxmemory", "1gb", "--maxmemory-policy", "noeviction")
	tried := map[string]string{
		"appendonly": "here", "busy-reply-threshold": "here", "notify-keyspace-events": "here",
		"ReadOnly": "TestRedisCluster", "RouteByLatency": "as RouteRandomly", "RouteRandomly": "TestRedisCluster",
		"MaxRetries":            "TestRedisLostAnswers",
		"ContextTimeoutEnabled": "TestRedisDeadlines",
	}
	odd := redis.Options{
		ClientName: "odd", DB: 3, MaxRetries: 9, PoolFIFO: true, PoolSize: 4, MaxActiveConns: 4, MinIdleConns: 2, MaxIdleConns: 2,
		PoolTimeout: time.Minute, ConnMaxLifetime: time.Second, ReadBufferSize: 64, WriteBufferSize: 64, PipelinePoolSize: 2,
		IdentitySuffix: "odd", Limiter: limiter{},
	}
	for _, name := range []string{
		"ClientName", "DB", "PoolFIFO", "PoolSize", "MaxActiveConns", "MinIdleConns", "MaxIdleConns", "PoolTimeout",
		"ConnMaxLifetime", "ReadBufferSize", "WriteBufferSize", "PipelinePoolSize", "IdentitySuffix", "Limiter", "Protocol",
		"DisableIdentity", "OnConnect", "Hooks", "CLIENT TRACKING", "CLIENT NO-EVICT",
	} {
		tried[name] = "below"
	}
	for name, set := range map[string]func(*redis.Options){
		"RESP2": func(o *redis.Options) { o.Protocol, o.DisableIdentity = 2, true },
		"RESP3, tracked": func(o *redis.Options) {
			o.Protocol = 3
			o.OnConnect = func(ctx context.Context, c *redis.Conn) error {
				return errors.Join(c.Do(ctx, "client", "tracking", "on", "bcast").Err(), c.Do(ctx, "client", "no-evict", "on").Err())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			underSettings(t, redisBackend{
				connect: func(dial dialer) redis.UniversalClient {
					o := odd
					o.Addr, o.Dialer = primary.Addr(), dial
					set(&o)
					client := redis.NewClient(&o)
					client.AddHook(hook{})
					return client
				},
				servers: []*server.RedisServer{primary},
				db:      odd.DB,
			}.harness())
		})
	}
	host, port, _ := net.SplitHostPort(primary.Addr())
	replica := server.Redis(t, "--replicaof", host+" "+port)
	refused := map[string]string{"Ring": refusedByNew, "maxmemory": changesFail} // TestNewRefuses, TestRedisFailures
	for name, o := range map[string]redis.Options{
		"CLIENT REPLY OFF": {Addr: primary.Addr(), OnConnect: onConnect("client", "reply", "off")},
		"MULTI":            {Addr: primary.Addr(), OnConnect: onConnect("multi")},
		"Limiter's errors": {Addr: primary.Addr(), Limiter: limiter{errors.New("not now")}},
		"ReplicaOnly":      {Addr: replica.Addr()},
	} {
		refused[name] = callsFail
		if name == "ReplicaOnly" {
			refused[name] = changesFail
		}
		t.Run(name, func(t *testing.T) {
			o.ReadTimeout, o.DialerRetries, o.MaxRetries = 100*time.Millisecond, 1, -1
			s := openRedis(t, redis.NewClient(&o), redisstore.Options{})
			for method, err := range everyMethod(t, s, session("ann", epoch, day)) {
				if refused[name] == callsFail || method != "Get" && method != "ListUser" && method != "Records" {
					mustFail(t, method, err)
				}
			}
		})
	}
	sameSettings(t, settingsTable(t, "../store/redis/doc.go", "Settings"), tried, refused,
		"maxmemory-policy", "appendfsync", "save", "replica-read-only", "min-replicas-to-write", "ACL")
}

func onConnect(command ...any) func(context.Context, *redis.Conn) error {
	return func(ctx context.Context, c *redis.Conn) error {
		_ = c.Do(ctx, command...).Err() // there may be no reply
		return nil
	}
}

// limiter lets all commands pass, or none.
type limiter struct{ err error }

func (l limiter) Allow() error     { return l.err }
func (limiter) ReportResult(error) {}

// hook is a hook that does nothing.
type hook struct{}

func (hook) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
