package prometheusobserve

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
)

// Options says how an [Observer] measures. The zero value is the defaults.
type Options struct {
	// StoreBuckets are the upper bounds of the buckets of the histogram of store
	// calls, in seconds, in rising order. Each is a time series for every method and
	// outcome. Default: 16 from 100 µs to 10 s.
	StoreBuckets []float64
}

// defaultBuckets reach from a store in the process to one that hangs.
var defaultBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Observer counts the events of a schema and measures the calls of its store. New makes
// one. It is safe for concurrent use and starts no goroutine.
type Observer struct {
	logins, refreshes, retries, compromises prometheus.Counter
	ended, rejections                       *prometheus.CounterVec // by reason
	storeCalls                              *prometheus.HistogramVec
}

// New returns an observer whose metrics are registered with registerer. If registerer is
// nil, StoreBuckets do not rise, or a metric is registered already, New returns an error
// and registers nothing. Several schemas can share an observer, which adds them up. To
// tell them apart, give each its own observer and a label, by
// [prometheus.WrapRegistererWith].
func New(registerer prometheus.Registerer, o Options) (*Observer, error) {
	if registerer == nil {
		return nil, errors.New("prometheusobserve: the registerer must not be nil")
	}
	if len(o.StoreBuckets) == 0 { // for which client_golang has other defaults
		o.StoreBuckets = defaultBuckets
	}
	if !rising(o.StoreBuckets) {
		return nil, errors.New("prometheusobserve: StoreBuckets must be in rising order")
	}
	// One collector, so that it is all registered or nothing.
	var all collectors
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tokenauth", Name: name, Help: help})
		all = append(all, c)
		return c
	}
	byReason := func(name, help string, reasons ...core.Reason) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tokenauth", Name: name, Help: help}, []string{"reason"})
		for _, reason := range reasons {
			c.WithLabelValues(string(reason)) // begins at 0
		}
		all = append(all, c)
		return c
	}
	observer := &Observer{
		logins:      counter("logins_total", "Sessions that began."),
		refreshes:   counter("refreshes_total", "Refreshes that gave the next pair of tokens."),
		retries:     counter("retries_total", "Refreshes that gave the present pair of tokens again."),
		compromises: counter("compromises_total", "Stale refresh tokens that ended sessions."),
		ended: byReason("sessions_ended_total", "Sessions that ended before they expired, by reason.",
			core.ReasonLogout, core.ReasonLogin, core.ReasonMaxSessions, core.ReasonRevoked, core.ReasonDenied, core.ReasonCompromised),
		rejections: byReason("rejections_total", "Calls of the schema that were refused or failed, by reason.",
			core.ReasonMissingAccessToken, core.ReasonInvalidAccessToken, core.ReasonAccessTokenExpired, core.ReasonAccessTokenNotExpired,
			core.ReasonMissingRefreshToken, core.ReasonInvalidRefreshToken, core.ReasonCompromised, core.ReasonSessionEnded, core.ReasonNoSession,
			core.ReasonStoreUnavailable, core.ReasonKeysUnavailable, core.ReasonClaims, core.ReasonInvalidClaims, core.ReasonCrossOrigin, core.ReasonMethodNotAllowed, core.ReasonTooManyCookies),
		storeCalls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tokenauth", Name: "store_call_duration_seconds",
			Help:    "Duration of the calls of the store, by method and outcome.",
			Buckets: slices.Clone(o.StoreBuckets),
		}, []string{"method", "outcome"}),
	}
	if err := registerer.Register(append(all, observer.storeCalls)); err != nil {
		return nil, fmt.Errorf("prometheusobserve: register the metrics: %w", err)
	}
	return observer, nil
}

// Hooks returns the hooks that count, for core.Config.Hooks.
func (o *Observer) Hooks() core.Hooks {
	return core.Hooks{
		Login:      func(context.Context, core.Event) { o.logins.Inc() },
		Refresh:    func(context.Context, core.Event) { o.refreshes.Inc() },
		Retry:      func(context.Context, core.Event) { o.retries.Inc() },
		Compromise: func(context.Context, core.Event) { o.compromises.Inc() },
		Revocation: func(_ context.Context, e core.Event) { o.ended.WithLabelValues(string(e.Reason)).Inc() },
		Rejection:  func(_ context.Context, e core.Event) { o.rejections.WithLabelValues(string(e.Reason)).Inc() },
	}
}

// Store returns a store that measures each call of s, and is s in everything else. See
// [core.ObserveStore]. If s is nil it returns nil.
func (o *Observer) Store(s core.RefreshStore) core.RefreshStore {
	// Failures begin at 0, so that a rate sees the first. Other series begin with their
	// first call, because most outcomes of most methods never happen.
	for _, method := range [...]string{"create", "get", "exchange", "revoke", "list_user", "delete_expired"} {
		for _, outcome := range [...]core.Outcome{core.OutcomeTimeout, core.OutcomeError} {
			o.storeCalls.WithLabelValues(method, string(outcome))
		}
	}
	return core.ObserveStore(s, core.StoreHooks{
		End: func(_ context.Context, method string, outcome core.Outcome, took time.Duration) {
			o.storeCalls.WithLabelValues(method, string(outcome)).Observe(took.Seconds())
		},
	})
}

func rising(buckets []float64) bool {
	for i, b := range buckets {
		if math.IsNaN(b) || i > 0 && b <= buckets[i-1] {
			return false
		}
	}
	return true
}

// collectors are several as one.
type collectors []prometheus.Collector

func (cs collectors) Describe(descriptions chan<- *prometheus.Desc) {
	for _, c := range cs {
		c.Describe(descriptions)
	}
}

func (cs collectors) Collect(metrics chan<- prometheus.Metric) {
	for _, c := range cs {
		c.Collect(metrics)
	}
}
