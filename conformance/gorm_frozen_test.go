package conformance_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
	"gorm.io/gorm"
)

// guard is how long a call may take that is to end by itself.
const guard = 20 * time.Second

// frozen returns when a login of that user has begun in the database of the DSN, in a
// process that then stands still until the test ends.
func (d gormDialect) frozen(t *testing.T, dsn, user string) {
	t.Helper()
	db, s := d.reopened(t, dsn, &gorm.Config{})
	stands, goes := make(chan struct{}), make(chan struct{})
	var once sync.Once
	must(t, db.Callback().Raw().After("*").Register("freeze", func(*gorm.DB) {
		once.Do(func() {
			close(stands)
			<-goes
		})
	}))
	var login sync.WaitGroup
	login.Go(func() { _, _ = s.Create(context.Background(), loginOf(user, noon), 1) })
	t.Cleanup(func() {
		close(goes)
		login.Wait()
	})
	<-stands
}

// TestGormFrozenLoginStopsNobodyElse has a login stand still in its transaction.
func TestGormFrozenLoginStopsNobodyElse(t *testing.T) {
	for name, d := range map[string]gormDialect{
		"PostgreSQL": gormPostgreSQL(t, server.PostgreSQL(t)),
		"MariaDB":    gormMariaDB(server.MariaDB(t)),
	} {
		t.Run(name, func(t *testing.T) {
			dsn := d.create(t)
			_, s := d.reopened(t, dsn, &gorm.Config{})
			expired := loginOf("bob", noon.Add(-24*time.Hour))
			created(t, s, expired, 1)
			login := loginOf("bob", noon)
			created(t, s, login, 0)
			d.frozen(t, dsn, "ann")

			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			if n, err := s.DeleteExpired(ctx, noon, 10); n != 1 || err != nil {
				t.Errorf("DeleteExpired: %d, %v; want 1", n, err)
			}
			if _, err := s.Exchange(ctx, exchangeOf(login)); err != nil {
				t.Error("Exchange:", err)
			}
			if _, err := s.Create(ctx, loginOf("bob", noon), 1); err != nil {
				t.Error("Create:", err)
			}
			if _, err := s.Revoke(ctx, core.Revocation{UserID: "bob", At: noon}); err != nil {
				t.Error("Revoke:", err)
			}
		})
	}
}

// TestGormCommitOnAStalledNetworkEnds has the network stall just before a commit.
func TestGormCommitOnAStalledNetworkEnds(t *testing.T) {
	for name, d := range map[string]gormDialect{
		"PostgreSQL": gormPostgreSQL(t, server.PostgreSQL(t)),
		"MariaDB":    gormMariaDB(server.MariaDB(t)),
	} {
		t.Run(name, func(t *testing.T) {
			proxy := server.NewProxy(t, d.server.Addr())
			db, s := d.reopened(t, strings.Replace(d.create(t), d.server.Addr(), proxy.Addr(), 1), &gorm.Config{})
			created(t, s, loginOf("ann", noon), 0)
			ctx, cancel := context.WithCancel(t.Context())
			must(t, db.Callback().Raw().After("*").Register("stall", func(tx *gorm.DB) {
				if strings.Contains(tx.Statement.SQL.String(), "SET revoked_at") { // the last statement
					proxy.Set(storetest.Stalled)
					time.AfterFunc(50*time.Millisecond, cancel) // when it commits
				}
			}))
			ended := make(chan error, 1)
			go func() {
				_, err := s.Create(ctx, loginOf("ann", noon), 1)
				ended <- err
			}()
			select {
			case err := <-ended:
				if err == nil {
					t.Error("Create succeeded")
				}
			case <-time.After(guard):
				t.Error("Create does not end")
				proxy.Set(storetest.NoFault)
				<-ended
			}
			proxy.Set(storetest.NoFault)
			created(t, s, loginOf("bob", noon), 1)
		})
	}
}

// TestGormDeleteExpiredWaitsForNobody deletes half the table while another transaction has
// locked a live record, and on PostgreSQL an expired one too.
func TestGormDeleteExpiredWaitsForNobody(t *testing.T) {
	for name, d := range map[string]gormDialect{
		"PostgreSQL": gormPostgreSQL(t, server.PostgreSQL(t)),
		"MariaDB":    gormMariaDB(server.MariaDB(t)),
	} {
		t.Run(name, func(t *testing.T) {
			db, s := d.opened(t, &gorm.Config{})
			var expired, live string
			fillGorm(t, db, 300, func(i int) core.Record {
				login := loginOf(fmt.Sprint("user ", i), noon)
				if i%2 == 0 {
					login.ExpiresAt = noon.Add(time.Minute)
					expired = login.ID
				} else {
					live = login.ID
				}
				return login
			})
			locked, want := []string{live}, 150
			if name == "PostgreSQL" {
				locked, want = append(locked, expired), want-1
			}
			tx := db.Begin()
			defer tx.Rollback()
			must(t, tx.Exec("SELECT id FROM refresh_tokens WHERE id IN ? FOR UPDATE", locked).Error)
			ctx, cancel := context.WithTimeout(t.Context(), guard)
			defer cancel()
			if n, err := s.DeleteExpired(ctx, noon.Add(10*time.Minute), 1000); n != want || err != nil {
				t.Errorf("DeleteExpired: %d, %v; want %d", n, err, want)
			}
		})
	}
}
