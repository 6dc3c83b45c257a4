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
	// Prefix begins every key: a shard's records are at Prefix{shard}. Stores
	// with different prefixes share a server without seeing one another. It
	// must not hold a brace. Default: "tokenauth:".
	Prefix string

	// WaitReplicas is how many replicas must have acknowledged a change before
	// the call that made it returns (WAIT). If fewer do within WaitTimeout, the
	// call fails, though the change may stand. It lessens what a failover can
	// lose, and costs each change a round trip between the server and its
	// replicas. Default: 0, no waiting.
	WaitReplicas int

	// WaitTimeout is how long the replicas may take, in whole milliseconds. It
	// must be shorter than the client's ReadTimeout. Default: 1 second.
	WaitTimeout time.Duration
}

// withDefaults returns the options with every default filled in, or an error if
// they don't go together with that client.
func (o Options) withDefaults(client redis.UniversalClient) (Options, error) {
	if o.Prefix == "" {
		o.Prefix = "tokenauth:"
	}
	if strings.ContainsAny(o.Prefix, "{}") {
		return o, errors.New("redisstore: Prefix holds a brace, which would put users together in one hash slot")
	}
	if o.WaitTimeout == 0 {
		o.WaitTimeout = time.Second
	}
	var readTimeout time.Duration
	switch c := client.(type) {
	case nil:
		return o, errors.New("redisstore: the client is nil")
	case *redis.Ring:
		return o, errors.New("redisstore: a Ring forgets sessions whenever a server leaves it or returns; use a Cluster")
	case *redis.Client:
		readTimeout = c.Options().ReadTimeout
	case *redis.ClusterClient:
		readTimeout = c.Options().ReadTimeout
	default:
		if o.WaitReplicas > 0 {
			return o, fmt.Errorf("redisstore: WaitReplicas needs a *redis.Client or *redis.ClusterClient, not a %T", client)
		}
	}
	switch {
	case o.WaitReplicas < 0:
		return o, errors.New("redisstore: WaitReplicas is negative")
	case o.WaitTimeout < time.Millisecond:
		return o, errors.New("redisstore: WaitTimeout is shorter than a millisecond")
	case o.WaitReplicas > 0 && readTimeout > 0 && readTimeout <= o.WaitTimeout:
		return o, fmt.Errorf("redisstore: WaitTimeout, %v, is not shorter than the client's ReadTimeout, %v", o.WaitTimeout, readTimeout)
	}
	return o, nil
}
