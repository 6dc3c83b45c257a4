package redisstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
)

// The steps of an iteration. A server serves nobody else during one command, and
// rarely during the commands of one pipeline.
const (
	scanStep  = 100 // keys that a SCAN looks at
	hscanStep = 16  // fields that an HSCAN looks at, and HSCANs sent at once
)

// slots is how many hash slots a Cluster has.
const slots = 16384

// errMoved ends an iteration that may have missed records.
var errMoved = errors.New("a server was replaced or slots moved; iterate again when they have stopped")

// errStop ends an iteration whose loop has ended.
var errStop = errors.New("stop")

// Records implements [core.RecordIterator] by SCAN and HSCAN on each master. It needs a
// *redis.Client or a *redis.ClusterClient. A server that restarts or fails over ends the
// iteration with an error, and so does a slot of the Cluster that moves: records may
// have been missed then.
func (s *Store) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		err := s.iterate(ctx, yield)
		if _, moved := redis.IsMovedError(err); moved {
			err = errMoved
		}
		if _, moved := redis.IsAskError(err); moved {
			err = errMoved
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(core.Record{}, failed("records", err))
		}
	}
}

func (s *Store) iterate(ctx context.Context, yield func(core.Record, error) bool) error {
	masters, err := s.masters(ctx)
	if err != nil {
		return err
	}
	before, err := s.states(ctx, masters)
	if err != nil {
		return err
	}
	for _, master := range masters {
		if err := s.scan(ctx, master, yield); err != nil {
			return err
		}
	}
	after, err := s.states(ctx, masters)
	if err == nil && !slices.Equal(before, after) {
		err = errMoved
	}
	return err
}

// masters returns a client of each server that has records.
func (s *Store) masters(ctx context.Context) ([]*redis.Client, error) {
	switch client := s.client.(type) {
	case *redis.Client:
		return []*redis.Client{client}, nil
	case *redis.ClusterClient:
		return read(ctx, s, func() ([]*redis.Client, error) {
			var mu sync.Mutex
			var masters []*redis.Client
			err := client.ForEachMaster(ctx, func(_ context.Context, master *redis.Client) error {
				mu.Lock()
				defer mu.Unlock()
				masters = append(masters, master)
				return nil
			})
			return masters, err
		})
	}
	return nil, fmt.Errorf("client must be a *redis.Client or a *redis.ClusterClient, not a %T", s.client)
}

// read is within for a function that returns a value.
func read[T any](ctx context.Context, s *Store, f func() (T, error)) (T, error) {
	var v, none T
	err := s.within(ctx, func() (err error) {
		if v, err = f(); err != nil {
			err = s.because(ctx, err)
		}
		return err
	})
	if err != nil {
		return none, err
	}
	return v, nil
}

// states returns texts that stay the same as long as no master is replaced or
// restarted and no slot moves.
func (s *Store) states(ctx context.Context, masters []*redis.Client) ([]string, error) {
	_, cluster := s.client.(*redis.ClusterClient)
	states := make([]string, len(masters))
	owned := 0
	for i, master := range masters {
		replies, err := read(ctx, s, func() ([]string, error) {
			info, err := master.Info(ctx, "replication").Result()
			if err != nil || !cluster {
				return []string{info}, err
			}
			nodes, err := master.ClusterNodes(ctx).Result()
			return []string{info, nodes}, err
		})
		if err != nil {
			return nil, err
		}
		if states[i] = replicationID(replies[0]); states[i] == "" {
			return nil, errors.New("INFO replication has no master_replid")
		}
		if !cluster {
			continue
		}
		epoch, ranges, err := ownSlots(replies[1])
		if err != nil {
			return nil, err
		}
		states[i] += " " + epoch + " " + strings.Join(ranges, " ")
		for _, r := range ranges {
			owned += slotsIn(r)
		}
	}
	if cluster && owned != slots {
		return nil, errMoved
	}
	return states, nil
}

// replicationID returns the ID in what INFO replied. A server gets another one when it
// starts and when it becomes a master.
func replicationID(info string) string {
	_, rest, _ := strings.Cut(info, "master_replid:")
	id, _, _ := strings.Cut(rest, "\r\n")
	return id
}

// ownSlots returns the configuration epoch of the server that replied to CLUSTER
// NODES, which grows when a slot moves there, and its ranges of slots. A slot
// that is moving just now is errMoved.
func ownSlots(nodes string) (epoch string, ranges []string, err error) {
	for node := range strings.Lines(nodes) {
		fields := strings.Fields(node)
		if len(fields) < 8 || !slices.Contains(strings.Split(fields[2], ","), "myself") {
			continue
		}
		for _, r := range fields[8:] {
			if strings.HasPrefix(r, "[") {
				return "", nil, errMoved
			}
		}
		return fields[6], fields[8:], nil
	}
	return "", nil, errors.New("CLUSTER NODES does not list the server itself")
}

// slotsIn returns how many slots are in a range as CLUSTER NODES writes it.
func slotsIn(r string) int {
	first, last, ok := strings.Cut(r, "-")
	if !ok {
		return 1
	}
	from, _ := strconv.Atoi(first)
	to, _ := strconv.Atoi(last)
	return to - from + 1
}

// scan yields the records of one server.
func (s *Store) scan(ctx context.Context, master *redis.Client, yield func(core.Record, error) bool) error {
	pattern := escape(s.prefix) + "{*}"
	var cursor uint64
	for {
		keys, err := read(ctx, s, func() (keys []string, err error) {
			keys, cursor, err = master.Scan(ctx, cursor, pattern, scanStep).Result()
			return keys, err
		})
		if err != nil {
			return err
		}
		keys = slices.DeleteFunc(keys, func(key string) bool {
			_, ok := s.keyShard(key)
			return !ok
		})
		for some := range slices.Chunk(keys, hscanStep) {
			if err := s.scanHashes(ctx, master, some, yield); err != nil {
				return err
			}
		}
		if cursor == 0 {
			return nil
		}
	}
}

// escape returns a pattern of SCAN that only the text itself matches.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}

// scanHashes yields the records in the hashes of those keys.
func (s *Store) scanHashes(ctx context.Context, master *redis.Client, keys []string, yield func(core.Record, error) bool) error {
	cursors := map[string]uint64{}
	for _, key := range keys {
		cursors[key] = 0
	}
	for len(cursors) > 0 {
		scans, err := read(ctx, s, func() (map[string]*redis.ScanCmd, error) {
			pipe, scans := master.Pipeline(), map[string]*redis.ScanCmd{}
			for key, cursor := range cursors {
				scans[key] = pipe.HScan(ctx, key, cursor, "", hscanStep)
			}
			_, err := pipe.Exec(ctx)
			return scans, err
		})
		if err != nil {
			return err
		}
		for key, scan := range scans {
			fields, cursor := scan.Val() // names and values by turns
			cursors[key] = cursor
			if err := s.yieldFields(ctx, key, fields, yield); err != nil {
				return err
			}
		}
		maps.DeleteFunc(cursors, func(_ string, cursor uint64) bool { return cursor == 0 })
	}
	return nil
}

func (s *Store) yieldFields(ctx context.Context, key string, fields []string, yield func(core.Record, error) bool) error {
	shard, _ := s.keyShard(key)
	for pair := range slices.Chunk(fields, 2) {
		if strings.HasPrefix(pair[0], "=") || strings.HasPrefix(pair[0], "+") {
			continue // a list
		}
		r, err := decodeRecord(shard+strings.TrimPrefix(pair[0], "-"), pair[len(pair)-1])
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if !yield(r, nil) {
			return errStop
		}
	}
	return nil
}
