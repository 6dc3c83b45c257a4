package otelobserve_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
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
	for _, err := range []error{nil, core.ErrConflict, errBroken} {
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

func TestEveryCallIsToldByItsOutcome(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	overdue, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for _, test := range []struct {
		ctx          context.Context
		err          error
		want, status string
	}{
		{t.Context(), nil, "ok", ""},
		{t.Context(), core.ErrNotFound, "not_found", ""},
		{t.Context(), core.ErrExists, "exists", ""},
		{t.Context(), core.ErrConflict, "conflict", ""},
		{t.Context(), fmt.Errorf("wrapped: %w", core.ErrConflict), "conflict", ""},
		{t.Context(), fmt.Errorf("of ada: %w", errBroken), "error", " Error:error"},
		{cancelled, context.Canceled, "cancelled", ""},
		{cancelled, fmt.Errorf("boltstore: get: %w", context.Canceled), "cancelled", ""},
		{cancelled, errBroken, "error", " Error:error"},
		{cancelled, nil, "ok", ""},
		// The driver's own doing.
		{t.Context(), context.Canceled, "error", " Error:error"},
		{overdue, context.DeadlineExceeded, "timeout", " Error:timeout"},
		{t.Context(), context.DeadlineExceeded, "timeout", " Error:timeout"},
		{t.Context(), fmt.Errorf("redisstore: get: %w", os.ErrDeadlineExceeded), "timeout", " Error:timeout"},
	} {
		for _, method := range methods {
			observer, backend := newObserver(t)
			method.call(test.ctx, observer.Store(&answering{err: test.err}))
			attributes := "tokenauth.store.method=" + method.label
			outcome := "tokenauth.store.outcome=" + test.want
			backend.expect(t, map[string]int64{"tokenauth.store.call.duration{" + attributes + "," + outcome + "}": 1})
			want := "internal tokenauth.store." + method.label + "{" + attributes + "} {" + outcome + "}" + test.status
			if len(backend.spans) != 1 || backend.spans[0].told != want || backend.spans[0].ended != 1 {
				t.Errorf("%s: the spans are %+v, want %q, ended once", method.name, backend.spans, want)
			}
		}
	}
}

// The spans of the store's driver are below the span of the call.
func TestAStoreFindsTheSpanInItsContext(t *testing.T) {
	observer, backend := newObserver(t)
	for i, method := range methods {
		s := &answering{}
		method.call(t.Context(), observer.Store(s))
		if s.span != trace.Span(backend.spans[i]) {
			t.Errorf("%s: the store sees the span %v", method.name, s.span)
		}
	}
}

// A panic goes on, and its text, which may name a user, is in no span.
func TestACallThatPanicsIsToldAsAnError(t *testing.T) {
	for _, method := range methods {
		observer, backend := newObserver(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic is lost", method.name)
				}
			}()
			method.call(t.Context(), observer.Store(panicking{}))
		}()
		attributes := "tokenauth.store.method=" + method.label
		backend.expect(t, map[string]int64{"tokenauth.store.call.duration{" + attributes + ",tokenauth.store.outcome=error}": 1})
		want := "internal tokenauth.store." + method.label + "{" + attributes + "} {tokenauth.store.outcome=error} Error:error"
		if s := backend.spans[0]; s.told != want || s.ended != 1 {
			t.Errorf("%s: the span is %+v, want %q, ended once", method.name, s, want)
		}
	}
}

// panicking is a store that panics.
type panicking struct{ core.RefreshStore }

func TestAStoreIsMeasuredFromManyGoroutines(t *testing.T) {
	observer, backend := newObserver(t)
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
	want := map[string]int64{}
	for _, method := range methods {
		want["tokenauth.store.call.duration{tokenauth.store.method="+method.label+",tokenauth.store.outcome=ok}"] = 800
	}
	backend.expect(t, want)
}

func TestNoStoreIsNoStore(t *testing.T) {
	observer, _ := newObserver(t)
	if s := observer.Store(nil); s != nil {
		t.Errorf("Store(nil) = %v", s)
	}
}

// Where nobody records spans, measuring costs little more than the context that carries
// none, and makes little garbage beside the store's.
func TestMeasuringAllocatesLittle(t *testing.T) {
	observer, err := otelobserve.New(otelobserve.Options{MeterProvider: metricnoop.NewMeterProvider(), TracerProvider: tracenoop.NewTracerProvider()})
	if err != nil {
		t.Fatal(err)
	}
	store, h, ctx := observer.Store(quiet{}), observer.Hooks(), t.Context()
	for name, test := range map[string]struct {
		do  func()
		max float64
	}{
		"a call":      {func() { store.Get(ctx, "id") }, 2},
		"a refusal":   {func() { store.Exchange(ctx, core.Exchange{}) }, 2},
		"a login":     {func() { h.Login(ctx, core.Event{}) }, 0},
		"a rejection": {func() { h.Rejection(ctx, core.Event{Err: core.ErrAccessTokenExpired}) }, 0},
	} {
		if n := testing.AllocsPerRun(100, test.do); n > test.max {
			t.Errorf("%s allocates %v times, want at most %v", name, n, test.max)
		}
	}
}

// quiet is a store that allocates nothing.
type quiet struct{ core.RefreshStore }

func (quiet) Get(context.Context, string) (core.Record, error) { return core.Record{}, nil }
func (quiet) Exchange(context.Context, core.Exchange) (core.Record, error) {
	return core.Record{}, core.ErrConflict
}
