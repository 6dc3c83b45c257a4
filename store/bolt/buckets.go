package boltstore

import (
	"bytes"
	"fmt"

	"github.com/tokenauth/tokenauth/core"
	"go.etcd.io/bbolt"
)

// expiryFill is how full a page of the expiry bucket gets before it is split. Most
// records expire later than those before them, so hardly anything is ever put
// into the midst of a page.
const expiryFill = 0.9

// buckets are the store's in one transaction.
type buckets struct {
	records, expiry *bbolt.Bucket
	// writes is how many puts and deletes were begun.
	writes int
}

func (n names) in(tx *bbolt.Tx) (*buckets, error) {
	b := &buckets{records: tx.Bucket(n.records), expiry: tx.Bucket(n.expiry)}
	if b.records == nil || b.expiry == nil {
		return nil, fmt.Errorf("the buckets %q and %q are gone", n.records, n.expiry)
	}
	b.expiry.FillPercent = expiryFill
	return b, nil
}

// get returns the record of that id, with its key, or core.ErrNotFound.
func (b *buckets) get(id string) (core.Record, key, error) {
	k, ok := parseID(id)
	if !ok {
		return core.Record{}, k, core.ErrNotFound
	}
	value := b.records.Get(k[:])
	if value == nil {
		return core.Record{}, k, core.ErrNotFound
	}
	t, err := decode(k, value)
	return t, k, err
}

// stored is a record with its key.
type stored struct {
	key key
	core.Record
}

// ofUser returns the records of the user that are picked. It looks at those of
// users who share the shard too; it is as good as certain that none do.
func (b *buckets) ofUser(userID string, pick func(core.Record) bool) ([]stored, error) {
	var picked []stored
	shard := shardOf(userID)
	c := b.records.Cursor()
	for k, value := c.Seek(shard); bytes.HasPrefix(k, shard); k, value = c.Next() {
		if len(k) != keyBytes {
			return nil, fmt.Errorf("the key %x is corrupt", k)
		}
		s := stored{key: key(k)}
		var err error
		if s.Record, err = decode(s.key, value); err != nil {
			return nil, err
		}
		if s.UserID == userID && pick(s.Record) {
			picked = append(picked, s)
		}
	}
	return picked, nil
}

// change is what a record is to be.
type change struct {
	key   key
	value []byte
}

func changeTo(s stored) (change, error) {
	value, err := encode(s.key, s.Record)
	return change{s.key, value}, err
}

// put stores the changes, but not when they expire.
func (b *buckets) put(changes ...change) error {
	for _, c := range changes {
		b.writes++
		if err := b.records.Put(c.key[:], c.value); err != nil {
			return err
		}
	}
	return nil
}

func (b *buckets) putExpiry(expiryKey []byte) error {
	b.writes++
	return b.expiry.Put(expiryKey, nil)
}

func (b *buckets) deleteExpiry(expiryKey []byte) error {
	b.writes++
	return b.expiry.Delete(expiryKey)
}

func (b *buckets) deleteRecord(k []byte) error {
	b.writes++
	return b.records.Delete(k)
}
