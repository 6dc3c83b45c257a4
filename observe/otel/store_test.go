package otelobserve_test

import (
	"context"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// methods call each method of a store.
var methods = map[string]func(ctx context.Context, s core.RefreshStore) error{
	"create": func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Create(ctx, core.Record{}, 0)
		return err
	},
	"get": func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Get(ctx, "")
		return err
	},
	"exchange": func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Exchange(ctx, core.Exchange{})
		return err
	},
	"revoke": func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.Revoke(ctx, core.Revocation{})
		return err
	},
	"list_user": func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.ListUser(ctx, "", time.Time{})
		return err
	},
	"delete_expired": func(ctx context.Context, s core.RefreshStore) error {
		_, err := s.DeleteExpired(ctx, time.Time{}, 1)
		return err
	},
}

// answers is a store that answers every call by the same function.
type answers func(ctx context.Context) error

func (s answers) Create(ctx context.Context, _ core.Record, _ int) ([]core.Record, error) {
	return nil, s(ctx)
}
func (s answers) Get(ctx context.Context, _ string) (core.Record, error) {
	return core.Record{}, s(ctx)
}
func (s answers) Exchange(ctx context.Context, _ core.Exchange) (core.Record, error) {
	return core.Record{}, s(ctx)
}
func (s answers) Revoke(ctx context.Context, _ core.Revocation) ([]core.Record, error) {
	return nil, s(ctx)
}
func (s answers) ListUser(ctx context.Context, _ string, _ time.Time) ([]core.Record, error) {
	return nil, s(ctx)
}
func (s answers) DeleteExpired(ctx context.Context, _ time.Time, _ int) (int, error) {
	return 0, s(ctx)
}

func answer(err error) answers { return func(context.Context) error { return err } }

// expectCall fails the test unless that is the only call of the store that was told, by a
// measurement and by a span.
func (b *backend) expectCall(t *testing.T, method string, outcome core.Outcome) {
	t.Helper()
	attributes := "tokenauth.store.method=" + method
	end := "tokenauth.store.outcome=" + string(outcome)
	b.expect(t, map[string]int64{"tokenauth.store.call.duration{" + attributes + "," + end + "}": 1})
	want := "internal tokenauth.store." + method + "{" + attributes + "} {" + end + "}"
	if outcome == core.OutcomeTimeout || outcome == core.OutcomeError {
		want += " Error:" + string(outcome)
	}
	if len(b.spans) != 1 || b.spans[0].told != want || b.spans[0].ended != 1 {
		t.Errorf("%s: the spans are %+v, want %q, ended once", method, b.spans, want)
	}
}

func TestEveryCallIsToldOnceByItsOutcome(t *testing.T) {
	for outcome, err := range map[core.Outcome]error{
		core.OutcomeOK: nil, core.OutcomeNotFound: core.ErrNotFound, core.OutcomeExists: core.ErrExists,
		core.OutcomeConflict: core.ErrConflict, core.OutcomeTimeout: context.DeadlineExceeded, core.OutcomeError: errBroken,
	} {
		for method, call := range methods {
			observer, backend := newObserver(t)
			if got := call(t.Context(), observer.Store(answer(err))); got != err { //nolint:errorlint // it is to be the very same
				t.Errorf("%s = %v, want %v", method, got, err)
			}
			backend.expectCall(t, method, outcome)
		}
	}
}

func TestACallThatIsCancelledIsToldAsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for method, call := range methods {
		observer, backend := newObserver(t)
		call(ctx, observer.Store(answers(context.Context.Err)))
		backend.expectCall(t, method, core.OutcomeCancelled)
	}
}

func TestACallThatHangsIsMeasuredUntilItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for method, call := range methods {
			observer, backend := newObserver(t)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			call(ctx, observer.Store(answers(func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})))
			cancel()
			backend.expectCall(t, method, core.OutcomeTimeout)
			if backend.seconds != 5 {
				t.Errorf("%s took %v s, want 5", method, backend.seconds)
			}
		}
	})
}

// The spans of the store's driver are below the span of the call.
func TestAStoreFindsTheSpanInItsContext(t *testing.T) {
	for method, call := range methods {
		observer, backend := newObserver(t)
		var seen trace.Span
		request := &span{}
		call(trace.ContextWithSpan(t.Context(), request), observer.Store(answers(func(ctx context.Context) error {
			seen = trace.SpanFromContext(ctx)
			return nil
		})))
		if seen != trace.Span(backend.spans[0]) {
			t.Errorf("%s: the store sees the span %v", method, seen)
		}
		if request.told != "" || request.ended != 0 {
			t.Errorf("%s: the request's span was told %q and ended %d times", method, request.told, request.ended)
		}
	}
}

// A panic goes on, and its text, which may name a user, is in no span.
func TestACallThatPanicsIsToldAsAnError(t *testing.T) {
	for method, call := range methods {
		observer, backend := newObserver(t)
		func() {
			defer func() {
				if r := recover(); r != "of the store" {
					t.Errorf("%s: the panic is %v, want the store's", method, r)
				}
			}()
			call(t.Context(), observer.Store(answers(func(context.Context) error { panic("of the store") })))
		}()
		backend.expectCall(t, method, core.OutcomeError)
	}
}

// yielding is a store with records.
type yielding struct{ answers }

func (yielding) Records(context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) { yield(core.Record{ID: "id"}, nil) }
}

func TestAnObservedStoreYieldsRecordsWhereTheStoreDoes(t *testing.T) {
	observer, backend := newObserver(t)
	if _, ok := observer.Store(answer(nil)).(core.RecordIterator); ok {
		t.Error("a store without Records has it when it is observed")
	}
	iterator, ok := observer.Store(yielding{answer(nil)}).(core.RecordIterator)
	if !ok {
		t.Fatal("a store with Records has none when it is observed")
	}
	for r, err := range iterator.Records(t.Context()) {
		if r.ID != "id" || err != nil {
			t.Errorf("Records yields %v, %v", r, err)
		}
	}
	backend.expect(t, map[string]int64{})
}

func TestAStoreIsObservedFromManyGoroutines(t *testing.T) {
	observer, backend := newObserver(t)
	var wg sync.WaitGroup
	for range 8 {
		store := observer.Store(answer(nil))
		wg.Go(func() {
			for range 100 {
				for _, call := range methods {
					call(t.Context(), store)
				}
			}
		})
	}
	wg.Wait()
	want := map[string]int64{}
	for method := range methods {
		want["tokenauth.store.call.duration{tokenauth.store.method="+method+",tokenauth.store.outcome=ok}"] = 800
	}
	backend.expect(t, want)
}

func TestNoStoreIsNoStore(t *testing.T) {
	observer, _ := newObserver(t)
	if s := observer.Store(nil); s != nil {
		t.Errorf("Store(nil) = %v", s)
	}
}

// Without an SDK, a call costs little more than the context with its span.
func TestObservingAllocatesLittle(t *testing.T) {
	observer, err := otelobserve.New(otelobserve.Options{MeterProvider: metricnoop.NewMeterProvider(), TracerProvider: tracenoop.NewTracerProvider()})
	if err != nil {
		t.Fatal(err)
	}
	store, h, ctx := observer.Store(answer(core.ErrConflict)), observer.Hooks(), t.Context()
	for name, test := range map[string]struct {
		do  func()
		max float64
	}{
		"a call":       {func() { store.Exchange(ctx, core.Exchange{}) }, 2},
		"a login":      {func() { h.Login(ctx, core.Event{}) }, 0},
		"a revocation": {func() { h.Revocation(ctx, core.Event{Reason: core.ReasonLogout}) }, 0},
		"a rejection":  {func() { h.Rejection(ctx, core.Event{Reason: core.ReasonAccessTokenExpired}) }, 0},
	} {
		if n := testing.AllocsPerRun(100, test.do); n > test.max {
			t.Errorf("%s allocates %v times, want at most %v", name, n, test.max)
		}
	}
}
