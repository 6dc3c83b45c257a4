package boltstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"go.etcd.io/bbolt"
)

// Options says how a store uses its file. The zero value works.
type Options struct {
	// Bucket is what the names of the store's buckets begin with. Stores with
	// different ones share a file and no records. Default: "tokenauth".
	Bucket string
}

// Store is a [core.RefreshStore] in a bbolt file. Its methods do what the
// comments there say; their other errors wrap one of bbolt or tell what is wrong with
// the file. New makes one. It is safe for concurrent use.
type Store struct{ file committer }

var _ core.RefreshStore = (*Store)(nil)

// New returns the store in the file that db has opened, and makes its buckets if
// they are not there. A file of a newer format, and one that was opened read-only
// and has no store yet, are errors; of one that was opened read-only and has a store,
// Get and ListUser work. The store doesn't close db: who opened it does, and
// every call after that is an error that matches bbolt's ErrDatabaseNotOpen. Make one
// store of a file and share it: calls share transactions only within a store.
func New(db *bbolt.DB, o Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("boltstore: no database: it is nil")
	}
	if o.Bucket == "" {
		o.Bucket = defaultBucket
	}
	names := namesOf(o.Bucket)
	if err := guarded(func() error { return names.open(db) }); err != nil {
		return nil, fmt.Errorf("boltstore: open: %w", err)
	}
	return &Store{committer{db: db, names: names}}, nil
}

// Create implements [core.RefreshStore]. A record whose id is not one that
// [core.NewRecordID] makes for its user, whose user id is empty, whose user id, device or
// data is longer than [core.Record] allows, or whose generation or times are out
// of range, is an error that matches none of core's. Whether texts are UTF-8 is not
// looked at, and of times what is less than a millisecond is cut off.
func (s *Store) Create(ctx context.Context, t core.Record, limit int) error {
	return s.write(ctx, "create", func(b *buckets) error { return b.create(t, limit) })
}

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	var t core.Record
	err := s.read(ctx, "get", func(b *buckets) (err error) {
		t, _, err = b.get(id)
		return err
	})
	return t, err
}

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	var t core.Record
	err := s.write(ctx, "exchange", func(b *buckets) (err error) {
		t, err = b.exchange(x)
		return err
	})
	if err != nil && !errors.Is(err, core.ErrConflict) {
		return core.Record{}, err
	}
	return t, err
}

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, "revoke", func(b *buckets) error { return b.revoke(id, at) })
}

// RevokeUser implements [core.RefreshStore].
func (s *Store) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	return s.count(ctx, "revoke user", func(b *buckets) (int, error) { return b.revokeUser(userID, at) })
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	var tokens []core.Record
	err := s.read(ctx, "list user", func(b *buckets) (err error) {
		tokens, err = b.listUser(userID, at)
		return err
	})
	return tokens, err
}

// DeleteExpired implements [core.RefreshStore].
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	return s.count(ctx, "delete expired", func(b *buckets) (int, error) { return b.deleteExpired(before, max) })
}

// count runs a write that tells a number, which is 0 after an error.
func (s *Store) count(ctx context.Context, doing string, run func(*buckets) (int, error)) (int, error) {
	var n int
	err := s.write(ctx, doing, func(b *buckets) (err error) {
		n, err = run(b)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (s *Store) write(ctx context.Context, doing string, run func(*buckets) error) error {
	return wrap(ctx, doing, s.file.do(ctx, run))
}

// read runs f in a transaction that only reads.
func (s *Store) read(ctx context.Context, doing string, f func(*buckets) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return wrap(ctx, doing, s.file.view(f))
}

// wrap tells what was being done when the store could not answer. Other errors are
// as the contract has them.
func wrap(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	for _, answer := range []error{core.ErrNotFound, core.ErrExists, core.ErrConflict, ctx.Err()} {
		if errors.Is(err, answer) {
			return err
		}
	}
	return fmt.Errorf("boltstore: %s: %w", doing, err)
}
