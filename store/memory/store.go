package memorystore

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// partitionBits makes so many partitions that calls for different users seldom meet.
const partitionBits = 6

// Store is a [core.RefreshStore] in memory, and a [core.RecordIterator]. Its methods
// do what the comments there say; their only other error is Create's, for a
// record that [core.Record.Validate] refuses. New makes one. It is safe for
// concurrent use.
type Store struct {
	seed       uint64 // odd and random, so that nobody can choose user IDs of one partition
	partitions [1 << partitionBits]partition
}

var (
	_ core.RefreshStore   = (*Store)(nil)
	_ core.RecordIterator = (*Store)(nil)
)

// New returns an empty store. It needs no closing.
func New() *Store {
	s := &Store{seed: rand.Uint64() | 1}
	for i := range s.partitions {
		p := &s.partitions[i]
		p.ids = make(map[idKey]uint32)
		p.unrevoked = make(map[idShard]uint32)
		p.revoked = make(map[idShard]deadList)
	}
	return s
}

// Create implements [core.RefreshStore]. A record that [core.Record.Validate]
// refuses is an error that matches none of core's.
func (s *Store) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("memorystore: create: %w", err)
	}
	id, _ := parseID(r.ID)
	p := s.lock(id.shard())
	defer p.mu.Unlock()
	if p.find(&id) != 0 {
		return nil, core.ErrExists
	}
	var evicted []core.Record
	if limit > 0 {
		if live := p.live(p.ofUser(id.shard(), r.UserID), r.IssuedAt); len(live) >= limit {
			evicted = p.revoke(p.newestFirst(live)[limit-1:], r.IssuedAt)
		}
	}
	p.insert(id, r)
	return evicted, nil
}

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	p, number, err := s.lockRecord(ctx, id)
	if err != nil {
		return core.Record{}, err
	}
	defer p.mu.Unlock()
	return p.load(id, p.records.at(number)), nil
}

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	p, number, err := s.lockRecord(ctx, x.ID)
	if err != nil {
		return core.Record{}, err
	}
	defer p.mu.Unlock()
	if !p.exchange(number, x) {
		err = core.ErrConflict
	}
	return p.load(x.ID, p.records.at(number)), err
}

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, numbers := s.lockUnrevoked(v)
	if p == nil {
		return nil, nil
	}
	defer p.mu.Unlock()
	selected := slices.DeleteFunc(p.newestFirst(numbers), func(f found) bool { return !v.Selects(f.Record) })
	return p.revoke(selected, v.At), nil
}

// lockUnrevoked locks the partition of what v can select and returns it with the
// numbers of the unrevoked records among which v selects. If there can be none, it
// locks nothing and returns nil.
func (s *Store) lockUnrevoked(v core.Revocation) (*partition, []uint32) {
	if v.ID == "" {
		shard := shardOf(v.UserID)
		p := s.lock(shard)
		return p, p.ofUser(shard, v.UserID)
	}
	id, ok := parseID(v.ID)
	if !ok {
		return nil, nil
	}
	p := s.lock(id.shard())
	if number := p.find(&id); number != 0 && !p.records.at(number).revoked() {
		return p, []uint32{number}
	}
	return p, nil
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	shard := shardOf(userID)
	p := s.lock(shard)
	defer p.mu.Unlock()
	live := p.newestFirst(p.live(p.ofUser(shard, userID), at))
	records := make([]core.Record, len(live))
	for i, f := range live {
		records[i] = f.Record
	}
	return records, nil
}

// DeleteExpired implements [core.RefreshStore]. It deletes the records that expired
// first, and holds a lock for one record at a time. If the context ends the call on its
// way, it returns how many records it has deleted and the context's error.
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	limit := millis(before)
	var due queue // partitions, by what expires first in them
	for i := range s.partitions {
		p := &s.partitions[i]
		p.mu.Lock()
		if first, ok := p.expiry.first(); ok && first.at < limit {
			due.add(uint32(i), first.at)
		}
		p.mu.Unlock()
	}
	n := 0
	for n < max {
		earliest, ok := due.first()
		if !ok {
			break
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		p := &s.partitions[earliest.number]
		p.mu.Lock()
		if p.deleteFirst(limit) {
			n++
		}
		next, ok := p.expiry.first()
		p.mu.Unlock()
		if ok && next.at < limit {
			due.move(earliest.number, next.at)
		} else {
			due.remove(earliest.number)
		}
	}
	return n, nil
}

// readStep is how many records Records reads at a time.
const readStep = 32

// Records implements [core.RecordIterator]. It holds no lock while the loop's body
// runs.
func (s *Store) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		for i := range s.partitions {
			p := &s.partitions[i]
			p.mu.Lock()
			last := p.records.last // records created from now on may have higher numbers
			p.mu.Unlock()
			for first := uint32(1); first <= last; first += readStep {
				p.mu.Lock()
				records := p.read(first, min(first+readStep-1, last))
				p.mu.Unlock()
				for _, r := range records {
					if err := ctx.Err(); err != nil {
						yield(core.Record{}, err)
						return
					}
					if !yield(r, nil) {
						return
					}
				}
			}
		}
		if err := ctx.Err(); err != nil {
			yield(core.Record{}, err)
		}
	}
}

// lock locks the partition of that shard and returns it.
func (s *Store) lock(shard idShard) *partition {
	hash := binary.LittleEndian.Uint64(shard[:]) * s.seed
	p := &s.partitions[hash>>(64-partitionBits)]
	p.mu.Lock()
	return p
}

// lockRecord locks the partition of the record with that ID and returns it with
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
	number := p.find(&id)
	if number == 0 {
		p.mu.Unlock()
		return nil, 0, core.ErrNotFound
	}
	return p, number, nil
}
