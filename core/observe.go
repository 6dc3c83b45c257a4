package core

import (
	"context"
	"errors"
	"os"
	"time"
)

// StoreHooks are told of the calls of a store, for metrics and traces. Several calls may
// run at once. A hook should be quick and must not panic. Default of each: none.
type StoreHooks struct {
	// Begin: a call begins. It returns the context with which the store is called.
	// method is create, get, exchange, revoke, list_user or delete_expired.
	Begin func(ctx context.Context, method string) context.Context
	// End: a call has ended, by a return or by a panic. ctx is what Begin returned.
	// took is measured by the machine's own clock, without the hooks.
	End func(ctx context.Context, method string, outcome Outcome, took time.Duration)
}

// Outcome is the stable name of how a call of a store ended. There are few, so an Outcome
// is fit for a label of a metric.
type Outcome string

// The outcomes of calls. The first four mean that the store works.
const (
	// OutcomeOK: there was no error.
	OutcomeOK Outcome = "ok"
	// OutcomeNotFound: the error was ErrNotFound.
	OutcomeNotFound Outcome = "not_found"
	// OutcomeExists: the error was ErrExists.
	OutcomeExists Outcome = "exists"
	// OutcomeConflict: the error was ErrConflict.
	OutcomeConflict Outcome = "conflict"
	// OutcomeCancelled: the caller cancelled the context.
	OutcomeCancelled Outcome = "cancelled"
	// OutcomeTimeout: a deadline passed, of the context or of the store's driver.
	OutcomeTimeout Outcome = "timeout"
	// OutcomeError: the store could not answer for another reason, or panicked.
	OutcomeError Outcome = "error"
)

// ObserveStore returns a store that tells the hooks of every call of the store given. It
// passes on arguments, results, errors and panics as they are. It is a [RecordIterator] if
// that store is one, and has no other optional interface; iterations are told to no hook. If store is nil it returns nil, which New refuses.
func ObserveStore(store RefreshStore, h StoreHooks) RefreshStore {
	if isNil(store) {
		return nil
	}
	observed := observedStore{store, h}
	if iterator, ok := store.(RecordIterator); ok {
		return observedIterator{observed, iterator}
	}
	return observed
}

type observedStore struct {
	store RefreshStore
	hooks StoreHooks
}

type observedIterator struct {
	observedStore
	RecordIterator
}

func (s observedStore) Create(ctx context.Context, r Record, limit int) ([]Record, error) {
	return observe(ctx, s.hooks, "create", func(ctx context.Context) ([]Record, error) { return s.store.Create(ctx, r, limit) })
}

func (s observedStore) Get(ctx context.Context, id string) (Record, error) {
	return observe(ctx, s.hooks, "get", func(ctx context.Context) (Record, error) { return s.store.Get(ctx, id) })
}

func (s observedStore) Exchange(ctx context.Context, x Exchange) (Record, error) {
	return observe(ctx, s.hooks, "exchange", func(ctx context.Context) (Record, error) { return s.store.Exchange(ctx, x) })
}

func (s observedStore) Revoke(ctx context.Context, v Revocation) ([]Record, error) {
	return observe(ctx, s.hooks, "revoke", func(ctx context.Context) ([]Record, error) { return s.store.Revoke(ctx, v) })
}

func (s observedStore) ListUser(ctx context.Context, userID string, at time.Time) ([]Record, error) {
	return observe(ctx, s.hooks, "list_user", func(ctx context.Context) ([]Record, error) { return s.store.ListUser(ctx, userID, at) })
}

func (s observedStore) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	return observe(ctx, s.hooks, "delete_expired", func(ctx context.Context) (int, error) { return s.store.DeleteExpired(ctx, before, max) })
}

// observe makes one call of the store and tells the hooks.
func observe[T any](ctx context.Context, h StoreHooks, method string, do func(context.Context) (T, error)) (T, error) {
	if h.Begin != nil {
		ctx = h.Begin(ctx, method)
	}
	outcome, start := OutcomeError, time.Now() // it stays an error if do panics
	defer func() {
		if h.End != nil {
			h.End(ctx, method, outcome, time.Since(start))
		}
	}()
	result, err := do(ctx)
	outcome = outcomeOf(ctx, err)
	return result, err
}

func outcomeOf(ctx context.Context, err error) Outcome {
	switch {
	case err == nil:
		return OutcomeOK
	case errors.Is(err, ErrNotFound):
		return OutcomeNotFound
	case errors.Is(err, ErrExists):
		return OutcomeExists
	case errors.Is(err, ErrConflict):
		return OutcomeConflict
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled): // else the driver gave up
		return OutcomeCancelled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded): // the latter is a connection's
		return OutcomeTimeout
	default:
		return OutcomeError
	}
}
