package boltstore

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// The methods below are those of the store in a transaction. Each decides and
// encodes everything before it writes anything.

func (b *buckets) create(t core.Record, limit int) error {
	k, ok := parseID(t.ID)
	if !ok || !k.isOf(t.UserID) {
		return errors.New("the id is not one that NewRecordID makes for the user")
	}
	value, err := encode(k, t)
	if err != nil {
		return err
	}
	if b.records.Get(k[:]) != nil {
		return core.ErrExists
	}
	changes := []change{{k, value}}
	if limit > 0 {
		excess, err := b.excess(t, limit)
		if err != nil {
			return err
		}
		changes = append(changes, excess...)
	}
	if err := b.put(changes...); err != nil {
		return err
	}
	return b.putExpiry(expiryKey(t.ExpiresAt, k))
}

// excess returns the revocations that leave room for t within the limit.
func (b *buckets) excess(t core.Record, limit int) ([]change, error) {
	live, err := b.ofUser(t.UserID, func(other core.Record) bool { return other.Live(t.IssuedAt) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(live, byAge)
	return revocations(live[:max(0, len(live)-(limit-1))], t.IssuedAt)
}

func (b *buckets) exchange(x core.Exchange) (core.Record, error) {
	t, k, err := b.get(x.ID)
	if err != nil {
		return t, err
	}
	stands := t.Generation == x.Generation && t.AccessRef == x.From
	behind := t.Generation < x.Generation
	if !t.Live(x.At) || !stands && !behind {
		return t, core.ErrConflict
	}
	expiredAt := t.ExpiresAt
	t.Generation = x.Generation + 1
	t.AccessRef, t.PreviousRef = x.To, x.From
	t.ExchangedAt, t.ExpiresAt = moment(x.At.UnixMilli()), moment(x.ExpiresAt.UnixMilli())
	c, err := changeTo(stored{k, t})
	if err != nil {
		return t, err
	}
	if err := b.put(c); err != nil {
		return t, err
	}
	if t.ExpiresAt.Equal(expiredAt) {
		return t, nil
	}
	if err := b.deleteExpiry(expiryKey(expiredAt, k)); err != nil {
		return t, err
	}
	return t, b.putExpiry(expiryKey(t.ExpiresAt, k))
}

func (b *buckets) revoke(id string, at time.Time) error {
	t, k, err := b.get(id)
	if err != nil || !t.RevokedAt.IsZero() {
		return err
	}
	changes, err := revocations([]stored{{k, t}}, at)
	if err != nil {
		return err
	}
	return b.put(changes...)
}

func (b *buckets) revokeUser(userID string, at time.Time) (int, error) {
	live, err := b.ofUser(userID, func(t core.Record) bool { return t.Live(at) && !t.IssuedAt.After(at) })
	if err != nil {
		return 0, err
	}
	changes, err := revocations(live, at)
	if err != nil {
		return 0, err
	}
	return len(changes), b.put(changes...)
}

func (b *buckets) listUser(userID string, at time.Time) ([]core.Record, error) {
	live, err := b.ofUser(userID, func(t core.Record) bool { return t.Live(at) })
	if err != nil {
		return nil, err
	}
	slices.SortFunc(live, byAge)
	tokens := make([]core.Record, 0, len(live))
	for _, s := range slices.Backward(live) {
		tokens = append(tokens, s.Record)
	}
	return tokens, nil
}

// revocations returns the changes that revoke the records at that moment.
func revocations(records []stored, at time.Time) ([]change, error) {
	changes := make([]change, len(records))
	for i, s := range records {
		s.RevokedAt = at
		var err error
		if changes[i], err = changeTo(s); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// byAge orders records as the contract does, the oldest first.
func byAge(a, b stored) int {
	return cmp.Or(a.IssuedAt.Compare(b.IssuedAt), strings.Compare(a.ID, b.ID))
}
