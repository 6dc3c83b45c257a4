package prometheusobserve_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/prometheus"
)

// A rate of what has never happened is 0 and not missing.
func TestEveryCounterIsThereFromTheBeginning(t *testing.T) {
	_, registry := newObserver(t)
	names := map[string]float64{}
	for _, name := range []string{
		"tokenauth_logins_total", "tokenauth_refreshes_total", "tokenauth_retries_total",
		"tokenauth_compromises_total",
		`tokenauth_revocations_total{reason="logout"}`, `tokenauth_revocations_total{reason="login"}`,
		`tokenauth_revocations_total{reason="max_sessions"}`, `tokenauth_revocations_total{reason="revoked"}`,
		`tokenauth_sessions_ended_total{by="compromise"}`, `tokenauth_sessions_ended_total{by="revocation"}`,
		`tokenauth_rejections_total{reason="missing_access_token"}`, `tokenauth_rejections_total{reason="invalid_access_token"}`,
		`tokenauth_rejections_total{reason="access_token_expired"}`, `tokenauth_rejections_total{reason="access_token_not_expired"}`,
		`tokenauth_rejections_total{reason="missing_refresh_token"}`, `tokenauth_rejections_total{reason="invalid_refresh_token"}`,
		`tokenauth_rejections_total{reason="refresh_token_compromised"}`,
		`tokenauth_rejections_total{reason="session_ended"}`, `tokenauth_rejections_total{reason="no_such_session"}`,
		`tokenauth_rejections_total{reason="store_unavailable"}`, `tokenauth_rejections_total{reason="claims_unavailable"}`,
		`tokenauth_rejections_total{reason="cross_origin"}`, `tokenauth_rejections_total{reason="method_not_allowed"}`,
	} {
		names[name] = 0
	}
	expect(t, registry, names)
	if n := len(metrics(t, registry)); n != len(names) {
		t.Errorf("there are %d time series, want %d", n, len(names))
	}
}

func TestHooksCount(t *testing.T) {
	ctx := context.Background()
	for name, test := range map[string]struct {
		tell func(core.Hooks)
		want map[string]float64
	}{
		"a login":   {func(h core.Hooks) { h.Login(ctx, core.Event{UserID: "ada"}) }, map[string]float64{"tokenauth_logins_total": 1}},
		"a refresh": {func(h core.Hooks) { h.Refresh(ctx, core.Event{}) }, map[string]float64{"tokenauth_refreshes_total": 1}},
		"a retry":   {func(h core.Hooks) { h.Retry(ctx, core.Event{}) }, map[string]float64{"tokenauth_retries_total": 1}},
		"a compromise": {func(h core.Hooks) { h.Compromise(ctx, core.Event{Sessions: 3, Err: core.ErrCompromised}) },
			map[string]float64{"tokenauth_compromises_total": 1, `tokenauth_sessions_ended_total{by="compromise"}`: 3}},
		"a revocation": {func(h core.Hooks) { h.Revocation(ctx, core.Event{Sessions: 2}) },
			map[string]float64{`tokenauth_revocations_total{reason=""}`: 1, `tokenauth_sessions_ended_total{by="revocation"}`: 2}},
		"rejections": {func(h core.Hooks) {
			h.Rejection(ctx, core.Event{Err: core.ErrAccessTokenExpired})
			h.Rejection(ctx, core.Event{Err: core.ErrAccessTokenExpired})
			h.Rejection(ctx, core.Event{Err: fmt.Errorf("%w: get the session: %w", core.ErrStoreUnavailable, errors.New("broken"))})
		}, map[string]float64{`tokenauth_rejections_total{reason="access_token_expired"}`: 2, `tokenauth_rejections_total{reason="store_unavailable"}`: 1}},
		"a rejection for a reason of its own": {func(h core.Hooks) { h.Rejection(ctx, core.Event{Err: errors.New("other")}) },
			map[string]float64{`tokenauth_rejections_total{reason="internal_error"}`: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			observer, registry := newObserver(t)
			test.tell(observer.Hooks())
			expect(t, registry, test.want)
		})
	}
}

func TestHooksCanBeCalledAtOnce(t *testing.T) {
	observer, registry := newObserver(t)
	h := observer.Hooks()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				h.Login(t.Context(), core.Event{})
				h.Rejection(t.Context(), core.Event{Err: core.ErrClaims})
			}
		})
	}
	wg.Wait()
	expect(t, registry, map[string]float64{"tokenauth_logins_total": 800, `tokenauth_rejections_total{reason="claims_unavailable"}`: 800})
}

// Whatever clients send, there are no more time series than reasons.
func TestNoLabelIsAClients(t *testing.T) {
	observer, registry := newObserver(t)
	h := observer.Hooks()
	h.Revocation(t.Context(), core.Event{}) // no schema's: those have a reason
	before := len(metrics(t, registry))
	for i := range 100 {
		e := core.Event{UserID: fmt.Sprint("user", i), SessionID: fmt.Sprint("session", i), Device: fmt.Sprint("device", i)}
		h.Login(t.Context(), e)
		h.Revocation(t.Context(), e)
		e.Err = fmt.Errorf("%w: %d", core.ErrInvalidAccessToken, i)
		h.Rejection(t.Context(), e)
		h.Compromise(t.Context(), e)
	}
	if n := len(metrics(t, registry)); n != before {
		t.Errorf("%d time series have become %d", before, n)
	}
}

func TestWhatCantBeObserved(t *testing.T) {
	registry := prometheus.NewRegistry()
	for name, test := range map[string]struct {
		registerer prometheus.Registerer
		options    prometheusobserve.Options
	}{
		"no registerer":           {nil, prometheusobserve.Options{}},
		"falling buckets":         {registry, prometheusobserve.Options{StoreBuckets: []float64{1, .5}}},
		"a bucket twice":          {registry, prometheusobserve.Options{StoreBuckets: []float64{1, 1}}},
		"a bucket of no duration": {registry, prometheusobserve.Options{StoreBuckets: []float64{1, math.NaN()}}},
		"no duration alone":       {registry, prometheusobserve.Options{StoreBuckets: []float64{math.NaN()}}},
	} {
		if observer, err := prometheusobserve.New(test.registerer, test.options); err == nil || observer != nil {
			t.Errorf("%s: New = %v, %v, want an error", name, observer, err)
		}
	}
	if len(metrics(t, registry)) != 0 {
		t.Error("something was registered")
	}
}

func TestTheSameMetricsAreNotRegisteredTwice(t *testing.T) {
	registry := prometheus.NewRegistry()
	other := prometheus.NewCounter(prometheus.CounterOpts{Name: "tokenauth_retries_total", Help: "somebody else's"})
	registry.MustRegister(other)
	if _, err := prometheusobserve.New(registry, prometheusobserve.Options{}); err == nil {
		t.Error("New = nil, want an error")
	}
	if n := len(metrics(t, registry)); n != 1 {
		t.Errorf("%d metrics are registered, want the other's alone", n)
	}
	registry = prometheus.NewRegistry()
	if _, err := prometheusobserve.New(registry, prometheusobserve.Options{}); err != nil {
		t.Fatal(err)
	}
	var registered prometheus.AlreadyRegisteredError
	if _, err := prometheusobserve.New(registry, prometheusobserve.Options{}); !errors.As(err, &registered) {
		t.Errorf("New = %v, want AlreadyRegisteredError", err)
	}
}

// Two schemas in one process are told apart by a label.
func TestObserversShareARegistryByLabels(t *testing.T) {
	registry := prometheus.NewRegistry()
	for _, schema := range []string{"admin", "shop"} {
		labelled := prometheus.WrapRegistererWith(prometheus.Labels{"schema": schema}, registry)
		observer, err := prometheusobserve.New(labelled, prometheusobserve.Options{})
		if err != nil {
			t.Fatal(err)
		}
		observer.Hooks().Login(t.Context(), core.Event{})
	}
	expect(t, registry, map[string]float64{`tokenauth_logins_total{schema="admin"}`: 1, `tokenauth_logins_total{schema="shop"}`: 1})
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
		observer.Store(&answering{}).Get(t.Context(), "id")
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
