package prometheusobserve

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
)

// Options say how an [Observer] measures. The zero value is the defaults.
type Options struct {
	// StoreBuckets are the upper bounds of the buckets that the durations of the
	// store's calls are sorted into, in seconds, rising. Each is a time
	// series for every method and outcome. Default: 16 from 100 µs to 10 s.
	StoreBuckets []float64
}

// defaultBuckets reach from a store in the process to one that hangs.
var defaultBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Observer counts what the hooks of a schema tell and measures a store. New makes
// one. It is safe for concurrent use and starts no goroutine.
type Observer struct {
	logins, refreshes, retries, compromises prometheus.Counter

	endedByCompromise, endedByRevocation prometheus.Counter

	revocations, rejections *prometheus.CounterVec
	byReason                map[string]prometheus.Counter // those of rejections that were foreseen
	storeCalls              *prometheus.HistogramVec
}

// New returns an observer whose metrics it registers with the registerer. It is an
// error if they are registered there already or the buckets don't rise: then nothing is
// registered. One observer can serve several schemas, which are then counted
// together; to tell them apart, give each an observer of its own with
// [prometheus.WrapRegistererWith] and a label.
func New(registerer prometheus.Registerer, o Options) (*Observer, error) {
	if registerer == nil {
		return nil, errors.New("prometheusobserve: no registerer: it is nil")
	}
	if len(o.StoreBuckets) == 0 { // for which client_golang has other defaults
		o.StoreBuckets = defaultBuckets
	}
	if !rising(o.StoreBuckets) {
		return nil, errors.New("prometheusobserve: Options.StoreBuckets don't rise")
	}
	// One collector, so that it is all registered or nothing.
	var all collectors
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tokenauth", Name: name, Help: help})
		all = append(all, c)
		return c
	}
	vec := func(name, help, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tokenauth", Name: name, Help: help}, []string{label})
		all = append(all, c)
		return c
	}
	ended := vec("sessions_ended_total", "Sessions ended by compromises and revocations.", "by")
	observer := &Observer{
		logins:            counter("logins_total", "Logins: sessions that began."),
		refreshes:         counter("refreshes_total", "Refreshes that exchanged a refresh token for the next pair."),
		retries:           counter("retries_total", "Refreshes answered with the same pair again: other tabs and repeated requests."),
		compromises:       counter("compromises_total", "Stale copies of refresh tokens that ended their users' sessions."),
		revocations:       vec("revocations_total", "Logouts and other revocations that ended sessions, by reason.", "reason"),
		endedByCompromise: ended.WithLabelValues("compromise"),
		endedByRevocation: ended.WithLabelValues("revocation"),
		rejections:        vec("rejections_total", "Refused tokens and requests, by reason.", "reason"),
		storeCalls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tokenauth", Name: "store_call_duration_seconds",
			Help:    "How long the calls of the refresh-token store took, by method and outcome.",
			Buckets: slices.Clone(o.StoreBuckets),
		}, []string{"method", "outcome"}),
		byReason: map[string]prometheus.Counter{},
	}
	for _, err := range reasons {
		reason := core.Event{Err: err}.Reason()
		observer.byReason[reason] = observer.rejections.WithLabelValues(reason)
	}
	for _, reason := range revocationReasons {
		observer.revocations.WithLabelValues(reason)
	}
	if err := registerer.Register(append(all, observer.storeCalls)); err != nil {
		return nil, fmt.Errorf("prometheusobserve: register the metrics: %w", err)
	}
	return observer, nil
}

// revocationReasons are what [core.Event.Reason] says of revocations.
var revocationReasons = []string{"logout", "login", "max_sessions", "revoked"}

// reasons are the errors of which a rejection can tell.
var reasons = []error{
	core.ErrMissingAccessToken, core.ErrInvalidAccessToken, core.ErrAccessTokenExpired, core.ErrAccessTokenNotExpired, core.ErrSessionEnded, core.ErrNoSession,
	core.ErrMissingRefreshToken, core.ErrInvalidRefreshToken, core.ErrCompromised,
	core.ErrStoreUnavailable, core.ErrClaims, core.ErrCrossOrigin, core.ErrMethodNotAllowed,
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
