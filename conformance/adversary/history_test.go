package adversary_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// history is a store that can be rolled back, whatever store it is made of: it keeps the
// calls that changed that store, and makes some of them again on an empty one. It is for
// one goroutine at a time.
type history struct {
	empty  func() core.RefreshStore
	store  core.RefreshStore
	writes []write
	// looked is what look has found since the last change.
	looked map[string]core.Record
}

// write is a call that changed a store.
type write struct {
	created, exchanged string // the record's ID
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

func (h *history) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	evicted, err := h.store.Create(ctx, r, limit)
	h.note(err, write{created: r.ID, again: func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Create(ctx, r, limit)
		return err
	}})
	return evicted, err
}

func (h *history) Get(ctx context.Context, id string) (core.Record, error) {
	return h.store.Get(ctx, id)
}

func (h *history) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, err := h.store.Exchange(ctx, x)
	h.note(err, write{exchanged: x.ID, again: func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Exchange(ctx, x)
		return err
	}})
	return r, err
}

func (h *history) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	revoked, err := h.store.Revoke(ctx, v)
	h.note(err, write{again: func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Revoke(ctx, v)
		return err
	}})
	return revoked, err
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
	r, ok := h.looked[id]
	if ok || id == "" {
		return r, ok
	}
	r, err := h.store.Get(context.Background(), id)
	if errors.Is(err, core.ErrNotFound) {
		return r, false
	}
	if err != nil {
		panic(err)
	}
	h.looked[id] = r
	return r, true
}

// records returns all records.
func (h *history) records() map[string]core.Record {
	all := map[string]core.Record{}
	for _, w := range h.writes {
		if r, ok := h.look(w.created); ok {
			all[r.ID] = r
		}
	}
	return all
}

// rollBack makes the store what these calls make of an empty one.
func (h *history) rollBack(to []write) {
	h.store, h.writes = h.empty(), to
	clear(h.looked)
	for _, w := range to {
		// Without an exchange that moved its expiry, a record may be gone by then.
		if err := w.again(context.Background(), h.store); err != nil && !errors.Is(err, core.ErrNotFound) {
			panic(err)
		}
	}
}

// forget rolls one record back by some exchanges, and no revocation. It returns the
// record's ID, or none where nothing was ever exchanged.
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
	h.rollBack(slices.DeleteFunc(slices.Clone(h.writes), func(w write) bool {
		if w.exchanged == id {
			kept--
		}
		return w.exchanged == id && kept < 0
	}))
	// A record with fewer exchanges is not live for as long, so that the calls after
	// that may have revoked fewer records.
	for id, r := range before {
		if _, ok := h.look(id); ok && !r.RevokedAt.IsZero() {
			if _, err := h.Revoke(context.Background(), core.Revocation{ID: id, At: r.RevokedAt}); err != nil {
				panic(err)
			}
		}
	}
	return id
}

// restore rolls the whole store back to some moment, more often a late one. It reports
// whether anything had been written.
func (h *history) restore(rng *rand.Rand) bool {
	if len(h.writes) == 0 {
		return false
	}
	h.rollBack(h.writes[:max(rng.IntN(len(h.writes)), rng.IntN(len(h.writes)))])
	return true
}
