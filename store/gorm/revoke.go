package gormstore

import (
	"context"
	"errors"
	"math"

	"github.com/tokenauth/tokenauth/core"
)

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if v.ID != "" {
		return s.revokeOne(ctx, v)
	}
	var revoked []core.Record
	err := s.transact(ctx, "revoke", func(tx session) error {
		if err := s.lockUser(tx, v.UserID); err != nil {
			return err
		}
		// With the user locked no record comes, and with the records locked none changes.
		unrevoked, err := records(tx, s.sql.lockUnrevoked, []byte(v.UserID))
		if err != nil {
			return err
		}
		var selected []core.Record
		for _, r := range unrevoked {
			if v.Selects(r) {
				selected = append(selected, r)
			}
		}
		newestFirst(selected)
		revoked, err = s.revokeAll(tx, selected, v.At)
		return err
	})
	if err != nil {
		return nil, err
	}
	return revoked, nil
}

// revokeOne revokes the record of v.ID, if v selects it.
func (s *Store) revokeOne(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if !core.ValidID(v.ID) || v.ID == v.Except {
		return nil, nil
	}
	ofUser, issuedUntil := 0, int64(math.MaxInt64)
	if v.UserID != "" {
		ofUser = 1
	}
	if !v.IssuedUntil.IsZero() {
		issuedUntil = millis(v.IssuedUntil)
	}
	r, changed, err := s.change(ctx, "revoke", v.ID,
		func(r core.Record) (core.Record, bool) {
			possible := v.Selects(r) && r.RevokedAt.IsZero()
			r.RevokedAt = v.At
			return r, possible
		},
		s.sql.revoke, millis(v.At), v.ID, ofUser, []byte(v.UserID), issuedUntil)
	if errors.Is(err, core.ErrNotFound) || err == nil && !changed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []core.Record{r}, nil
}
