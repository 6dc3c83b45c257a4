package boltstore

import (
	"fmt"
	"time"
)

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
		if err := b.deleteRecord(k[momentBytes:]); err != nil {
			return 0, err
		}
		if err := b.deleteExpiry(k); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}
