package conformance_test

import (
	"context"
	"errors"
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
	login.Go(func() { _ = s.Create(context.Background(), loginOf(user, noon), 1) })
	t.Cleanup(func() {
		close(goes)
		login.Wait()
	})
	<-stands
}

// TestGormPostgreSQLFrozenLoginStopsNobodyElse has DeleteExpired wait for a login
// whose process stands still: others must not wait behind it.
func TestGormPostgreSQLFrozenLoginStopsNobodyElse(t *testing.T) {
	d := gormPostgreSQL(t, server.PostgreSQL(t))
	dsn := d.create(t)
	db, s := d.reopened(t, dsn, &gorm.Config{})
	login := loginOf("bob", noon)
	must(t, s.Create(t.Context(), login, 1))
	d.frozen(t, dsn, "ann")

	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	var deleting sync.WaitGroup
	defer deleting.Wait()
	deleting.Go(func() { _, _ = s.DeleteExpired(ctx, noon, 10) })
	for waiting := 0; waiting == 0; {
		must(t, ctx.Err())
		must(t, db.Raw("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").Scan(&waiting).Error)
	}
	if _, err := s.Exchange(ctx, exchangeOf(login)); err != nil {
		t.Error("Exchange:", err)
	}
	if err := s.Create(ctx, loginOf("bob", noon), 1); err != nil {
		t.Error("Create:", err)
	}
	if _, err := s.RevokeUser(ctx, "bob", noon); err != nil {
		t.Error("RevokeUser:", err)
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
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			must(t, db.Callback().Raw().After("*").Register("stall", func(*gorm.DB) {
				if n++; n == 2 { // the lock and the INSERT
					proxy.Set(storetest.Stalled)
					time.AfterFunc(50*time.Millisecond, cancel) // when it commits
				}
			}))
			ended := make(chan error, 1)
			go func() { ended <- s.Create(ctx, loginOf("ann", noon), 0) }()
			select {
			case err := <-ended:
				if err == nil {
					t.Error("Create succeeded")
				}
			case <-time.After(guard):
				t.Error("Create does not end")
				proxy.Set(storetest.Mended)
				<-ended
			}
			proxy.Set(storetest.Mended)
			must(t, s.Create(t.Context(), loginOf("bob", noon), 1))
		})
	}
}

// TestGormMariaDBDeleteExpiredLeavesLiveRecordsAlone deletes half the table while
// another transaction has locked a record that has not expired.
func TestGormMariaDBDeleteExpiredLeavesLiveRecordsAlone(t *testing.T) {
	db, s := gormMariaDB(server.MariaDB(t)).opened(t, &gorm.Config{})
	live := ""
	for i := range 300 {
		login := loginOf(fmt.Sprint("user ", i), noon)
		if i%2 == 0 {
			login.ExpiresAt = noon.Add(time.Minute)
		} else {
			login.ExpiresAt = noon.Add(time.Hour + time.Duration(i)*time.Second)
			live = login.ID
		}
		must(t, s.Create(t.Context(), login, 0))
	}
	tx := db.Begin()
	defer tx.Rollback()
	must(t, tx.Exec("SELECT id FROM refresh_tokens WHERE id = ? FOR UPDATE", live).Error)
	ctx, cancel := context.WithTimeout(t.Context(), guard)
	defer cancel()
	if n, err := s.DeleteExpired(ctx, noon.Add(10*time.Minute), 1000); n != 150 || err != nil {
		t.Errorf("DeleteExpired: %d, %v; want 150", n, err)
	}
}

// TestGormWriteThatHasNoConnectionInTimeChangesNothing frees the only connection a
// while after the caller's context was over.
func TestGormWriteThatHasNoConnectionInTimeChangesNothing(t *testing.T) {
	for name, d := range map[string]gormDialect{
		"PostgreSQL": gormPostgreSQL(t, server.PostgreSQL(t)),
		"MariaDB":    gormMariaDB(server.MariaDB(t)),
	} {
		t.Run(name, func(t *testing.T) {
			db, s := d.opened(t, &gorm.Config{})
			login := loginOf("ann", noon)
			must(t, s.Create(t.Context(), login, 1))
			_ = s.Revoke(t.Context(), core.NewRecordID("bob"), noon) // prepares it
			connections(t, db).SetMaxOpenConns(1)
			only, err := connections(t, db).Conn(t.Context())
			must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(20*time.Millisecond, func() {
				cancel()
				time.AfterFunc(200*time.Millisecond, func() { _ = only.Close() })
			})
			if err := s.Revoke(ctx, login.ID, noon); !errors.Is(err, context.Canceled) {
				t.Errorf("Revoke: %v, want the context's error", err)
			}
			if got, err := s.Get(t.Context(), login.ID); err != nil || !got.RevokedAt.IsZero() {
				t.Errorf("Get: %+v, %v; want it unrevoked", got, err)
			}
			if _, err := s.Exchange(t.Context(), exchangeOf(login)); err != nil {
				t.Error("Exchange:", err)
			}
		})
	}
}
