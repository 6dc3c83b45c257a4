package memorystore_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

const goroutines = 16

// together runs f in many goroutines and waits for all of them.
func together(f func(i int)) {
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func TestOneExchangeWins(t *testing.T) {
	s := memorystore.New()
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	for range 100 {
		var winner core.Ref
		var won atomic.Int64
		seen := make([]core.Ref, goroutines)
		together(func(i int) {
			x := core.Exchange{ID: record.ID, Generation: record.Generation, From: record.AccessRef,
				To: core.Ref{byte(i), byte(record.Generation), 1}, At: epoch, ExpiresAt: after(10)}
			got, err := s.Exchange(t.Context(), x)
			seen[i] = got.AccessRef
			if err == nil {
				winner = x.To
				won.Add(1)
			} else if !errors.Is(err, core.ErrConflict) {
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d exchanges of one mapping succeeded, want 1", won.Load())
		}
		for _, ref := range seen {
			if ref != winner {
				t.Fatalf("an exchange returned the reference %v, but %v had won", ref, winner)
			}
		}
		record = get(t, s, record.ID)
	}
}

func TestConcurrentLoginsKeepTheLimit(t *testing.T) {
	for limit := 1; limit <= 3; limit++ {
		s := memorystore.New()
		together(func(int) {
			for range 20 {
				record := newRecord("ann", epoch, after(10))
				create(t, s, record, limit)
			}
		})
		if got := len(list(t, s, "ann", epoch)); got != limit {
			t.Errorf("%d sessions are live after concurrent logins, want %d", got, limit)
		}
	}
}

// Whatever calls run beside one another, every record that was created is there
// until it is deleted, once.
func TestEveryRecordIsDeletedOnce(t *testing.T) {
	s := memorystore.New()
	users := []string{neighbour1, neighbour2}
	for i := range 98 { // so many that no user has more dead records than are kept
		users = append(users, fmt.Sprint("user ", i))
	}
	var created, deleted atomic.Int64
	together(func(i int) {
		random := rand.New(rand.NewPCG(uint64(i), 0))
		mine := newRecord(fmt.Sprintf("user-%d", i), epoch, after(1000))
		for range 500 {
			user, at := users[random.IntN(len(users))], after(random.IntN(100))
			var err error
			switch random.IntN(6) {
			case 0, 1:
				mine = newRecord(user, at, after(100+random.IntN(100)))
				_, err = s.Create(t.Context(), mine, random.IntN(4))
				created.Add(1)
			case 2:
				_, err = s.Exchange(t.Context(), core.Exchange{ID: mine.ID, Generation: 1 << 20, At: at, ExpiresAt: after(100 + random.IntN(100))})
			case 3:
				_, err = s.Revoke(t.Context(), core.Revocation{UserID: user, At: at})
			case 4:
				_, err = s.ListUser(t.Context(), user, at)
			case 5:
				var n int
				n, err = s.DeleteExpired(t.Context(), after(150), 3)
				deleted.Add(int64(n))
			}
			if err != nil && !errors.Is(err, core.ErrNotFound) && !errors.Is(err, core.ErrConflict) {
				t.Error(err)
			}
		}
	})
	rest, err := s.DeleteExpired(t.Context(), after(1000), int(created.Load()))
	must(t, err)
	if got := int(deleted.Load()) + rest; got != int(created.Load()) {
		t.Errorf("%d records were created and %d deleted", created.Load(), got)
	}
	for _, user := range users {
		expectList(t, s, user, epoch)
	}
}
