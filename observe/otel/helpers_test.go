package otelobserve_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/tokenauth/tokenauth/observe/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// backend is the simplest SDK: it writes down what it is told.
type backend struct {
	mu sync.Mutex
	// units are those of the instruments, by name.
	units map[string]string
	// metrics are the sums of counters and the numbers of measurements, by name and
	// attributes.
	metrics map[string]int64
	// seconds is the sum of all measurements.
	seconds float64
	spans   []*span
	// broken is the name of an instrument that cannot be made.
	broken string
}

func newObserver(t testing.TB) (*otelobserve.Observer, *backend) {
	t.Helper()
	b := &backend{units: map[string]string{}, metrics: map[string]int64{}}
	observer, err := otelobserve.New(otelobserve.Options{MeterProvider: meters{b: b}, TracerProvider: tracers{b: b}})
	if err != nil {
		t.Fatal(err)
	}
	return observer, b
}

// expect fails the test unless these are the metrics.
func (b *backend) expect(t testing.TB, want map[string]int64) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !maps.Equal(b.metrics, want) {
		t.Errorf("the metrics are %v, want %v", b.metrics, want)
	}
}

func (b *backend) add(name string, attributes attribute.Set, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.metrics[name+text(attributes.ToSlice())] += n
}

func text(attributes []attribute.KeyValue) string {
	var texts []string
	for _, a := range attributes {
		texts = append(texts, fmt.Sprintf("%s=%s", a.Key, a.Value.String()))
	}
	return "{" + strings.Join(texts, ",") + "}"
}

type meters struct {
	metricnoop.MeterProvider
	b *backend
}

func (m meters) Meter(string, ...metric.MeterOption) metric.Meter { return meter{b: m.b} }

type meter struct {
	metricnoop.Meter
	b *backend
}

func (m meter) Int64Counter(name string, options ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if name == m.b.broken {
		return nil, errBroken
	}
	if c := metric.NewInt64CounterConfig(options...); c.Unit() == "" || c.Description() == "" {
		return nil, fmt.Errorf("%s has no unit or no description", name)
	}
	m.b.units[name] = metric.NewInt64CounterConfig(options...).Unit()
	return counter{b: m.b, name: name}, nil
}

func (m meter) Float64Histogram(name string, options ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	if name == m.b.broken {
		return nil, errBroken
	}
	if c := metric.NewFloat64HistogramConfig(options...); c.Unit() != "s" || c.Description() == "" || len(c.ExplicitBucketBoundaries()) == 0 {
		return nil, fmt.Errorf("%s is not in seconds or has no description or buckets", name)
	}
	m.b.units[name] = "s"
	return histogram{b: m.b, name: name}, nil
}

type counter struct {
	metricnoop.Int64Counter
	b    *backend
	name string
}

func (c counter) Add(_ context.Context, n int64, options ...metric.AddOption) {
	c.b.add(c.name, metric.NewAddConfig(options).Attributes(), n)
}

type histogram struct {
	metricnoop.Float64Histogram
	b    *backend
	name string
}

func (h histogram) Record(_ context.Context, value float64, options ...metric.RecordOption) {
	h.b.mu.Lock()
	h.b.seconds += value
	h.b.mu.Unlock()
	h.b.add(h.name, metric.NewRecordConfig(options).Attributes(), 1)
}

type tracers struct {
	tracenoop.TracerProvider
	b *backend
}

func (p tracers) Tracer(string, ...trace.TracerOption) trace.Tracer { return tracer{b: p.b} }

type tracer struct {
	tracenoop.Tracer
	b *backend
}

func (t tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	c := trace.NewSpanStartConfig(options...)
	s := &span{told: fmt.Sprint(c.SpanKind(), " ", name, text(c.Attributes()))}
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.b.spans = append(t.b.spans, s)
	return trace.ContextWithSpan(ctx, s), s
}

// span is a span that writes down what it is told.
type span struct {
	tracenoop.Span
	told  string
	ended int
}

func (s *span) IsRecording() bool { return true }

func (s *span) SetAttributes(attributes ...attribute.KeyValue) { s.told += " " + text(attributes) }

func (s *span) SetStatus(code codes.Code, description string) {
	s.told += " " + code.String() + ":" + description
}

func (s *span) AddEvent(name string, options ...trace.EventOption) {
	c := trace.NewEventConfig(options...)
	s.told += " event " + name + text(c.Attributes())
}

// End writes down a panic, as the SDK does where it is deferred.
func (s *span) End(...trace.SpanEndOption) {
	if r := recover(); r != nil {
		s.told += fmt.Sprint(" exception ", r)
		defer panic(r)
	}
	s.ended++
}
