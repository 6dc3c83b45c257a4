package otelobserve

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

const scope = "github.com/tokenauth/tokenauth/observe/otel"

// Options says where an [Observer] sends its metrics and spans. The zero value is the
// defaults.
type Options struct {
	// MeterProvider makes the meter of the metrics. Default: otel.GetMeterProvider().
	MeterProvider metric.MeterProvider
	// TracerProvider makes the tracer of the spans. Default: otel.GetTracerProvider().
	TracerProvider trace.TracerProvider
}

// storeBuckets reach from a store in the process to one that hangs, in seconds.
var storeBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Observer counts the events of a schema, and measures and traces the calls of its
// store. New makes one. It is safe for concurrent use and starts no goroutine.
type Observer struct {
	tracer trace.Tracer

	logins, refreshes, retries, compromises, ended, rejections metric.Int64Counter
	storeCalls                                                 metric.Float64Histogram

	reasons *memo[core.Reason, byReason]
	begins  *memo[string, begin]
	ends    *memo[call, end]
}

// New returns an observer that makes its instruments and spans with the providers of the
// options. If an instrument cannot be made, New returns an error. Several schemas can
// share an observer, which adds them up.
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
		tracer:      o.TracerProvider.Tracer(scope),
		logins:      counter("tokenauth.logins", "{login}", "Sessions that began."),
		refreshes:   counter("tokenauth.refreshes", "{refresh}", "Refreshes that gave the next pair of tokens."),
		retries:     counter("tokenauth.retries", "{retry}", "Refreshes that gave the present pair of tokens again."),
		compromises: counter("tokenauth.compromises", "{compromise}", "Stale refresh tokens that ended sessions."),
		ended:       counter("tokenauth.sessions.ended", "{session}", "Sessions that ended before they expired, by reason."),
		rejections:  counter("tokenauth.rejections", "{rejection}", "Calls of the schema that were refused or failed, by reason."),
		reasons:     newMemo(newByReason),
		begins:      newMemo(newBegin),
		ends:        newMemo(newEnd),
	}
	var err error
	observer.storeCalls, err = meter.Float64Histogram("tokenauth.store.call.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of the calls of the store, by method and outcome."),
		metric.WithExplicitBucketBoundaries(storeBuckets...))
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("otelobserve: make the instruments: %w", err)
	}
	return observer, nil
}

// Hooks returns the hooks that count, for core.Config.Hooks. They add events to the span
// in the context of the call, which over HTTP is that of the request.
func (o *Observer) Hooks() core.Hooks {
	return core.Hooks{
		Login:   func(ctx context.Context, _ core.Event) { o.logins.Add(ctx, 1) },
		Refresh: func(ctx context.Context, _ core.Event) { o.refreshes.Add(ctx, 1) },
		Retry:   func(ctx context.Context, _ core.Event) { o.retries.Add(ctx, 1) },
		Compromise: func(ctx context.Context, e core.Event) {
			o.compromises.Add(ctx, 1)
			if span := trace.SpanFromContext(ctx); span.IsRecording() {
				span.AddEvent("tokenauth.compromise", trace.WithAttributes(attribute.Int("tokenauth.sessions", e.Sessions)))
			}
		},
		Revocation: func(ctx context.Context, e core.Event) { o.ended.Add(ctx, 1, o.reasons.get(e.Reason).add...) },
		Rejection: func(ctx context.Context, e core.Event) {
			reason := o.reasons.get(e.Reason)
			o.rejections.Add(ctx, 1, reason.add...)
			if span := trace.SpanFromContext(ctx); span.IsRecording() {
				span.AddEvent("tokenauth.rejection", reason.event...)
			}
		},
	}
}

// Store returns a store that measures and traces each call of s, and is s in everything
// else. See [core.ObserveStore]. If s is nil it returns nil.
func (o *Observer) Store(s core.RefreshStore) core.RefreshStore {
	return core.ObserveStore(s, core.StoreHooks{Begin: o.begin, End: o.end})
}

func (o *Observer) begin(ctx context.Context, method string) context.Context {
	b := o.begins.get(method)
	ctx, _ = o.tracer.Start(ctx, b.name, b.options...)
	return ctx
}

// end measures in the context of the span, so that a measurement can refer to it. The call
// of span.End must not be the deferred one: the SDK would write the text of a panic, which
// may name a user, into the span.
func (o *Observer) end(ctx context.Context, method string, outcome core.Outcome, took time.Duration) {
	e := o.ends.get(call{method, outcome})
	o.storeCalls.Record(ctx, took.Seconds(), e.record...)
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() {
		span.SetAttributes(e.outcome...)
		if outcome == core.OutcomeTimeout || outcome == core.OutcomeError {
			span.SetStatus(codes.Error, string(outcome))
		}
	}
	span.End()
}
