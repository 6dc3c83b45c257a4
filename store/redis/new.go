package redisstore

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options says how a [Store] uses its server. The zero value works. It is a plain
// value; it is not safe for concurrent use.
type Options struct {
	// Prefix begins every key: the records of a shard are at Prefix{shard}.
	// Stores with different prefixes share a server without seeing one another.
	// It must not hold a brace. Default: "tokenauth:".
	Prefix string

	// WaitReplicas is how many replicas must have a change before the call that
	// makes it returns (WAIT). If fewer acknowledge it within WaitTimeout the
	// call fails, though the change may stand. It lessens what a failover can
	// lose, and costs every change the way to a replica and back. It needs a
	// *redis.Client or a *redis.ClusterClient. Default: 0, no waiting.
	WaitReplicas int

	// WaitTimeout is how long the replicas may take, in whole milliseconds. It
	// must be shorter than the client's ReadTimeout. Default: 1 second.
	WaitTimeout time.Duration
}

// New returns a store of the records under Options.Prefix on that client's server,
// Sentinel group or Cluster. It is an error if the options are not as they say or
// don't go with the client, and if that is a redis.Ring, which forgets sessions
// whenever a server leaves it or comes back. New calls no server. The client stays
// the caller's to close, after the last call to the store.
func New(client redis.UniversalClient, options Options) (*Store, error) {
	s := &Store{client: client, prefix: options.Prefix, wait: options.WaitReplicas, timeout: options.WaitTimeout}
	if s.prefix == "" {
		s.prefix = "tokenauth:"
	}
	if s.timeout == 0 {
		s.timeout = time.Second
	}
	var readTimeout time.Duration
	switch c := client.(type) {
	case nil:
		return nil, errors.New("redisstore: the client is nil")
	case *redis.Ring:
		return nil, errors.New("redisstore: the client is a Ring, which forgets sessions when its servers change; use a Cluster")
	case *redis.Client:
		s.minds, readTimeout = c.Options().ContextTimeoutEnabled, c.Options().ReadTimeout
	case *redis.ClusterClient:
		s.minds, readTimeout = c.Options().ContextTimeoutEnabled, c.Options().ReadTimeout
	default:
		if s.wait > 0 {
			return nil, fmt.Errorf("redisstore: WaitReplicas does not go with a %T", client)
		}
	}
	switch {
	case strings.ContainsAny(s.prefix, "{}"):
		return nil, errors.New("redisstore: Prefix holds a brace, which would put all users in one hash slot")
	case s.wait < 0:
		return nil, errors.New("redisstore: WaitReplicas is negative")
	case s.timeout < time.Millisecond:
		return nil, errors.New("redisstore: WaitTimeout is shorter than a millisecond")
	case s.wait > 0 && readTimeout > 0 && readTimeout <= s.timeout:
		return nil, fmt.Errorf("redisstore: WaitTimeout, %v, is not shorter than the client's ReadTimeout, %v", s.timeout, readTimeout)
	}
	return s, nil
}
