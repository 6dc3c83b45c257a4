package prometheusobserve_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/prometheus"
)

// counters are all counters by their names, at 0.
func counters() map[string]float64 {
	names := map[string]float64{
		"tokenauth_logins_total": 0, "tokenauth_refreshes_total": 0, "tokenauth_retries_total": 0, "tokenauth_compromises_total": 0,
	}
	for _, reason := range []string{"logout", "login", "max_sessions", "revoked", "denied", "refresh_token_compromised"} {
		names[fmt.Sprintf("tokenauth_sessions_ended_total{reason=%q}", reason)] = 0
	}
	for _, reason := range []string{
		"missing_access_token", "invalid_access_token", "access_token_expired", "access_token_not_expired",
		"missing_refresh_token", "invalid_refresh_token", "refresh_token_compromised", "session_ended", "no_such_session",
		"store_unavailable", "keys_unavailable", "claims_unavailable", "invalid_claims", "cross_origin", "method_not_allowed", "too_many_cookies",
	} {
		names[fmt.Sprintf("tokenauth_rejections_total{reason=%q}", reason)] = 0
	}
	return names
}

// A rate of what has never happened is 0 and not missing.
func TestEveryCounterBeginsAtZero(t *testing.T) {
	_, registry := newObserver(t)
	if got, want := metrics(t, registry), counters(); !maps.Equal(got, want) {
		t.Errorf("the metrics are %v, want %v", got, want)
	}
}

func TestEveryEventCountsOnce(t *testing.T) {
	ctx := t.Context()
	for name, test := range map[string]struct {
		tell func(core.Hooks)
		want map[string]float64
	}{
		"a login":   {func(h core.Hooks) { h.Login(ctx, core.Event{}) }, map[string]float64{"tokenauth_logins_total": 1}},
		"a refresh": {func(h core.Hooks) { h.Refresh(ctx, core.Event{}) }, map[string]float64{"tokenauth_refreshes_total": 1}},
		"a retry":   {func(h core.Hooks) { h.Retry(ctx, core.Event{}) }, map[string]float64{"tokenauth_retries_total": 1}},
		"a compromise that ends two sessions": {func(h core.Hooks) {
			h.Compromise(ctx, core.Event{Sessions: 2, Reason: core.ReasonCompromised, Err: core.ErrCompromised})
			h.Revocation(ctx, core.Event{SessionID: "a", Reason: core.ReasonCompromised})
			h.Revocation(ctx, core.Event{SessionID: "b", Reason: core.ReasonCompromised})
		}, map[string]float64{"tokenauth_compromises_total": 1, `tokenauth_sessions_ended_total{reason="refresh_token_compromised"}`: 2}},
		"revocations": {func(h core.Hooks) {
			h.Revocation(ctx, core.Event{Reason: core.ReasonLogout})
			h.Revocation(ctx, core.Event{Reason: core.ReasonMaxSessions})
			h.Revocation(ctx, core.Event{Reason: core.ReasonMaxSessions})
		}, map[string]float64{`tokenauth_sessions_ended_total{reason="logout"}`: 1, `tokenauth_sessions_ended_total{reason="max_sessions"}`: 2}},
		"rejections": {func(h core.Hooks) {
			h.Rejection(ctx, core.Event{Reason: core.ReasonAccessTokenExpired, Err: core.ErrAccessTokenExpired})
			h.Rejection(ctx, core.Event{Reason: core.ReasonAccessTokenExpired, Err: core.ErrAccessTokenExpired})
			h.Rejection(ctx, core.Event{Reason: core.ReasonStoreUnavailable, Err: core.ErrStoreUnavailable})
		}, map[string]float64{`tokenauth_rejections_total{reason="access_token_expired"}`: 2, `tokenauth_rejections_total{reason="store_unavailable"}`: 1}},
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
				h.Rejection(t.Context(), core.Event{Reason: core.ReasonClaims})
			}
		})
	}
	wg.Wait()
	expect(t, registry, map[string]float64{"tokenauth_logins_total": 800, `tokenauth_rejections_total{reason="claims_unavailable"}`: 800})
}

func TestNoLabelIsAClients(t *testing.T) {
	observer, registry := newObserver(t)
	h := observer.Hooks()
	for i := range 100 {
		e := core.Event{UserID: fmt.Sprint("user", i), SessionID: fmt.Sprint("session", i), Device: fmt.Sprint("device", i)}
		h.Login(t.Context(), e)
		e.Reason = core.ReasonMaxSessions
		h.Revocation(t.Context(), e)
		e.Reason, e.Err = core.ReasonInvalidAccessToken, fmt.Errorf("%w: %d", core.ErrInvalidAccessToken, i)
		h.Rejection(t.Context(), e)
		e.Reason, e.Err = core.ReasonCompromised, core.ErrCompromised
		h.Compromise(t.Context(), e)
	}
	if got, want := len(metrics(t, registry)), len(counters()); got != want {
		t.Errorf("there are %d time series, want %d", got, want)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
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
