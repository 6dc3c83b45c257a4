package adversary_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestAStoreInMemoryIsRolledBack(t *testing.T) {
	isRolledBack(t, memory, true, 300)
}

// isRolledBack shows that a history of the store is rolled back as if what came after had
// never been, and that what it forgets are exchanges alone, on n random histories.
func isRolledBack(t *testing.T, open func() core.RefreshStore, deletes bool, n int) {
	t.Helper()
	for i := range n {
		rng := rand.New(rand.NewPCG(*seed, uint64(i)))
		for _, check := range []func(*calls, *history) error{(*calls).rollBack, (*calls).forget} {
			if err := check(&calls{rng: rng, now: start, deletes: deletes}, newHistory(open)); err != nil {
				t.Fatalf("history %d: %v", i, err)
			}
		}
	}
}

// rollBack makes calls of the history, rolls it back, and compares it with the plain store
// that got only the calls before.
func (c *calls) rollBack(h *history) error {
	plain := newPlainStore()
	both := func(n int) error {
		for range n {
			call := c.next()
			if got, want := call(h), call(plain); got != want {
				return fmt.Errorf("%s, want %s", got, want)
			}
		}
		return nil
	}
	if err := both(c.rng.IntN(20)); err != nil {
		return err
	}
	writes := len(h.writes)
	for range c.rng.IntN(20) {
		c.next()(h)
	}
	h.rollBack(h.writes[:writes])
	for _, t := range c.sessions {
		if got, want := get(h, t.ID), get(plain, t.ID); got != want {
			return fmt.Errorf("%s, want %s", got, want)
		}
	}
	return both(20)
}

// forget has the history forget exchanges, and asks what has become of each record.
func (c *calls) forget(h *history) error {
	past := map[string][]core.Record{}
	for range 30 {
		c.next()(h)
		for id, t := range h.records() {
			past[id] = append(past[id], t)
		}
	}
	before := h.records()
	forgetful := h.forget(c.rng)
	after := h.records()
	for id, was := range before {
		is, there := after[id]
		switch {
		case id != forgetful && !same(was, is):
			return fmt.Errorf("nothing of it was forgotten, and %v became %v", was, is)
		case id != forgetful:
		case !there && c.deletes: // without the exchange it would have been deleted
		case is.RevokedAt.IsZero() != was.RevokedAt.IsZero():
			return fmt.Errorf("%v became %v, which changes the revocation", was, is)
		case is.Generation >= was.Generation || !slices.ContainsFunc(past[id], func(p core.Record) bool {
			p.RevokedAt = is.RevokedAt
			return same(p, is)
		}):
			return fmt.Errorf("%v became %v, which it never was", was, is)
		}
	}
	return nil
}

// calls makes calls of a store at random.
type calls struct {
	rng     *rand.Rand
	now     time.Time
	deletes bool // with DeleteExpired
	// sessions are those that were created, as the exchanges left them that were meant
	// to succeed.
	sessions []core.Record
}

// next returns a call, which says in words what the store has answered.
func (c *calls) next() func(core.RefreshStore) string {
	ctx, at := context.Background(), c.now
	c.now = at.Add(time.Duration(c.rng.IntN(600_000)) * time.Millisecond)
	user := []string{"ada", "bob"}[c.rng.IntN(2)]
	expiry := at.Add(time.Hour) // an idle timeout
	if len(c.sessions) == 0 || c.rng.IntN(100) < 30 {
		limit := c.rng.IntN(4)
		t := core.Record{
			ID: core.NewRecordID(user), UserID: user, AccessRef: ref(0), IssuedAt: at, ExchangedAt: at,
			ExpiresAt: expiry,
		}
		c.sessions = append(c.sessions, t)
		return func(s core.RefreshStore) string {
			evicted, err := s.Create(ctx, t, limit)
			return words("Create", evicted, err)
		}
	}
	t := &c.sessions[c.rng.IntN(len(c.sessions))]
	id := t.ID
	switch n := c.rng.IntN(100); {
	case n < 50:
		x := core.Exchange{ID: id, Generation: t.Generation, From: t.AccessRef, To: ref(t.Generation + 1), At: at, ExpiresAt: expiry}
		t.Generation, t.AccessRef = x.Generation+1, x.To
		return exchange(x)
	case n < 65:
		g := max(0, t.Generation+c.rng.Int64N(5)-2)
		return exchange(core.Exchange{ID: id, Generation: g, From: ref(g), To: ref(g + 1), At: at, ExpiresAt: expiry})
	case n < 80:
		return revoke(core.Revocation{ID: id, At: at})
	case n < 85 && c.deletes:
		return func(s core.RefreshStore) string {
			n, err := s.DeleteExpired(ctx, at.Add(-time.Minute), 500)
			return words("DeleteExpired", n, err)
		}
	case n < 90:
		return revoke(core.Revocation{UserID: user, IssuedUntil: at, At: at})
	case n < 93:
		return revoke(core.Revocation{UserID: user, Except: id, At: at})
	default:
		return func(s core.RefreshStore) string {
			list, err := s.ListUser(ctx, user, at)
			return words("ListUser", list, err)
		}
	}
}

func exchange(x core.Exchange) func(core.RefreshStore) string {
	return func(s core.RefreshStore) string {
		t, err := s.Exchange(context.Background(), x)
		return words("Exchange", t, err)
	}
}

func revoke(v core.Revocation) func(core.RefreshStore) string {
	return func(s core.RefreshStore) string {
		revoked, err := s.Revoke(context.Background(), v)
		return words("Revoke", revoked, err)
	}
}

func get(s core.RefreshStore, id string) string {
	t, err := s.Get(context.Background(), id)
	return words("Get", t, err)
}

// ref returns the reference that all sessions have at a generation.
func ref(generation int64) core.Ref {
	var r core.Ref
	binary.BigEndian.PutUint64(r[:], uint64(generation)+1)
	return r
}

// words says what a method has returned.
func words(method string, results ...any) string {
	for i, result := range results {
		for _, known := range []error{core.ErrNotFound, core.ErrConflict} {
			if err, ok := result.(error); ok && errors.Is(err, known) {
				results[i] = known
			}
		}
	}
	return method + ": " + fmt.Sprintln(results...)
}

// same reports whether two records are the same; of a revocation, whether there is one.
func same(a, b core.Record) bool {
	for _, t := range []*core.Record{&a, &b} {
		if !t.RevokedAt.IsZero() {
			t.RevokedAt = start
		}
	}
	return words("", a) == words("", b)
}
