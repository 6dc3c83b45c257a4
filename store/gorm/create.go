package gormstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/tokenauth/tokenauth/core"
)

// Create implements [core.RefreshStore]. A record whose id is not one that
// [core.NewRecordID] makes, or whose user id, device or data is longer than
// [core.Record] allows, is an error that matches none of core's.
func (s *Store) Create(ctx context.Context, t core.Record, limit int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !isID(t.ID) {
		return errors.New("gormstore: create: the id is not one that NewRecordID makes")
	}
	if len(t.UserID) > core.MaxUserIDBytes || len(t.Device) > core.MaxDeviceBytes || len(t.Data) > core.MaxDataBytes {
		return errors.New("gormstore: create: the user id, device or data is too long")
	}
	exists := false
	create := func(db session) error {
		inserted, err := s.insert(db, t)
		exists = err == nil && !inserted
		return err
	}
	var err error
	if s.dialect.oneWriter && limit <= 0 {
		err = s.write(ctx, "create", create)
	} else {
		err = s.transact(ctx, "create", func(tx session) error {
			if err := s.lockUser(tx, t.UserID); err != nil {
				return err
			}
			if err := create(tx); err != nil || exists || limit <= 0 {
				return err
			}
			return s.revokeBeyond(tx, t, limit)
		})
	}
	if err == nil && exists {
		return core.ErrExists
	}
	return err
}

// insert reports whether it inserted the record: there may be one of its id.
func (s *Store) insert(db session, t core.Record) (bool, error) {
	n, err := db.exec(s.sql.insert, values(t)...)
	if err != nil && s.isDuplicate(err) {
		return false, nil
	}
	return n == 1, err
}

// login is what decides whether a record is revoked by a later login.
type login struct {
	id                  string
	issuedAt, expiresAt int64
}

// revokeBeyond revokes the oldest of the user's live records so that so many stay
// live, t included.
func (s *Store) revokeBeyond(tx session, t core.Record, limit int) error {
	at := millis(t.IssuedAt)
	var live []login // others than t
	// Reading them all locks them all: what is decided here holds at one moment,
	// in spite of exchanges and revocations, which lock no user.
	err := tx.query(func(rows *sql.Rows) error {
		var l login
		err := rows.Scan(&l.id, &l.issuedAt, &l.expiresAt)
		if l.id != t.ID && at < l.expiresAt {
			live = append(live, l)
		}
		return err
	}, s.sql.unrevoked, []byte(t.UserID))
	if err != nil || len(live) < limit {
		return err
	}
	slices.SortFunc(live, func(a, b login) int {
		return cmp.Or(cmp.Compare(b.issuedAt, a.issuedAt), cmp.Compare(b.id, a.id))
	})
	last := live[limit-1] // the newest that has to go
	_, err = tx.exec(s.sql.revokeOldest, at, []byte(t.UserID), at, t.ID, last.issuedAt, last.issuedAt, last.id)
	return err
}
