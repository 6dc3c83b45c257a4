package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
)

// margin is how much longer than its record a key lives. A record must have expired
// that long ago for a login to delete it. The clocks of callers and servers differ by
// less, even if one is set to a wrong time zone.
const margin = 24 * time.Hour

// deletions is how many unrevoked records that have expired a login deletes at most.
const deletions = 16

// Options says how a [Store] uses its server. The zero value works. It is a plain
// value; it is not safe for concurrent use.
type Options struct {
	// Prefix begins every key: the records of a shard are at Prefix{shard}. Stores
	// with different prefixes share a server and do not see each other's records. It
	// must not contain a brace. Default: "tokenauth:".
	Prefix string

	// WaitReplicas is how many replicas must have a change before the call that
	// makes it returns (WAIT). If fewer acknowledge it within WaitTimeout, the
	// call fails, though the change may stand. It limits what a failover can
	// lose, and costs every change the way to a replica and back. It needs a
	// *redis.Client or a *redis.ClusterClient. Default: 0, no waiting.
	WaitReplicas int

	// WaitTimeout is how long the replicas may take, in whole milliseconds. It
	// must be shorter than the client's ReadTimeout. Default: 1 second.
	WaitTimeout time.Duration
}

// Store is a [core.RefreshStore] in Redis. Its methods do what the comments there
// say. It is a [core.RecordIterator] too. New makes one. It is safe for concurrent use.
type Store struct {
	client         redis.UniversalClient
	prefix         string
	contextTimeout bool          // whether the client stops at the deadline of a context
	wait           int           // for so many replicas
	timeout        time.Duration // for so long
}

var (
	_ core.RefreshStore   = (*Store)(nil)
	_ core.RecordIterator = (*Store)(nil)
)

// New returns a store of the records under Options.Prefix on that client's server,
// Sentinel group or Cluster. It returns an error if an option is not what its comment
// says, or if WaitReplicas does not work with the client. It refuses a redis.Ring, which
// forgets sessions whenever a server leaves it or comes back. New calls no server. The
// caller closes the client, after the last call to the store.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	s := &Store{client: client, prefix: o.Prefix, wait: o.WaitReplicas, timeout: o.WaitTimeout}
	if s.prefix == "" {
		s.prefix = "tokenauth:"
	}
	if s.timeout == 0 {
		s.timeout = time.Second
	}
	var readTimeout time.Duration
	switch c := client.(type) {
	case nil:
		return nil, errors.New("redisstore: client must not be nil")
	case *redis.Ring:
		return nil, errors.New("redisstore: client must not be a Ring, which forgets sessions when its servers change; use a Cluster")
	case *redis.Client:
		s.contextTimeout, readTimeout = c.Options().ContextTimeoutEnabled, c.Options().ReadTimeout
	case *redis.ClusterClient:
		s.contextTimeout, readTimeout = c.Options().ContextTimeoutEnabled, c.Options().ReadTimeout
	default:
		if s.wait > 0 {
			return nil, fmt.Errorf("redisstore: WaitReplicas needs a *redis.Client or a *redis.ClusterClient, not a %T", client)
		}
	}
	switch {
	case strings.ContainsAny(s.prefix, "{}"):
		return nil, errors.New("redisstore: Prefix must not contain a brace, which would put all users in one hash slot")
	case s.wait < 0:
		return nil, errors.New("redisstore: WaitReplicas must not be negative")
	case s.timeout < time.Millisecond:
		return nil, errors.New("redisstore: WaitTimeout must be at least 1 millisecond")
	case s.wait > 0 && readTimeout > 0 && readTimeout <= s.timeout:
		return nil, fmt.Errorf("redisstore: WaitTimeout (%v) must be shorter than the client's ReadTimeout (%v)", s.timeout, readTimeout)
	}
	return s, nil
}

// Create implements [core.RefreshStore]. If [core.Record.Validate] returns an error for
// r, so does Create.
func (s *Store) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	if err := r.Validate(); err != nil {
		return nil, failed("create", err)
	}
	key, name := s.place(r.ID)
	reply, err := s.run(ctx, createScript, key, name, encodeRecord(r), timeBytes(r.RevokedAt), max(0, limit), r.UserID,
		timeBytes(r.IssuedAt), ttl(r.ExpiresAt, r.IssuedAt), r.IssuedAt.Add(-margin).UnixMilli(), deletions, core.KeptDeadRecords)
	if err != nil {
		return nil, err
	}
	if reply == nil {
		return nil, core.ErrExists
	}
	return revoked(createScript, core.IDShard(r.ID), reply, r.IssuedAt)
}

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	if !core.ValidID(id) {
		return core.Record{}, notFound(ctx, getScript)
	}
	key, name := s.place(id)
	reply, err := s.run(ctx, getScript, key, name)
	if err != nil {
		return core.Record{}, err
	}
	return record(getScript, id, reply)
}

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if !core.ValidID(x.ID) {
		return core.Record{}, notFound(ctx, exchangeScript)
	}
	key, name := s.place(x.ID)
	state := appendState(make([]byte, 0, stateBytes), core.Record{
		Generation: x.Generation + 1, AccessRef: x.To, PreviousRef: x.From, ExchangedAt: x.At, ExpiresAt: x.ExpiresAt,
	})
	reply, err := s.run(ctx, exchangeScript, key, name, state, ttl(x.ExpiresAt, x.At))
	if err != nil {
		return core.Record{}, err
	}
	// A text is the part of the record that an exchange leaves as it was. A list holds
	// the record that the exchange did not fit.
	switch reply := reply.(type) {
	case string:
		return record(exchangeScript, x.ID, string(state)+reply)
	case []any:
		if len(reply) == 1 {
			r, err := record(exchangeScript, x.ID, reply[0])
			if err == nil {
				err = core.ErrConflict
			}
			return r, err
		}
	}
	return record(exchangeScript, x.ID, reply)
}

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	shard, name := core.UserShard(v.UserID), ""
	if v.ID != "" {
		if !core.ValidID(v.ID) || v.UserID != "" && shard != core.IDShard(v.ID) {
			return nil, ended(ctx, revokeScript)
		}
		shard = core.IDShard(v.ID)
		name = v.ID[len(shard):]
	}
	except, _ := strings.CutPrefix(v.Except, shard)
	// The zero time is later than any other here, as it is in a record.
	latest := int64(notRevoked)
	if !v.IssuedUntil.IsZero() {
		latest = v.IssuedUntil.UnixMilli()
	}
	reply, err := s.run(ctx, revokeScript, s.shardKey(shard), name, v.UserID, except, latest, timeBytes(v.At), core.KeptDeadRecords)
	if err != nil {
		return nil, err
	}
	return revoked(revokeScript, shard, reply, v.At)
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	shard := core.UserShard(userID)
	reply, err := s.run(ctx, listUserScript, s.shardKey(shard), userID, at.UnixMilli())
	if err != nil {
		return nil, err
	}
	return records(listUserScript, shard, reply)
}

// DeleteExpired implements [core.RefreshStore]. Records in Redis expire by themselves:
// it does nothing and returns 0.
func (s *Store) DeleteExpired(ctx context.Context, _ time.Time, _ int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, failed("delete expired", err)
	}
	return 0, nil
}

// ttl returns how many milliseconds a key must live that holds a record with that
// expiry, computed from the caller's now.
func ttl(expiresAt, now time.Time) int64 {
	return max(0, expiresAt.Sub(now)).Milliseconds() + margin.Milliseconds()
}

// ended returns the context's error, if it has ended.
func ended(ctx context.Context, sc *script) error {
	if err := ctx.Err(); err != nil {
		return failed(sc.name, err)
	}
	return nil
}

// notFound returns the error about a text that is not an ID, and so has no record.
func notFound(ctx context.Context, sc *script) error {
	if err := ended(ctx, sc); err != nil {
		return err
	}
	return core.ErrNotFound
}

// record returns the record of that ID from a script's reply.
func record(sc *script, id string, reply any) (core.Record, error) {
	switch v := reply.(type) {
	case nil:
		return core.Record{}, core.ErrNotFound
	case string:
		r, err := decodeRecord(id, v)
		if err != nil {
			err = failed(sc.name, err)
		}
		return r, err
	}
	return core.Record{}, failed(sc.name, fmt.Errorf("the script replied with a %T", reply))
}

// records returns the records of a script's reply, names and values by turns, the
// newest first.
func records(sc *script, shard string, reply any) ([]core.Record, error) {
	list, ok := reply.([]any)
	if !ok {
		return nil, failed(sc.name, fmt.Errorf("the script replied with a %T", reply))
	}
	all := make([]core.Record, 0, len(list)/2)
	for pair := range slices.Chunk(list, 2) {
		name, _ := pair[0].(string)
		r, err := record(sc, shard+name, pair[len(pair)-1])
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b core.Record) int { return core.CompareRecords(b, a) })
	return all, nil
}

// revoked returns the records of a script's reply, as they stand after they were
// revoked at that moment.
func revoked(sc *script, shard string, reply any, at time.Time) ([]core.Record, error) {
	all, err := records(sc, shard, reply)
	for i := range all {
		all[i].RevokedAt = at
	}
	return all, err
}
