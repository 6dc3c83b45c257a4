package otelobserve

import (
	"context"

	"github.com/tokenauth/tokenauth/core"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Hooks returns the hooks that count, for core.Config.Hooks. They add events to the span
// in the context of the call, which over HTTP is that of the request.
func (o *Observer) Hooks() core.Hooks {
	return core.Hooks{
		Login:   func(ctx context.Context, _ core.Event) { o.logins.Add(ctx, 1) },
		Refresh: func(ctx context.Context, _ core.Event) { o.refreshes.Add(ctx, 1) },
		Retry:   func(ctx context.Context, _ core.Event) { o.retries.Add(ctx, 1) },
		Compromise: func(ctx context.Context, e core.Event) {
			o.compromises.Add(ctx, 1)
			o.ended.Add(ctx, int64(e.Sessions), o.byCompromise...)
			if span := trace.SpanFromContext(ctx); span.IsRecording() {
				span.AddEvent("tokenauth.compromise", trace.WithAttributes(attribute.Int("tokenauth.sessions", e.Sessions)))
			}
		},
		Revocation: func(ctx context.Context, e core.Event) {
			o.revocations.Add(ctx, 1, counted(attribute.String("tokenauth.reason", e.Reason()))...)
			o.ended.Add(ctx, int64(e.Sessions), o.byRevocation...)
		},
		Rejection: func(ctx context.Context, e core.Event) {
			reason := e.Reason()
			r, foreseen := o.byReason[reason]
			if !foreseen {
				r = rejectionFor(reason)
			}
			o.rejections.Add(ctx, 1, r.count...)
			if span := trace.SpanFromContext(ctx); span.IsRecording() {
				span.AddEvent("tokenauth.rejection", r.event...)
			}
		},
	}
}

// rejection is how rejections for one reason are told.
type rejection struct {
	count []metric.AddOption
	event []trace.EventOption
}

func rejectionFor(reason string) rejection {
	attr := attribute.String("tokenauth.reason", reason)
	return rejection{count: counted(attr), event: []trace.EventOption{trace.WithAttributes(attr)}}
}
