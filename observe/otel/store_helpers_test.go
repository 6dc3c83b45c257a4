package otelobserve_test

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"go.opentelemetry.io/otel/trace"
)

// answering is a store that answers with what it is told, and writes its calls down.
type answering struct {
	token core.Record
	list  []core.Record
	n     int
	err   error
	calls []string
	span  trace.Span // of the last call
}

func (s *answering) called(ctx context.Context, method string, args ...any) {
	s.span = trace.SpanFromContext(ctx)
	s.calls = append(s.calls, fmt.Sprintln(append([]any{method, ctx.Value(key{})}, args...)...))
}

func (s *answering) Create(ctx context.Context, t core.Record, limit int) error {
	s.called(ctx, "Create", t, limit)
	return s.err
}

func (s *answering) Get(ctx context.Context, id string) (core.Record, error) {
	s.called(ctx, "Get", id)
	return s.token, s.err
}

func (s *answering) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	s.called(ctx, "Exchange", x)
	return s.token, s.err
}

func (s *answering) Revoke(ctx context.Context, id string, at time.Time) error {
	s.called(ctx, "Revoke", id, at)
	return s.err
}

func (s *answering) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	s.called(ctx, "RevokeUser", userID, at)
	return s.n, s.err
}

func (s *answering) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	s.called(ctx, "ListUser", userID, at)
	return s.list, s.err
}

func (s *answering) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	s.called(ctx, "DeleteExpired", before, max)
	return s.n, s.err
}

// key is that of a value which a context carries.
type key struct{}
