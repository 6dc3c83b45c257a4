package boltstore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// The methods below are those of the store in a transaction. Each decides and
// encodes everything before it writes anything.

func (b *buckets) create(r core.Record, limit int) ([]core.Record, error) {
	created, err := encode(r)
	if err != nil {
		return nil, err
	}
	if b.records.Get(created.key[:]) != nil {
		return nil, core.ErrExists
	}
	var evictions revocation
	if limit > 0 {
		unrevoked, dead, err := b.ofUser(r.UserID)
		if err != nil {
			return nil, err
		}
		live, err := newestFirst(unrevoked, func(other core.Record) bool { return other.Live(r.IssuedAt) })
		if err != nil {
			return nil, err
		}
		if evictions, err = revoke(live[min(len(live), limit-1):], r.IssuedAt, dead); err != nil {
			return nil, err
		}
	}
	if err := b.put(created); err != nil {
		return nil, err
	}
	if err := b.putExpiry(expiryKey(r.ExpiresAt, created.key)); err != nil {
		return nil, err
	}
	return evictions.revoked, b.write(evictions)
}

// get returns the record of that ID, or core.ErrNotFound.
func (b *buckets) get(id string) (core.Record, error) {
	k, ok := parseID(id)
	if !ok {
		return core.Record{}, core.ErrNotFound
	}
	value := b.records.Get(k[:])
	if value == nil {
		return core.Record{}, core.ErrNotFound
	}
	e, err := read(k[:], value)
	if err != nil {
		return core.Record{}, err
	}
	return e.decode()
}

func (b *buckets) exchange(x core.Exchange) (core.Record, error) {
	was, err := b.get(x.ID)
	if err != nil {
		return was, err
	}
	r, ok := was.Exchanged(x)
	if !ok {
		return r, core.ErrConflict
	}
	exchanged, err := encode(r)
	if err != nil {
		return r, err
	}
	if err := b.put(exchanged); err != nil {
		return r, err
	}
	if r.ExpiresAt.Equal(was.ExpiresAt) {
		return r, nil
	}
	if err := b.deleteExpiry(expiryKey(was.ExpiresAt, exchanged.key)); err != nil {
		return r, err
	}
	return r, b.putExpiry(expiryKey(r.ExpiresAt, exchanged.key))
}

func (b *buckets) revoke(v core.Revocation) ([]core.Record, error) {
	userID := v.UserID
	var selected []core.Record
	if v.ID != "" {
		r, err := b.get(v.ID)
		switch {
		case errors.Is(err, core.ErrNotFound):
			return nil, nil
		case err != nil:
			return nil, err
		case !r.RevokedAt.IsZero() || !v.Selects(r):
			return nil, nil
		}
		userID, selected = r.UserID, []core.Record{r}
	}
	unrevoked, dead, err := b.ofUser(userID)
	if err != nil {
		return nil, err
	}
	if v.ID == "" {
		if selected, err = newestFirst(unrevoked, v.Selects); err != nil {
			return nil, err
		}
	}
	revocations, err := revoke(selected, v.At, dead)
	if err != nil {
		return nil, err
	}
	return revocations.revoked, b.write(revocations)
}

func (b *buckets) listUser(userID string, at time.Time) ([]core.Record, error) {
	unrevoked, _, err := b.ofUser(userID)
	if err != nil {
		return nil, err
	}
	return newestFirst(unrevoked, func(r core.Record) bool { return r.Live(at) })
}

// deleteExpired walks the expiry bucket from its start. It reads no records: when a
// record expires is in its expiry key.
func (b *buckets) deleteExpired(before time.Time, max int) (int, error) {
	var due [][]byte
	limit := before.UnixMilli()
	c := b.expiry.Cursor()
	// The keys are gathered first, because a cursor does not survive a deletion.
	for k, _ := c.First(); k != nil && len(due) < max; k, _ = c.Next() {
		if len(k) != expiryKeyBytes {
			return 0, fmt.Errorf("the expiry key %x is corrupt", k)
		}
		if readMoment(k) >= limit {
			break
		}
		due = append(due, k)
	}
	for _, k := range due {
		if err := b.delete(k); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// page returns the records whose keys follow on a key, n at most, and the last of
// their keys, nil after the last record.
func (b *buckets) page(after []byte, n int) (records []core.Record, last []byte, err error) {
	c := b.records.Cursor()
	k, value := c.Seek(after)
	if after != nil && bytes.Equal(k, after) {
		k, value = c.Next()
	}
	for ; k != nil && len(records) < n; k, value = c.Next() {
		e, err := read(k, value)
		if err != nil {
			return records, nil, err
		}
		r, err := e.decode()
		if err != nil {
			return records, nil, err
		}
		records, last = append(records, r), bytes.Clone(k)
	}
	if len(records) < n {
		last = nil
	}
	return records, last, nil
}

// ofUser returns the user's records, not decoded. It passes over those of users
// who share the shard; it is as good as certain that none do.
func (b *buckets) ofUser(userID string) (unrevoked, dead []entry, err error) {
	shard := shardOf(userID)
	c := b.records.Cursor()
	for k, value := c.Seek(shard); bytes.HasPrefix(k, shard); k, value = c.Next() {
		e, err := read(k, value)
		switch {
		case err != nil:
			return nil, nil, err
		case !e.isOf(userID):
		case e.isRevoked():
			dead = append(dead, e)
		default:
			unrevoked = append(unrevoked, e)
		}
	}
	return unrevoked, dead, nil
}

// newestFirst returns the records that are picked, the newest first.
func newestFirst(entries []entry, pick func(core.Record) bool) ([]core.Record, error) {
	var picked []core.Record
	for _, e := range entries {
		r, err := e.decode()
		if err != nil {
			return nil, err
		}
		if pick(r) {
			picked = append(picked, r)
		}
	}
	slices.SortFunc(picked, func(a, b core.Record) int { return core.CompareRecords(b, a) })
	return picked, nil
}

// revocation is what the revocation of some records of a user changes.
type revocation struct {
	revoked []core.Record // as they stand afterwards
	puts    []entry       // their stored form
	drops   [][]byte      // expiry keys of dead records that need not be kept any more
}

// revoke revokes unrevoked records of a user who has those dead ones.
func revoke(unrevoked []core.Record, at time.Time, dead []entry) (revocation, error) {
	v := revocation{revoked: unrevoked}
	for i := range v.revoked {
		v.revoked[i].RevokedAt = at
		put, err := encode(v.revoked[i])
		if err != nil {
			return v, err
		}
		v.puts = append(v.puts, put)
	}
	if len(dead)+len(v.puts) < core.KeptDeadRecords+dropStep {
		return v, nil
	}
	lastRevokedFirst, err := newestFirst(slices.Concat(dead, v.puts), func(core.Record) bool { return true })
	if err != nil {
		return v, err
	}
	slices.SortStableFunc(lastRevokedFirst, func(a, b core.Record) int { return b.RevokedAt.Compare(a.RevokedAt) })
	for _, r := range lastRevokedFirst[core.KeptDeadRecords:] {
		k, _ := parseID(r.ID)
		v.drops = append(v.drops, expiryKey(r.ExpiresAt, k))
	}
	return v, nil
}

// dropStep is how many dead records a user has too many when they are dropped.
const dropStep = 25

func (b *buckets) write(v revocation) error {
	for _, put := range v.puts {
		if err := b.put(put); err != nil {
			return err
		}
	}
	for _, drop := range v.drops {
		if err := b.delete(drop); err != nil {
			return err
		}
	}
	return nil
}
