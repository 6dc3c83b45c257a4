package prometheusobserve_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/prometheus"
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

func calls(method string, outcome core.Outcome) string {
	return fmt.Sprintf("tokenauth_store_call_duration_seconds{method=%q,outcome=%q}", method, string(outcome))
}

func TestEveryCallIsMeasuredOnceByItsOutcome(t *testing.T) {
	broken := errors.New("broken")
	for outcome, err := range map[core.Outcome]error{
		core.OutcomeOK: nil, core.OutcomeNotFound: core.ErrNotFound, core.OutcomeExists: core.ErrExists,
		core.OutcomeConflict: core.ErrConflict, core.OutcomeTimeout: context.DeadlineExceeded, core.OutcomeError: broken,
	} {
		for method, call := range methods {
			observer, registry := newObserver(t)
			if got := call(t.Context(), observer.Store(answer(err))); got != err { //nolint:errorlint // it is to be the very same
				t.Errorf("%s = %v, want %v", method, got, err)
			}
			expect(t, registry, map[string]float64{calls(method, outcome): 1})
		}
	}
}

func TestACallThatIsCancelledIsMeasuredAsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for method, call := range methods {
		observer, registry := newObserver(t)
		call(ctx, observer.Store(answers(context.Context.Err)))
		expect(t, registry, map[string]float64{calls(method, core.OutcomeCancelled): 1})
	}
}

// It is in the bucket of its deadline.
func TestACallThatHangsIsMeasuredUntilItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for method, call := range methods {
			observer, registry := newObserver(t)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			call(ctx, observer.Store(answers(func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			})))
			cancel()
			expect(t, registry, map[string]float64{calls(method, core.OutcomeTimeout): 1})
			if sum := seconds(t, registry); sum != 5 {
				t.Errorf("%s took %v s, want 5", method, sum)
			}
		}
	})
}

// seconds returns the sum of all histograms.
func seconds(t *testing.T, registry prometheus.Gatherer) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			sum += m.GetHistogram().GetSampleSum()
		}
	}
	return sum
}

func TestACallThatPanicsIsMeasuredAsAnError(t *testing.T) {
	for method, call := range methods {
		observer, registry := newObserver(t)
		func() {
			defer func() {
				if r := recover(); r != "of the store" {
					t.Errorf("%s: the panic is %v, want the store's", method, r)
				}
			}()
			call(t.Context(), observer.Store(answers(func(context.Context) error { panic("of the store") })))
		}()
		expect(t, registry, map[string]float64{calls(method, core.OutcomeError): 1})
	}
}

// A rate over a series that begins with a failure does not see that failure.
func TestFailuresBeginAtZero(t *testing.T) {
	observer, registry := newObserver(t)
	observer.Store(answer(nil))
	got := metrics(t, registry)
	for method := range methods {
		for _, outcome := range []core.Outcome{core.OutcomeError, core.OutcomeTimeout} {
			if n, ok := got[calls(method, outcome)]; !ok || n != 0 {
				t.Errorf("%s: %v, %v, want 0", calls(method, outcome), n, ok)
			}
		}
	}
}

// yielding is a store with records.
type yielding struct{ answers }

func (yielding) Records(context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) { yield(core.Record{ID: "id"}, nil) }
}

func TestAMeasuredStoreYieldsRecordsWhereTheStoreDoes(t *testing.T) {
	observer, registry := newObserver(t)
	if _, ok := observer.Store(answer(nil)).(core.RecordIterator); ok {
		t.Error("a store without Records has it when it is measured")
	}
	iterator, ok := observer.Store(yielding{answer(nil)}).(core.RecordIterator)
	if !ok {
		t.Fatal("a store with Records has none when it is measured")
	}
	for r, err := range iterator.Records(t.Context()) {
		if r.ID != "id" || err != nil {
			t.Errorf("Records yields %v, %v", r, err)
		}
	}
	expect(t, registry, map[string]float64{})
}

func TestAStoreIsMeasuredFromManyGoroutines(t *testing.T) {
	observer, registry := newObserver(t)
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
	want := map[string]float64{}
	for method := range methods {
		want[calls(method, core.OutcomeOK)] = 800
	}
	expect(t, registry, want)
}

func TestNoStoreIsNoStore(t *testing.T) {
	observer, _ := newObserver(t)
	if s := observer.Store(nil); s != nil {
		t.Errorf("Store(nil) = %v", s)
	}
}

func TestBucketsCanBeChosen(t *testing.T) {
	chosen := []float64{.1, 1}
	for _, test := range []struct {
		name  string
		given []float64
		want  string
	}{
		{"two", chosen, "[0.1 1]"},
		{"nil", nil, "[0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10]"},
		{"none", []float64{}, "[0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10]"},
	} {
		registry := prometheus.NewRegistry()
		observer, err := prometheusobserve.New(registry, prometheusobserve.Options{StoreBuckets: test.given})
		if err != nil {
			t.Fatal(err)
		}
		chosen[0] = 7 // is the caller's
		observer.Store(answer(nil))
		if got := fmt.Sprint(bounds(t, registry)); got != test.want {
			t.Errorf("%s: the buckets are %s, want %s", test.name, got, test.want)
		}
	}
}

// bounds returns the buckets of the first histogram.
func bounds(t *testing.T, registry prometheus.Gatherer) (bounds []float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if h := m.GetHistogram(); h != nil {
				for _, b := range h.GetBucket() {
					bounds = append(bounds, b.GetUpperBound())
				}
				return bounds
			}
		}
	}
	return nil
}

// Observing makes no garbage.
func TestObservingAllocatesNothing(t *testing.T) {
	observer, _ := newObserver(t)
	store, h, ctx := observer.Store(answer(core.ErrConflict)), observer.Hooks(), t.Context()
	for name, do := range map[string]func(){
		"a call":       func() { store.Exchange(ctx, core.Exchange{}) },
		"a login":      func() { h.Login(ctx, core.Event{}) },
		"a revocation": func() { h.Revocation(ctx, core.Event{Reason: core.ReasonLogout}) },
		"a rejection":  func() { h.Rejection(ctx, core.Event{Reason: core.ReasonAccessTokenExpired}) },
	} {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkStore(b *testing.B) {
	observer, _ := newObserver(b)
	store, ctx := observer.Store(answer(nil)), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		store.Get(ctx, "id")
	}
}

func BenchmarkRejection(b *testing.B) {
	observer, _ := newObserver(b)
	reject, ctx, e := observer.Hooks().Rejection, b.Context(), core.Event{Reason: core.ReasonAccessTokenExpired}
	b.ReportAllocs()
	for b.Loop() {
		reject(ctx, e)
	}
}
