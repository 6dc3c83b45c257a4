package boltstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

// Store is a [core.RefreshStore] in a bbolt file, and a [core.RecordIterator]. Its
// methods do what the comments there say; their other errors wrap one of bbolt or
// say what is wrong with the file or the record. New makes one. It is safe for
// concurrent use.
type Store struct{ file committer }

var (
	_ core.RefreshStore   = (*Store)(nil)
	_ core.RecordIterator = (*Store)(nil)
)

// New returns the store in the file that db has opened, and makes its buckets if
// they are not there. A file of a newer format is an error. So is a file that was
// opened read-only and has no store yet; if it has one, Get, ListUser and Records work.
//
// The store does not close db. After db is closed, every call is an error that matches
// bbolt's ErrDatabaseNotOpen. Make one store of a file and share it: calls share
// transactions only within a store.
func New(db *bbolt.DB, o Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("boltstore: the database must not be nil")
	}
	if o.Bucket == "" {
		o.Bucket = defaultBucket
	}
	names := namesOf(o.Bucket)
	if err := guarded(func() error { return names.open(db) }); err != nil {
		return nil, fmt.Errorf("boltstore: open: %w", err)
	}
	return &Store{committer{db: db, names: names, place: placeOf(db)}}, nil
}

// Create implements [core.RefreshStore]. A record that [core.Record.Validate] refuses
// is an error that matches none of core's.
func (s *Store) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	return s.change(ctx, "create", func(b *buckets) ([]core.Record, error) { return b.create(r, limit) })
}

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	var r core.Record
	err := s.read(ctx, "get", func(b *buckets) (err error) {
		r, err = b.get(id)
		return err
	})
	return r, err
}

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	var r core.Record
	err := s.write(ctx, "exchange", func(b *buckets) (err error) {
		r, err = b.exchange(x)
		return err
	})
	if err != nil && !errors.Is(err, core.ErrConflict) {
		return core.Record{}, err
	}
	return r, err
}

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	return s.change(ctx, "revoke", func(b *buckets) ([]core.Record, error) { return b.revoke(v) })
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	var records []core.Record
	err := s.read(ctx, "list user", func(b *buckets) (err error) {
		records, err = b.listUser(userID, at)
		return err
	})
	return records, err
}

// deleteStep is how many records are deleted in one transaction.
const deleteStep = 16

// DeleteExpired implements [core.RefreshStore]. It deletes the records that expired
// first, a few in each of several transactions, which it shares with other calls. If
// it fails on its way, it returns how many records it has deleted and the error.
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	deleted := 0
	for deleted < max {
		step, n := min(max-deleted, deleteStep), 0
		err := s.write(ctx, "delete expired", func(b *buckets) (err error) {
			n, err = b.deleteExpired(before, step)
			return err
		})
		if err != nil {
			return deleted, err
		}
		deleted += n
		if n < step {
			break
		}
	}
	return deleted, nil
}

// readStep is how many records Records reads in one transaction.
const readStep = 100

// Records implements [core.RecordIterator]. It yields the records in the order of
// their IDs' bytes, read a few at a time: no transaction is open while the loop's
// body runs. A record that is damaged ends the iteration with an error.
func (s *Store) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		var after []byte
		for more := true; more; more = after != nil {
			var records []core.Record
			err := s.read(ctx, "records", func(b *buckets) (err error) {
				records, after, err = b.page(after, readStep)
				return err
			})
			for _, r := range records {
				if ctx.Err() != nil {
					err = ctx.Err()
					break
				}
				if !yield(r, nil) {
					return
				}
			}
			if err != nil {
				yield(core.Record{}, err)
				return
			}
		}
	}
}

// change runs a write that returns the records that it has revoked, which are none
// after an error.
func (s *Store) change(ctx context.Context, doing string, run func(*buckets) ([]core.Record, error)) ([]core.Record, error) {
	var revoked []core.Record
	err := s.write(ctx, doing, func(b *buckets) (err error) {
		revoked, err = run(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return revoked, nil
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

// wrap says in the error what the store could not do. Sentinels and the context's error
// it leaves as they are.
func wrap(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{core.ErrNotFound, core.ErrExists, core.ErrConflict, ctx.Err()} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("boltstore: %s: %w", doing, err)
}
