package memorystore

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Store is a [core.RefreshStore] in memory. Its methods do what the comments
// there say; their only other error is Create's, for a record that is not as
// [core.Record] says. New makes one. It is safe for concurrent use.
type Store struct {
	seed       maphash.Seed
	partitions [64]partition // so many that calls for different users seldom meet
}

var _ core.RefreshStore = (*Store)(nil)

// New returns an empty store. It needs no closing.
func New() *Store {
	s := &Store{seed: maphash.MakeSeed()}
	for i := range s.partitions {
		s.partitions[i].ids = make(map[idKey]uint32)
		s.partitions[i].shards = make(map[idShard]uint32)
	}
	return s
}

// Create implements [core.RefreshStore]. A record whose id is not one that
// [core.NewRecordID] makes for its user, or whose user id, device or data is longer
// than [core.Record] allows, is an error that matches none of core's.
func (s *Store) Create(ctx context.Context, t core.Record, limit int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	id, ok := parseID(t.ID)
	if !ok || !id.isOf(t.UserID) {
		return errors.New("memorystore: create: the id is not one that NewRecordID makes for the user")
	}
	if len(t.UserID) > core.MaxUserIDBytes || len(t.Device) > core.MaxDeviceBytes || len(t.Data) > core.MaxDataBytes {
		return errors.New("memorystore: create: the user id, device or data is too long")
	}
	shard := id.shard()
	p := s.lock(shard)
	defer p.mu.Unlock()
	if p.find(id) != 0 {
		return core.ErrExists
	}
	if limit > 0 {
		at := millis(t.IssuedAt)
		live := p.live(shard, t.UserID, at)
		slices.SortFunc(live, byAge)
		for _, r := range live[:max(0, len(live)-(limit-1))] {
			r.revokedAt = at
		}
	}
	p.insert(id, t)
	return nil
}

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	p, number, err := s.lockRecord(ctx, id)
	if err != nil {
		return core.Record{}, err
	}
	defer p.mu.Unlock()
	return p.token(id, p.records.at(number)), nil
}

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	p, number, err := s.lockRecord(ctx, x.ID)
	if err != nil {
		return core.Record{}, err
	}
	defer p.mu.Unlock()
	r := p.records.at(number)
	stands := r.generation == x.Generation && r.accessRef == x.From
	behind := r.generation < x.Generation
	if !r.live(millis(x.At)) || !stands && !behind {
		return p.token(x.ID, r), core.ErrConflict
	}
	r.generation = x.Generation + 1
	r.accessRef, r.previousRef = x.To, x.From
	r.exchangedAt = millis(x.At)
	if expiresAt := millis(x.ExpiresAt); expiresAt != r.expiresAt {
		r.expiresAt = expiresAt
		p.expiry.move(number, expiresAt)
	}
	return p.token(x.ID, r), nil
}

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, id string, at time.Time) error {
	p, number, err := s.lockRecord(ctx, id)
	if err != nil {
		return err
	}
	defer p.mu.Unlock()
	if r := p.records.at(number); r.revokedAt == notRevoked {
		r.revokedAt = millis(at)
	}
	return nil
}

// RevokeUser implements [core.RefreshStore].
func (s *Store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	shard := shardOf(userID)
	p := s.lock(shard)
	defer p.mu.Unlock()
	n := 0
	for _, r := range p.live(shard, userID, millis(at)) {
		if r.issuedAt <= millis(at) {
			r.revokedAt = millis(at)
			n++
		}
	}
	return n, nil
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	shard := shardOf(userID)
	p := s.lock(shard)
	defer p.mu.Unlock()
	live := p.live(shard, userID, millis(at))
	slices.SortFunc(live, byAge)
	tokens := make([]core.Record, 0, len(live))
	for _, r := range slices.Backward(live) {
		tokens = append(tokens, p.token(string(r.id[:]), r))
	}
	return tokens, nil
}

// lock locks the partition of that shard and returns it.
func (s *Store) lock(shard idShard) *partition {
	p := &s.partitions[maphash.Bytes(s.seed, shard[:])%uint64(len(s.partitions))]
	p.mu.Lock()
	return p
}

// lockRecord locks the partition of the record with that id and returns it with
// the record's number in it. After an error nothing is locked.
func (s *Store) lockRecord(ctx context.Context, text string) (*partition, uint32, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	id, ok := parseID(text)
	if !ok {
		return nil, 0, core.ErrNotFound
	}
	p := s.lock(id.shard())
	number := p.find(id)
	if number == 0 {
		p.mu.Unlock()
		return nil, 0, core.ErrNotFound
	}
	return p, number, nil
}
