package boltstore

import (
	"context"

	"github.com/tokenauth/tokenauth/core"
)

// MaxShared is how many calls share a transaction at most.
const MaxShared = maxShared

// DeleteStep is how many records are deleted in one transaction.
const DeleteStep = deleteStep

// DropStep is how many dead records a user has too many when they are dropped.
const DropStep = dropStep

// ReadStep is how many records Records reads in one transaction.
const ReadStep = readStep

// Waiting returns how many calls wait for their transaction to begin.
func (s *Store) Waiting() int {
	s.file.mu.Lock()
	defer s.file.mu.Unlock()
	return len(s.file.queue)
}

// Write is a call that does what f says, with a function that writes something
// under a name.
func (s *Store) Write(ctx context.Context, f func(put func(name string)) error) error {
	return s.write(ctx, "write", func(b *buckets) error {
		return f(func(name string) {
			if err := b.putExpiry([]byte(name)); err != nil {
				panic(err)
			}
		})
	})
}

// Encode returns the stored form of a record, with the key that it is stored under.
func Encode(r core.Record) (key, value []byte, err error) {
	e, err := encode(r)
	return e.key[:], e.value, err
}

// Decode returns the record stored under that key, which has 25 bytes.
func Decode(k, value []byte) (core.Record, error) {
	e, err := read(k, value)
	if err != nil {
		return core.Record{}, err
	}
	return e.decode()
}

// Seal sets the checksum in the stored form of a record to what it should be.
func Seal(k, value []byte) {
	sum := checksum(key(k), value)
	value[sumOffset], value[sumOffset+1], value[sumOffset+2], value[sumOffset+3] =
		byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
}
