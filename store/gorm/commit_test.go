package gormstore_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// servers are the kinds of databases that are reached over a network.
var servers = []string{"postgres", "mysql"}

func login() core.Record {
	at := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	return core.Record{
		ID: core.NewRecordID("ann"), UserID: "ann", IssuedAt: at, ExchangedAt: at, ExpiresAt: at.Add(time.Hour),
	}
}

func TestCommitOfUnknownOutcomeIsNotRepeated(t *testing.T) {
	for _, kind := range servers {
		f := &fake{kind: kind, commit: func(context.Context) error { return io.ErrUnexpectedEOF }}
		_, err := f.store(t).Create(t.Context(), login(), 1)
		if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, core.ErrExists) {
			t.Errorf("%s: Create: %v, want the driver's error", kind, err)
		}
		if n := f.begun.Load(); n != 1 {
			t.Errorf("%s: %d transactions, want 1", kind, n)
		}
	}
}

// refused is an error by which a server says that it has undone a transaction.
type refused struct{}

func (refused) Error() string    { return "Error 1213 (40001): Deadlock found when trying to get lock" }
func (refused) SQLState() string { return "40001" }

func TestCommitRefusedForAnotherTransactionIsRepeated(t *testing.T) {
	for _, kind := range servers {
		left := 3
		f := &fake{kind: kind, commit: func(context.Context) error {
			if left--; left >= 0 {
				return refused{}
			}
			return nil
		}}
		if _, err := f.store(t).Create(t.Context(), login(), 1); err != nil {
			t.Errorf("%s: Create: %v", kind, err)
		}
		if n := f.begun.Load(); n != 4 {
			t.Errorf("%s: %d transactions, want 4", kind, n)
		}
	}
}

func TestRefusalsThatDoNotEndAreAnError(t *testing.T) {
	for _, kind := range servers {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{kind: kind, commit: func(context.Context) error { return refused{} }}
			begun := time.Now()
			_, err := f.store(t).Create(t.Context(), login(), 1)
			if took := time.Since(begun); !errors.Is(err, refused{}) || took < 10*time.Second || took > 11*time.Second {
				t.Errorf("%s: Create: %v after %v, want the driver's error after 10 s", kind, err, took)
			}
		})
	}
}

// Why a call had to be repeated is told where its context ends, too.
func TestTheLastRefusalIsToldWithTheEndOfTheContext(t *testing.T) {
	for _, kind := range servers {
		ctx, cancel := context.WithCancel(t.Context())
		tries := 0
		f := &fake{kind: kind, commit: func(context.Context) error {
			if tries++; tries == 1 {
				return refused{}
			}
			cancel()
			return context.Canceled
		}}
		_, err := f.store(t).Create(ctx, login(), 1)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, refused{}) {
			t.Errorf("%s: Create: %v, want the context's error and the refusal", kind, err)
		}
	}
}

func TestCommitEndsWithTheContext(t *testing.T) {
	for _, kind := range servers {
		ctx, cancel := context.WithCancel(t.Context())
		answers := make(chan struct{})
		f := &fake{kind: kind, commit: func(context.Context) error {
			cancel()
			<-answers // as on a network that stalls
			return nil
		}}
		_, err := f.store(t).Create(ctx, login(), 1)
		close(answers)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Create: %v, want the context's error", kind, err)
		}
	}
}

func TestContextThatEndsBeforeTheCommitUndoesAll(t *testing.T) {
	for _, kind := range servers {
		ctx, cancel := context.WithCancel(t.Context())
		committed := false
		f := &fake{kind: kind, exec: func(context.Context) error { cancel(); return nil }, commit: func(context.Context) error {
			committed = true
			return nil
		}}
		_, err := f.store(t).Create(ctx, login(), 1)
		if !errors.Is(err, context.Canceled) || committed {
			t.Errorf("%s: Create: %v, committed: %t; want the context's error and no commit", kind, err, committed)
		}
	}
}

// Where a context ends, some drivers of SQLite interrupt the statement after it, or say that a
// statement succeeded that never began.
func TestSQLiteIsNotInterruptedWhileItWrites(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := &fake{kind: "sqlite", commit: func(context.Context) error { return nil }}
	written := 0
	f.exec = func(ctx context.Context) error {
		written++
		if ctx.Done() != nil {
			t.Error("a statement that writes can be interrupted")
		}
		return nil
	}
	f.found = []driver.Value{"an ID"}
	s := f.store(t)
	if n, err := s.DeleteExpired(ctx, time.Now(), 1); n != 1 || err != nil {
		t.Errorf("DeleteExpired: %d, %v; want 1", n, err)
	}
	f.found = nil
	if _, err := s.Create(ctx, login(), 0); err != nil {
		t.Errorf("Create: %v", err)
	}
	if written < 2 {
		t.Errorf("%d statements, want those of both calls", written)
	}
}

func TestAStatementThatFailsIsNotCommitted(t *testing.T) {
	for _, kind := range append(servers, "sqlite") {
		committed := false
		f := &fake{kind: kind, exec: func(context.Context) error { return io.ErrUnexpectedEOF }, commit: func(context.Context) error {
			committed = true
			return nil
		}}
		if _, err := f.store(t).Create(t.Context(), login(), 1); !errors.Is(err, io.ErrUnexpectedEOF) || committed {
			t.Errorf("%s: Create: %v, and it was committed: %t", kind, err, committed)
		}
	}
}
