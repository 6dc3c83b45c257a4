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

// margin is how much longer than its record a key lives, and by how much a record
// must have expired before a login deletes it: more than the clocks of callers and
// servers differ, one set to a wrong time zone included.
const margin = 24 * time.Hour

// deletions is how many expired records a login deletes at most.
const deletions = 16

// Store is a [core.RefreshStore] in Redis. Its methods do what the comments there
// say. New makes one. It is safe for concurrent use.
type Store struct {
	client  redis.UniversalClient
	prefix  string
	minds   bool          // whether the client minds the deadline of a context
	wait    int           // for so many replicas
	timeout time.Duration // for so long
}

var _ core.RefreshStore = (*Store)(nil)

// Create implements [core.RefreshStore]. A record whose id is not one that
// [core.NewRecordID] makes for its user, or whose user id, device or data is none that
// [core.Record] allows, is an error that matches none of core's.
func (s *Store) Create(ctx context.Context, t core.Record, limit int) error {
	key, field, ok := s.place(t.ID)
	if !ok || core.IDShard(t.ID) != core.UserShard(t.UserID) {
		return errors.New("redisstore: create: the id is not one that NewRecordID makes for the user")
	}
	if len(t.UserID) > core.MaxUserIDBytes || len(t.Device) > core.MaxDeviceBytes || len(t.Data) > core.MaxDataBytes {
		return errors.New("redisstore: create: the user id, device or data is too long")
	}
	if !areTexts(t.UserID, t.Device) {
		return errors.New("redisstore: create: the user id is empty, or it or the device is not UTF-8, or the device has a NUL")
	}
	at := t.IssuedAt.UnixMilli()
	r := s.run(ctx, createScript, key, field, encodeRecord(t), max(0, limit), t.UserID,
		at, appendMoment(nil, at), ttl(t.ExpiresAt, t.IssuedAt), at-margin.Milliseconds(), deletions)
	created, err := r.number()
	if err == nil && created == 0 {
		return core.ErrExists
	}
	return err
}

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	key, field, ok := s.place(id)
	if !ok {
		return core.Record{}, notFound(ctx, getScript)
	}
	r := s.run(ctx, getScript, key, field)
	v, err := r.text()
	if err != nil {
		return core.Record{}, err
	}
	return r.decode(id, v)
}

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	key, field, ok := s.place(x.ID)
	if !ok {
		return core.Record{}, notFound(ctx, exchangeScript)
	}
	state := appendState(make([]byte, 0, stateBytes), x.Generation+1, x.To, x.From, x.At, x.ExpiresAt, notRevoked)
	r := s.run(ctx, exchangeScript, key, field, state, ttl(x.ExpiresAt, x.At))
	if err := r.failure(); err != nil {
		return core.Record{}, err
	}
	// A text is the part of the record that the exchange left as it was, a list of
	// one the record that the exchange did not fit.
	if constant, err := r.cmd.Text(); err == nil {
		return r.decode(x.ID, string(state)+constant)
	}
	standing, err := r.texts()
	if err != nil {
		return core.Record{}, err
	}
	if len(standing) != 1 {
		return core.Record{}, r.script.failed(errFormat)
	}
	t, err := r.decode(x.ID, standing[0])
	if err == nil {
		err = core.ErrConflict
	}
	return t, err
}

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, id string, at time.Time) error {
	key, field, ok := s.place(id)
	if !ok {
		return notFound(ctx, revokeScript)
	}
	_, err := s.run(ctx, revokeScript, key, field, appendMoment(nil, at.UnixMilli())).number()
	return err
}

// RevokeUser implements [core.RefreshStore].
func (s *Store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	ms := at.UnixMilli()
	return s.run(ctx, revokeUserScript, s.key(core.UserShard(userID)), userID, ms, appendMoment(nil, ms)).number()
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	shard := core.UserShard(userID)
	r := s.run(ctx, listUserScript, s.key(shard), userID, at.UnixMilli())
	live, err := r.texts() // fields and records by turns
	if err != nil {
		return nil, err
	}
	tokens := make([]core.Record, 0, len(live)/2)
	for pair := range slices.Chunk(live, 2) {
		id := shard + pair[0]
		if _, _, ok := s.place(id); !ok { // then Get and Revoke would not find it
			return nil, r.script.failed(errDamaged)
		}
		t, err := r.decode(id, pair[len(pair)-1])
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
	slices.SortFunc(tokens, newestFirst)
	return tokens, nil
}

// DeleteExpired implements [core.RefreshStore]. Records in Redis go by themselves:
// it does nothing and returns 0.
func (s *Store) DeleteExpired(ctx context.Context, _ time.Time, _ int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("redisstore: delete expired: %w", err)
	}
	return 0, nil
}

func newestFirst(a, b core.Record) int {
	if c := b.IssuedAt.Compare(a.IssuedAt); c != 0 {
		return c
	}
	return strings.Compare(b.ID, a.ID)
}

// ttl returns how many milliseconds a key must live that holds a record with that
// expiry, reckoned from the caller's now.
func ttl(expiresAt, now time.Time) int64 {
	return max(0, expiresAt.Sub(now)).Milliseconds() + margin.Milliseconds()
}

// notFound is the answer about a text that is no id, and so can't have a record.
func notFound(ctx context.Context, sc *script) error {
	if err := ctx.Err(); err != nil {
		return sc.failed(err)
	}
	return core.ErrNotFound
}
