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

func TestEveryEventCountsOnce(t *testing.T) {
	for name, test := range map[string]struct {
		tell func(context.Context, core.Hooks)
		want map[string]int64
		span string
	}{
		"a login":   {func(ctx context.Context, h core.Hooks) { h.Login(ctx, core.Event{UserID: "ada"}) }, map[string]int64{"tokenauth.logins{}": 1}, ""},
		"a refresh": {func(ctx context.Context, h core.Hooks) { h.Refresh(ctx, core.Event{}) }, map[string]int64{"tokenauth.refreshes{}": 1}, ""},
		"a retry":   {func(ctx context.Context, h core.Hooks) { h.Retry(ctx, core.Event{}) }, map[string]int64{"tokenauth.retries{}": 1}, ""},
		"a compromise that ends two sessions": {func(ctx context.Context, h core.Hooks) {
			h.Compromise(ctx, core.Event{UserID: "ada", Sessions: 2, Reason: core.ReasonCompromised, Err: core.ErrCompromised})
			h.Revocation(ctx, core.Event{SessionID: "a", Reason: core.ReasonCompromised})
			h.Revocation(ctx, core.Event{SessionID: "b", Reason: core.ReasonCompromised})
		}, map[string]int64{
			"tokenauth.compromises{}": 1,
			"tokenauth.sessions.ended{tokenauth.reason=refresh_token_compromised}": 2,
		}, " event tokenauth.compromise{tokenauth.sessions=2}"},
		"revocations": {func(ctx context.Context, h core.Hooks) {
			h.Revocation(ctx, core.Event{Reason: core.ReasonLogout})
			h.Revocation(ctx, core.Event{Reason: core.ReasonMaxSessions})
			h.Revocation(ctx, core.Event{Reason: core.ReasonMaxSessions})
		}, map[string]int64{
			"tokenauth.sessions.ended{tokenauth.reason=logout}":       1,
			"tokenauth.sessions.ended{tokenauth.reason=max_sessions}": 2,
		}, ""},
		"rejections": {func(ctx context.Context, h core.Hooks) {
			h.Rejection(ctx, core.Event{UserID: "ada", Reason: core.ReasonAccessTokenExpired, Err: core.ErrAccessTokenExpired})
			h.Rejection(ctx, core.Event{Reason: core.ReasonStoreUnavailable, Err: fmt.Errorf("%w: %w", core.ErrStoreUnavailable, errBroken)})
		}, map[string]int64{
			"tokenauth.rejections{tokenauth.reason=access_token_expired}": 1,
			"tokenauth.rejections{tokenauth.reason=store_unavailable}":    1,
		}, " event tokenauth.rejection{tokenauth.reason=access_token_expired} event tokenauth.rejection{tokenauth.reason=store_unavailable}"},
	} {
		t.Run(name, func(t *testing.T) {
			observer, backend := newObserver(t)
			request := &span{}
			test.tell(trace.ContextWithSpan(t.Context(), request), observer.Hooks())
			backend.expect(t, test.want)
			if request.told != test.span || request.ended != 0 {
				t.Errorf("the request's span was told %q and ended %d times, want %q and 0", request.told, request.ended, test.span)
			}
		})
	}
}

func TestHooksNeedNoSpan(t *testing.T) {
	observer, backend := newObserver(t)
	observer.Hooks().Compromise(t.Context(), core.Event{Sessions: 1})
	observer.Hooks().Rejection(t.Context(), core.Event{Reason: core.ReasonClaims})
	backend.expect(t, map[string]int64{"tokenauth.compromises{}": 1, "tokenauth.rejections{tokenauth.reason=claims_unavailable}": 1})
}

func TestNoAttributeIsAClients(t *testing.T) {
	observer, backend := newObserver(t)
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
	backend.expect(t, map[string]int64{
		"tokenauth.logins{}": 100, "tokenauth.compromises{}": 100,
		"tokenauth.sessions.ended{tokenauth.reason=max_sessions}":     100,
		"tokenauth.rejections{tokenauth.reason=invalid_access_token}": 100,
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
				h.Rejection(t.Context(), core.Event{Reason: core.ReasonClaims})
			}
		})
	}
	wg.Wait()
	backend.expect(t, map[string]int64{"tokenauth.logins{}": 800, "tokenauth.rejections{tokenauth.reason=claims_unavailable}": 800})
}

func TestAnInstrumentThatCannotBeMadeIsAnError(t *testing.T) {
	for _, name := range []string{
		"tokenauth.logins", "tokenauth.refreshes", "tokenauth.retries", "tokenauth.compromises",
		"tokenauth.sessions.ended", "tokenauth.rejections", "tokenauth.store.call.duration",
	} {
		b := &backend{units: map[string]string{}, broken: name}
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
	observer.Hooks().Rejection(t.Context(), core.Event{Reason: core.ReasonClaims})
	if _, err := observer.Store(answer(core.ErrNotFound)).Get(t.Context(), "id"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("Get = %v", err)
	}
}
