package otelobserve

import (
	"errors"
	"fmt"

	"github.com/tokenauth/tokenauth/core"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const scope = "github.com/tokenauth/tokenauth/observe/otel"

// Options say whom an [Observer] tells. The zero value is the defaults.
type Options struct {
	// MeterProvider makes the meter of the metrics. Default: otel.GetMeterProvider().
	MeterProvider metric.MeterProvider
	// TracerProvider makes the tracer of the store's spans. Default:
	// otel.GetTracerProvider().
	TracerProvider trace.TracerProvider
}

// defaultBuckets reach from a store in the process to one that hangs, in seconds.
var defaultBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Observer tells what the hooks of a schema tell, and of its store's calls. New makes
// one. It is safe for concurrent use and starts no goroutine.
type Observer struct {
	tracer trace.Tracer

	logins, refreshes, retries, compromises, revocations, ended, rejections metric.Int64Counter

	byCompromise, byRevocation []metric.AddOption
	byReason                   map[string]rejection // of those that were foreseen

	storeCalls metric.Float64Histogram
}

// New returns an observer that makes its instruments and spans with the providers of the
// options. It is an error if an instrument can't be made. One observer can serve
// several schemas, which are then counted together.
func New(o Options) (*Observer, error) {
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	meter := o.MeterProvider.Meter(scope)
	var errs []error
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return c
	}
	observer := &Observer{
		tracer:       o.TracerProvider.Tracer(scope),
		logins:       counter("tokenauth.logins", "{login}", "Logins: sessions that began."),
		refreshes:    counter("tokenauth.refreshes", "{refresh}", "Refreshes that exchanged a refresh token for the next pair."),
		retries:      counter("tokenauth.retries", "{retry}", "Refreshes answered with the same pair again: other tabs and repeated requests."),
		compromises:  counter("tokenauth.compromises", "{compromise}", "Stale copies of refresh tokens that ended their users' sessions."),
		revocations:  counter("tokenauth.revocations", "{revocation}", "Logouts and other revocations that ended sessions, by reason."),
		ended:        counter("tokenauth.sessions.ended", "{session}", "Sessions ended by compromises and revocations."),
		rejections:   counter("tokenauth.rejections", "{rejection}", "Refused tokens and requests, by reason."),
		byCompromise: counted(attribute.String("tokenauth.ended_by", "compromise")),
		byRevocation: counted(attribute.String("tokenauth.ended_by", "revocation")),
		byReason:     map[string]rejection{},
	}
	for _, err := range reasons {
		reason := core.Event{Err: err}.Reason()
		observer.byReason[reason] = rejectionFor(reason)
	}
	var err error
	observer.storeCalls, err = meter.Float64Histogram("tokenauth.store.call.duration", metric.WithUnit("s"),
		metric.WithDescription("How long the calls of the refresh-token store took, by method and outcome."),
		metric.WithExplicitBucketBoundaries(defaultBuckets...))
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("otelobserve: make the instruments: %w", err)
	}
	return observer, nil
}

// reasons are the errors of which a rejection can tell.
var reasons = []error{
	core.ErrMissingAccessToken, core.ErrInvalidAccessToken, core.ErrAccessTokenExpired, core.ErrAccessTokenNotExpired, core.ErrSessionEnded, core.ErrNoSession,
	core.ErrMissingRefreshToken, core.ErrInvalidRefreshToken, core.ErrCompromised,
	core.ErrStoreUnavailable, core.ErrClaims, core.ErrCrossOrigin, core.ErrMethodNotAllowed,
}

// counted returns the options by which a counter counts under the attributes. They are
// made once, because making them costs more than counting.
func counted(attributes ...attribute.KeyValue) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}
}
