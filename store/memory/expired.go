package memorystore

import (
	"context"
	"time"
)

// DeleteExpired implements [core.RefreshStore]. It holds up all other calls while
// it deletes.
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	// Which records expired first is true of the whole store at one moment
	// only, so all of it is locked. No other call waits for a second lock.
	for i := range s.partitions {
		s.partitions[i].mu.Lock()
	}
	defer func() {
		for i := range s.partitions {
			s.partitions[i].mu.Unlock()
		}
	}()

	limit := millis(before)
	var due queue // partitions, by what expires first in them
	for i := range s.partitions {
		if first, ok := s.partitions[i].expiry.first(); ok && first.at < limit {
			due.add(uint32(i), first.at)
		}
	}
	n := 0
	for ; n < max; n++ {
		first, ok := due.first()
		if !ok {
			break
		}
		p := &s.partitions[first.number]
		p.deleteFirst()
		if next, ok := p.expiry.first(); ok && next.at < limit {
			due.move(first.number, next.at)
		} else {
			due.removeFirst()
		}
	}
	return n, nil
}
