package gormstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Create implements [core.RefreshStore].
func (s *Store) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var evicted []core.Record
	err := s.transact(ctx, "create", func(tx session) (err error) {
		evicted, err = s.create(tx, r, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return evicted, nil
}

func (s *Store) create(tx session, r core.Record, limit int) ([]core.Record, error) {
	if err := s.insert(tx, r); err != nil {
		return nil, err
	}
	userID := []byte(r.UserID)
	survey, args := s.sql.dead, []any{userID}
	if limit > 0 {
		// Reading the unrevoked records locks them. So what is decided here holds at one
		// moment, in spite of exchanges and revocations, which do not lock the user.
		survey, args = s.sql.lockUnrevokedAndDead, []any{userID, userID}
	}
	found, err := records(tx, survey, args...)
	if err != nil {
		return nil, err
	}
	var live, dead []core.Record // others than r
	for _, other := range found {
		switch {
		case !other.RevokedAt.IsZero():
			dead = append(dead, other)
		case other.ID != r.ID && other.Live(r.IssuedAt):
			live = append(live, other)
		}
	}
	if err := s.drop(tx, dead); err != nil {
		return nil, err
	}
	if limit <= 0 || len(live) < limit {
		return nil, nil
	}
	newestFirst(live)
	return s.revokeAll(tx, live[limit-1:], r.IssuedAt)
}

// drop deletes those of the records that were revoked before the last of them. Where that is
// equal the index leaves the order open, so it keeps those that were issued in the
// same millisecond.
func (s *Store) drop(tx session, dead []core.Record) error {
	if len(dead) == 0 {
		return nil
	}
	order := func(a, b core.Record) int {
		return cmp.Or(a.RevokedAt.Compare(b.RevokedAt), a.IssuedAt.Compare(b.IssuedAt))
	}
	last := slices.MaxFunc(dead, order)
	var ids []string
	for _, r := range dead {
		if order(r, last) < 0 {
			ids = append(ids, r.ID)
		}
	}
	_, err := s.deleteIDs(tx, ids, math.MaxInt64)
	return err
}

// insert locks the user and inserts the record.
func (s *Store) insert(tx session, r core.Record) error {
	args := values(r)
	if s.dialect.advisory {
		args = append(args, s.lockNumber(r.UserID))
	} else if err := s.lockUser(tx, r.UserID); err != nil {
		return err
	}
	n, err := tx.exec(s.sql.insert, args...)
	if n == 0 && err == nil || err != nil && s.isDuplicate(err) {
		return core.ErrExists
	}
	return err
}

// revokeAll revokes records that are locked and unrevoked, and returns them as they then
// stand.
func (s *Store) revokeAll(tx session, locked []core.Record, at time.Time) ([]core.Record, error) {
	ids := make([]string, len(locked))
	for i := range locked {
		locked[i].RevokedAt = at
		ids[i] = locked[i].ID
	}
	n, err := execIDs(tx, s.sql.revokeIDs, []any{millis(at)}, ids, nil)
	if err == nil && n != len(ids) {
		err = fmt.Errorf("%d records revoked, not the %d that are locked", n, len(ids))
	}
	return locked, err
}

// execIDs executes a statement that has a list of IDs between other values, as often as
// it takes, and returns how many rows it changed. texts has a text for each of listSizes.
func execIDs(db session, texts map[int]string, before []any, ids []string, after []any) (int, error) {
	changed := 0
	for list := range slices.Chunk(ids, maxIDs) {
		size, _ := slices.BinarySearch(listSizes[:], len(list))
		args := slices.Clone(before)
		for i := range listSizes[size] {
			args = append(args, list[min(i, len(list)-1)])
		}
		n, err := db.exec(texts[listSizes[size]], append(args, after...)...)
		changed += n
		if err != nil {
			return changed, err
		}
	}
	return changed, nil
}

func newestFirst(records []core.Record) {
	slices.SortFunc(records, func(a, b core.Record) int { return core.CompareRecords(b, a) })
}
