package prometheusobserve_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// methods call each method of a store, with arguments that tell them apart.
var methods = []struct {
	name, label string
	call        func(ctx context.Context, s core.RefreshStore) (any, error)
}{
	{"Create", "create", func(ctx context.Context, s core.RefreshStore) (any, error) {
		return nil, s.Create(ctx, core.Record{ID: "id", UserID: "ada", Data: []byte("{}")}, 3)
	}},
	{"Get", "get", func(ctx context.Context, s core.RefreshStore) (any, error) { return s.Get(ctx, "id") }},
	{"Exchange", "exchange", func(ctx context.Context, s core.RefreshStore) (any, error) {
		return s.Exchange(ctx, core.Exchange{ID: "id", Generation: 4, At: at})
	}},
	{"Revoke", "revoke", func(ctx context.Context, s core.RefreshStore) (any, error) { return nil, s.Revoke(ctx, "id", at) }},
	{"RevokeUser", "revoke_user", func(ctx context.Context, s core.RefreshStore) (any, error) { return s.RevokeUser(ctx, "ada", at) }},
	{"ListUser", "list_user", func(ctx context.Context, s core.RefreshStore) (any, error) { return s.ListUser(ctx, "ada", at) }},
	{"DeleteExpired", "delete_expired", func(ctx context.Context, s core.RefreshStore) (any, error) { return s.DeleteExpired(ctx, at, 5) }},
}

var at = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func TestAMeasuredStoreIsTheStore(t *testing.T) {
	broken := errors.New("broken")
	for _, err := range []error{nil, core.ErrConflict, broken} {
		for _, method := range methods {
			observer, _ := newObserver(t)
			answers := func() *answering {
				return &answering{token: core.Record{ID: "id", Generation: 7}, list: []core.Record{{ID: "a"}, {ID: "b"}}, n: 9, err: err}
			}
			ctx := context.WithValue(t.Context(), key{}, "carried")
			bare, wrapped := answers(), answers()
			want, wantErr := method.call(ctx, bare)
			got, gotErr := method.call(ctx, observer.Store(wrapped))
			if !reflect.DeepEqual(got, want) || gotErr != wantErr { //nolint:errorlint // it is to be the very same
				t.Errorf("%s = %v, %v, want %v, %v", method.name, got, gotErr, want, wantErr)
			}
			if !reflect.DeepEqual(wrapped.calls, bare.calls) {
				t.Errorf("%s called %q, want %q", method.name, wrapped.calls, bare.calls)
			}
		}
	}
}

func TestEveryCallIsMeasuredByItsOutcome(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	overdue, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for _, test := range []struct {
		ctx  context.Context
		err  error
		want string
	}{
		{t.Context(), nil, "ok"},
		{t.Context(), core.ErrNotFound, "not_found"},
		{t.Context(), core.ErrExists, "exists"},
		{t.Context(), core.ErrConflict, "conflict"},
		{t.Context(), fmt.Errorf("wrapped: %w", core.ErrConflict), "conflict"},
		{t.Context(), errors.New("broken"), "error"},
		{cancelled, context.Canceled, "cancelled"},
		{cancelled, fmt.Errorf("boltstore: get: %w", context.Canceled), "cancelled"},
		{cancelled, errors.New("broken"), "error"},
		{cancelled, nil, "ok"},
		// The driver's own doing.
		{t.Context(), context.Canceled, "error"},
		{overdue, context.DeadlineExceeded, "timeout"},
		{t.Context(), context.DeadlineExceeded, "timeout"},
		{t.Context(), fmt.Errorf("redisstore: get: %w", os.ErrDeadlineExceeded), "timeout"},
	} {
		for _, method := range methods {
			observer, registry := newObserver(t)
			method.call(test.ctx, observer.Store(&answering{err: test.err}))
			name := fmt.Sprintf("tokenauth_store_call_duration_seconds{method=%q,outcome=%q}", method.label, test.want)
			expect(t, registry, map[string]float64{name: 1})
		}
	}
}

// A rate over a series that begins with a failure does not see that failure.
func TestFailuresAreThereAtZeroBeforeTheFirst(t *testing.T) {
	observer, registry := newObserver(t)
	observer.Store(&answering{})
	got := metrics(t, registry)
	for _, method := range methods {
		for _, outcome := range []string{"error", "timeout"} {
			name := fmt.Sprintf("tokenauth_store_call_duration_seconds{method=%q,outcome=%q}", method.label, outcome)
			if n, ok := got[name]; !ok || n != 0 {
				t.Errorf("%s: %v, %v, want 0", name, n, ok)
			}
		}
	}
}

func TestACallThatPanicsIsMeasuredAsAnError(t *testing.T) {
	for _, method := range methods {
		observer, registry := newObserver(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic is lost", method.name)
				}
			}()
			method.call(t.Context(), observer.Store(panicking{}))
		}()
		expect(t, registry, map[string]float64{fmt.Sprintf("tokenauth_store_call_duration_seconds{method=%q,outcome=\"error\"}", method.label): 1})
	}
}

// panicking is a store that panics.
type panicking struct{ core.RefreshStore }

func TestAStoreIsMeasuredFromManyGoroutines(t *testing.T) {
	observer, registry := newObserver(t)
	var wg sync.WaitGroup
	for range 8 {
		store := observer.Store(&answering{})
		wg.Go(func() {
			for range 100 {
				for _, method := range methods {
					method.call(t.Context(), store)
				}
			}
		})
	}
	wg.Wait()
	want := map[string]float64{}
	for _, method := range methods {
		want[fmt.Sprintf("tokenauth_store_call_duration_seconds{method=%q,outcome=\"ok\"}", method.label)] = 800
	}
	expect(t, registry, want)
}

func TestNoStoreIsNoStore(t *testing.T) {
	observer, _ := newObserver(t)
	if s := observer.Store(nil); s != nil {
		t.Errorf("Store(nil) = %v", s)
	}
}

// Measuring allocates nothing, so it makes no garbage beside the store's.
func TestMeasuringAllocatesNothing(t *testing.T) {
	observer, _ := newObserver(t)
	bare := &quiet{}
	store, h, ctx := observer.Store(bare), observer.Hooks(), t.Context()
	for name, do := range map[string]func(){
		"a call":      func() { store.Get(ctx, "id") },
		"a refusal":   func() { store.Exchange(ctx, core.Exchange{}) },
		"a login":     func() { h.Login(ctx, core.Event{}) },
		"a rejection": func() { h.Rejection(ctx, core.Event{Err: core.ErrAccessTokenExpired}) },
	} {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

// quiet is a store that allocates nothing.
type quiet struct{ core.RefreshStore }

func (quiet) Get(context.Context, string) (core.Record, error) { return core.Record{}, nil }
func (quiet) Exchange(context.Context, core.Exchange) (core.Record, error) {
	return core.Record{}, core.ErrConflict
}

func BenchmarkStore(b *testing.B) {
	observer, _ := newObserver(b)
	store, ctx := observer.Store(quiet{}), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		store.Get(ctx, "id")
	}
}

func BenchmarkRejection(b *testing.B) {
	observer, _ := newObserver(b)
	reject, ctx, e := observer.Hooks().Rejection, b.Context(), core.Event{Err: core.ErrAccessTokenExpired}
	b.ReportAllocs()
	for b.Loop() {
		reject(ctx, e)
	}
}
