package adversary_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// history is a store that can be set back, whatever store it is made of: it keeps the
// calls that changed that, and makes some of them again on an empty one. It is for one
// goroutine at a time.
type history struct {
	empty  func() core.RefreshStore
	store  core.RefreshStore
	writes []write
	// looked is what look has found since the last change.
	looked map[string]core.Record
}

// write is a call that changed a store.
type write struct {
	created, exchanged string // the record's id
	again              func(context.Context, core.RefreshStore) error
}

// newHistory returns the history of the store that empty returns. That is empty each
// time, and the one before can be the same.
func newHistory(empty func() core.RefreshStore) *history {
	return &history{empty: empty, store: empty(), looked: map[string]core.Record{}}
}

// note keeps the call if it had no error.
func (h *history) note(err error, w write) {
	if err == nil {
		h.writes = append(h.writes, w)
		clear(h.looked)
	}
}

func (h *history) Create(ctx context.Context, t core.Record, limit int) error {
	err := h.store.Create(ctx, t, limit)
	h.note(err, write{created: t.ID, again: func(ctx context.Context, s core.RefreshStore) error { return s.Create(ctx, t, limit) }})
	return err
}

func (h *history) Get(ctx context.Context, id string) (core.Record, error) {
	return h.store.Get(ctx, id)
}

func (h *history) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	t, err := h.store.Exchange(ctx, x)
	h.note(err, write{exchanged: x.ID, again: func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Exchange(ctx, x)
		return err
	}})
	return t, err
}

func (h *history) Revoke(ctx context.Context, id string, at time.Time) error {
	err := h.store.Revoke(ctx, id, at)
	h.note(err, write{again: func(ctx context.Context, s core.RefreshStore) error { return s.Revoke(ctx, id, at) }})
	return err
}

func (h *history) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	n, err := h.store.RevokeUser(ctx, userID, at)
	h.note(err, write{again: func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.RevokeUser(ctx, userID, at)
		return err
	}})
	return n, err
}

func (h *history) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	return h.store.ListUser(ctx, userID, at)
}

func (h *history) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	n, err := h.store.DeleteExpired(ctx, before, max)
	h.note(err, write{again: func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.DeleteExpired(ctx, before, max)
		return err
	}})
	return n, err
}

// look returns the record as it stands. Between two changes it asks the store once.
func (h *history) look(id string) (core.Record, bool) {
	t, ok := h.looked[id]
	if ok || id == "" {
		return t, ok
	}
	t, err := h.store.Get(context.Background(), id)
	if errors.Is(err, core.ErrNotFound) {
		return t, false
	}
	if err != nil {
		panic(err)
	}
	h.looked[id] = t
	return t, true
}

// records returns all records.
func (h *history) records() map[string]core.Record {
	all := map[string]core.Record{}
	for _, w := range h.writes {
		if t, ok := h.look(w.created); ok {
			all[t.ID] = t
		}
	}
	return all
}

// setBack makes the store what these calls make of an empty one.
func (h *history) setBack(to []write) {
	h.store, h.writes = h.empty(), to
	clear(h.looked)
	for _, w := range to {
		// Without an exchange that moved its expiry, a record can have gone by then.
		if err := w.again(context.Background(), h.store); err != nil && !errors.Is(err, core.ErrNotFound) {
			panic(err)
		}
	}
}

// forget sets one record back by some exchanges, and no revocation. It returns the
// record's id, or none where nothing was ever exchanged.
func (h *history) forget(rng *rand.Rand) string {
	var exchanged []string
	for _, w := range h.writes {
		if w.exchanged != "" {
			exchanged = append(exchanged, w.exchanged)
		}
	}
	if len(exchanged) == 0 {
		return ""
	}
	id := exchanged[rng.IntN(len(exchanged))]
	kept := rng.IntN(len(slices.DeleteFunc(exchanged, func(other string) bool { return other != id })))
	before := h.records()
	h.setBack(slices.DeleteFunc(slices.Clone(h.writes), func(w write) bool {
		if w.exchanged == id {
			kept--
		}
		return w.exchanged == id && kept < 0
	}))
	// Nor is it live for as long, so that calls after that can have revoked less.
	for id, t := range before {
		if _, ok := h.look(id); ok && !t.RevokedAt.IsZero() {
			if err := h.Revoke(context.Background(), id, t.RevokedAt); err != nil {
				panic(err)
			}
		}
	}
	return id
}

// restore sets the whole back to some moment, more often a late one. It reports whether
// anything had been written.
func (h *history) restore(rng *rand.Rand) bool {
	if len(h.writes) == 0 {
		return false
	}
	h.setBack(h.writes[:max(rng.IntN(len(h.writes)), rng.IntN(len(h.writes)))])
	return true
}
