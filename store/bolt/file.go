package boltstore

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// fileFormat is the number of the layout of the buckets, kept in the file: a
// program that knows only earlier ones refuses it.
const fileFormat = 1

// defaultBucket is the default of Options.Bucket.
const defaultBucket = "tokenauth"

var formatKey = []byte("format")

// names are the names of a store's buckets. This is the layout of a file, and it
// is as stable as that of a record.
type names struct {
	// meta holds formatKey, one byte.
	meta []byte
	// records holds the records by key, so those of a user are neighbours.
	records []byte
	// expiry holds an expiry key for each record, with an empty value.
	expiry []byte
}

func namesOf(bucket string) names {
	return names{[]byte(bucket + ".meta"), []byte(bucket + ".records"), []byte(bucket + ".expiry")}
}

var errNoStore = errors.New("the file holds no store")

// open makes sure that the buckets are there and of the format known here.
func (n names) open(db *bbolt.DB) error {
	err := db.View(n.check)
	if !errors.Is(err, errNoStore) {
		return err
	}
	if db.IsReadOnly() {
		return fmt.Errorf("%w and cannot be written to", err)
	}
	return db.Update(func(tx *bbolt.Tx) error {
		// Another store may have been faster.
		if err := n.check(tx); !errors.Is(err, errNoStore) {
			return err
		}
		return n.create(tx)
	})
}

// check returns errNoStore if there is none of the buckets.
func (n names) check(tx *bbolt.Tx) error {
	meta, records, expiry := tx.Bucket(n.meta), tx.Bucket(n.records), tx.Bucket(n.expiry)
	if meta == nil && records == nil && expiry == nil {
		return errNoStore
	}
	if meta == nil {
		return fmt.Errorf("the bucket %q or %q is not one of this package", n.records, n.expiry)
	}
	format := meta.Get(formatKey)
	if len(format) != 1 {
		return fmt.Errorf("bucket %q has no format version", n.meta)
	}
	if format[0] > fileFormat {
		return fmt.Errorf("%w (%d; this program knows %d)", errNewer, format[0], fileFormat)
	}
	if format[0] != fileFormat || records == nil || expiry == nil {
		return fmt.Errorf("the buckets of format %d are not complete", format[0])
	}
	return nil
}

func (n names) create(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucket(n.meta)
	if err != nil {
		return err
	}
	if _, err = tx.CreateBucket(n.records); err != nil {
		return err
	}
	if _, err = tx.CreateBucket(n.expiry); err != nil {
		return err
	}
	return meta.Put(formatKey, []byte{fileFormat})
}

// expiryFill is how full a page of the expiry bucket gets before it is split. Most
// records expire later than those before them, so hardly anything is ever put
// into the middle of a page.
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

// put stores a record, but not when it expires.
func (b *buckets) put(e entry) error {
	b.writes++
	return b.records.Put(e.key[:], e.value)
}

// delete deletes the record that has that expiry key.
func (b *buckets) delete(expiryKey []byte) error {
	b.writes++
	if err := b.records.Delete(expiryKey[momentBytes:]); err != nil {
		return err
	}
	return b.deleteExpiry(expiryKey)
}

func (b *buckets) putExpiry(expiryKey []byte) error {
	b.writes++
	return b.expiry.Put(expiryKey, nil)
}

func (b *buckets) deleteExpiry(expiryKey []byte) error {
	b.writes++
	return b.expiry.Delete(expiryKey)
}
