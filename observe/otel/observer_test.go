package otelobserve_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/otel"
	"go.opentelemetry.io/otel/trace"
)

var errBroken = errors.New("broken")

func TestHooksCount(t *testing.T) {
	for name, test := range map[string]struct {
		tell func(context.Context, core.Hooks)
		want map[string]int64
		span string
	}{
		"a login": {func(ctx context.Context, h core.Hooks) { h.Login(ctx, core.Event{UserID: "ada"}) },
			map[string]int64{"tokenauth.logins{}": 1}, ""},
		"a refresh": {func(ctx context.Context, h core.Hooks) { h.Refresh(ctx, core.Event{}) },
			map[string]int64{"tokenauth.refreshes{}": 1}, ""},
		"a retry": {func(ctx context.Context, h core.Hooks) { h.Retry(ctx, core.Event{}) },
			map[string]int64{"tokenauth.retries{}": 1}, ""},
		"a compromise": {func(ctx context.Context, h core.Hooks) {
			h.Compromise(ctx, core.Event{UserID: "ada", Sessions: 3, Err: core.ErrCompromised})
		},
			map[string]int64{"tokenauth.compromises{}": 1, "tokenauth.sessions.ended{tokenauth.ended_by=compromise}": 3},
			" event tokenauth.compromise{tokenauth.sessions=3}"},
		"a revocation": {func(ctx context.Context, h core.Hooks) { h.Revocation(ctx, core.Event{Sessions: 2}) },
			map[string]int64{"tokenauth.revocations{tokenauth.reason=}": 1, "tokenauth.sessions.ended{tokenauth.ended_by=revocation}": 2}, ""},
		"rejections": {func(ctx context.Context, h core.Hooks) {
			h.Rejection(ctx, core.Event{UserID: "ada", Err: core.ErrAccessTokenExpired})
			h.Rejection(ctx, core.Event{Err: fmt.Errorf("%w: get the session: %w", core.ErrStoreUnavailable, errBroken)})
		}, map[string]int64{
			"tokenauth.rejections{tokenauth.reason=access_token_expired}": 1,
			"tokenauth.rejections{tokenauth.reason=store_unavailable}":    1,
		}, " event tokenauth.rejection{tokenauth.reason=access_token_expired} event tokenauth.rejection{tokenauth.reason=store_unavailable}"},
		"a rejection for a reason of its own": {func(ctx context.Context, h core.Hooks) { h.Rejection(ctx, core.Event{Err: errBroken}) },
			map[string]int64{"tokenauth.rejections{tokenauth.reason=internal_error}": 1},
			" event tokenauth.rejection{tokenauth.reason=internal_error}"},
	} {
		t.Run(name, func(t *testing.T) {
			observer, backend := newObserver(t)
			request := &span{}
			test.tell(trace.ContextWithSpan(t.Context(), request), observer.Hooks())
			backend.expect(t, test.want)
			if request.told != test.span || request.ended != 0 {
				t.Errorf("the request's span was told %q and ended %d times, want %q and none", request.told, request.ended, test.span)
			}
		})
	}
}

func TestHooksNeedNoSpan(t *testing.T) {
	observer, backend := newObserver(t)
	observer.Hooks().Compromise(t.Context(), core.Event{Sessions: 1})
	observer.Hooks().Rejection(t.Context(), core.Event{Err: core.ErrClaims})
	backend.expect(t, map[string]int64{
		"tokenauth.compromises{}": 1, "tokenauth.sessions.ended{tokenauth.ended_by=compromise}": 1,
		"tokenauth.rejections{tokenauth.reason=claims_unavailable}": 1,
	})
}

func TestHooksCanBeCalledAtOnce(t *testing.T) {
	observer, backend := newObserver(t)
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
	backend.expect(t, map[string]int64{"tokenauth.logins{}": 800, "tokenauth.rejections{tokenauth.reason=claims_unavailable}": 800})
}

func TestAnInstrumentThatCantBeMadeIsAnError(t *testing.T) {
	for _, name := range []string{
		"tokenauth.logins", "tokenauth.refreshes", "tokenauth.retries", "tokenauth.compromises", "tokenauth.revocations",
		"tokenauth.sessions.ended", "tokenauth.rejections", "tokenauth.store.call.duration",
	} {
		b := &backend{broken: name}
		observer, err := otelobserve.New(otelobserve.Options{MeterProvider: meters{b: b}})
		if !errors.Is(err, errBroken) || observer != nil {
			t.Errorf("without %s: New = %v, %v", name, observer, err)
		}
	}
}

// Before the application has set up an SDK, or where it never does, nothing happens.
func TestTheDefaultsAreTheGlobalProviders(t *testing.T) {
	observer, err := otelobserve.New(otelobserve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	observer.Hooks().Rejection(t.Context(), core.Event{Err: core.ErrClaims})
	if _, err := observer.Store(&answering{err: core.ErrNotFound}).Get(t.Context(), "id"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("Get = %v", err)
	}
}
