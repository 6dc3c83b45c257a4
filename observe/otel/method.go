package otelobserve

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// method is how the calls of one method are told. What can be is made once, because
// making it costs more than a call of a store in memory.
type method struct {
	*Observer
	spanName  string
	spanStart []trace.SpanStartOption

	measured [len(outcomes)][]metric.RecordOption
	ended    [len(outcomes)][]attribute.KeyValue
}

func (o *Observer) method(name string) *method {
	attr := attribute.String("tokenauth.store.method", name)
	m := &method{
		Observer: o, spanName: "tokenauth.store." + name,
		spanStart: []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(attr)},
	}
	for i, text := range outcomes {
		outcome := attribute.String("tokenauth.store.outcome", text)
		m.ended[i] = []attribute.KeyValue{outcome}
		m.measured[i] = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attr, outcome))}
	}
	return m
}

// call is a call of the store under way.
type call struct {
	*method
	span    trace.Span
	start   time.Time
	outcome outcome
}

// begin returns a call that has failed unless it returns and says otherwise: one that
// panics does not.
func (m *method) begin(ctx context.Context) (context.Context, call) {
	ctx, span := m.tracer.Start(ctx, m.spanName, m.spanStart...)
	return ctx, call{m, span, time.Now(), failed}
}

// end tells what has become of the call. The context has its span, so that a measurement
// can name an example. It is what is deferred, and not the span's End, because the SDK
// writes the text of a panic, which may name a user, into a span whose End is.
func (c *call) end(ctx context.Context) {
	c.storeCalls.Record(ctx, time.Since(c.start).Seconds(), c.measured[c.outcome]...)
	if c.span.IsRecording() {
		c.span.SetAttributes(c.ended[c.outcome]...)
		if c.outcome == timeout || c.outcome == failed {
			c.span.SetStatus(codes.Error, outcomes[c.outcome])
		}
	}
	c.span.End()
}
