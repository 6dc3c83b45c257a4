package observe_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestWhatOpenTelemetryCollects(t *testing.T) {
	reader, spans := sdkmetric.NewManualReader(), tracetest.NewSpanRecorder()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	observer, err := otelobserve.New(otelobserve.Options{
		TracerProvider: tracers,
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, request := tracers.Tracer("the application").Start(t.Context(), "request")
	private := live(ctx, t, observer)
	request.End()

	var collected metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	got := sums(t, collected)
	want := []string{
		"tokenauth.compromises {compromise} 1",
		"tokenauth.logins {login} 6",
		"tokenauth.refreshes {refresh} 2",
		"tokenauth.rejections {rejection} tokenauth.reason=access_token_expired 1",
		"tokenauth.rejections {rejection} tokenauth.reason=store_unavailable 1",
		"tokenauth.retries {retry} 1",
		"tokenauth.sessions.ended {session} tokenauth.reason=login 1",
		"tokenauth.sessions.ended {session} tokenauth.reason=logout 1",
		"tokenauth.sessions.ended {session} tokenauth.reason=max_sessions 1",
		"tokenauth.sessions.ended {session} tokenauth.reason=refresh_token_compromised 2",
		"tokenauth.sessions.ended {session} tokenauth.reason=revoked 1",
		"tokenauth.store.call.duration s tokenauth.store.method=create tokenauth.store.outcome=ok 6",
		"tokenauth.store.call.duration s tokenauth.store.method=exchange tokenauth.store.outcome=conflict 2",
		"tokenauth.store.call.duration s tokenauth.store.method=exchange tokenauth.store.outcome=error 1",
		"tokenauth.store.call.duration s tokenauth.store.method=exchange tokenauth.store.outcome=ok 2",
		"tokenauth.store.call.duration s tokenauth.store.method=revoke tokenauth.store.outcome=ok 4",
	}
	if !slices.Equal(got, want) {
		t.Errorf("collected\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	var calls []string
	for _, s := range spans.Ended() {
		text := s.Name()
		if s.Status().Code == codes.Error {
			text += " failed"
		}
		for _, e := range s.Events() {
			text += fmt.Sprint(" ", e.Name, texts(e.Attributes))
		}
		calls = append(calls, text)
		if s.Name() != "request" && s.Parent().SpanID() != request.SpanContext().SpanID() {
			t.Errorf("the span %s is not below the request's", s.Name())
		}
	}
	wantCalls := []string{
		"tokenauth.store.create",                               // the first login
		"tokenauth.store.exchange", "tokenauth.store.exchange", // a refresh and a retry
		"tokenauth.store.exchange",                           // the next refresh
		"tokenauth.store.create",                             // the second login
		"tokenauth.store.exchange", "tokenauth.store.revoke", // a compromise
		"tokenauth.store.create", "tokenauth.store.create", "tokenauth.store.create", // three logins
		"tokenauth.store.revoke", "tokenauth.store.create", // a login that replaces a session
		"tokenauth.store.revoke",          // a logout
		"tokenauth.store.revoke",          // all sessions revoked
		"tokenauth.store.exchange failed", // the store fails
		"request tokenauth.rejection[tokenauth.reason=access_token_expired] tokenauth.compromise[tokenauth.sessions=2]" +
			" tokenauth.rejection[tokenauth.reason=store_unavailable]",
	}
	if !slices.Equal(calls, wantCalls) {
		t.Errorf("the spans are\n%s\nwant\n%s", strings.Join(calls, "\n"), strings.Join(wantCalls, "\n"))
	}

	told := fmt.Sprintf("%+v %+v", collected, tracetest.SpanStubsFromReadOnlySpans(spans.Ended()))
	for _, text := range private {
		if strings.Contains(told, text) {
			t.Errorf("OpenTelemetry is told %q", text)
		}
	}
}

// sums returns each counter's value and the number of each histogram's measurements, sorted.
func sums(t *testing.T, collected metricdata.ResourceMetrics) (all []string) {
	t.Helper()
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			add := func(attributes attribute.Set, n any) {
				text := append([]string{m.Name, m.Unit}, texts(attributes.ToSlice())...)
				all = append(all, strings.Join(append(text, fmt.Sprint(n)), " "))
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
				if !data.IsMonotonic {
					t.Errorf("%s can fall", m.Name)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Count)
				}
			default:
				t.Errorf("%s is a %T", m.Name, data)
			}
		}
	}
	slices.Sort(all)
	return all
}

func texts(attributes []attribute.KeyValue) (texts []string) {
	for _, a := range attributes {
		texts = append(texts, string(a.Key)+"="+a.Value.String())
	}
	return texts
}

// The SDK writes the text of a panic into a span whose End is deferred.
func TestASpanTellsNothingOfAPanicsText(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	observer, err := otelobserve.New(otelobserve.Options{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { recover() }()
		observer.Store(panicking{}).ListUser(t.Context(), "ada lovelace", time.Time{})
	}()
	if ended := spans.Ended(); len(ended) != 1 || ended[0].Status().Code != codes.Error {
		t.Errorf("the spans are %v, want one with the status Error", ended)
	}
	if told := fmt.Sprintf("%+v", tracetest.SpanStubsFromReadOnlySpans(spans.Ended())); strings.Contains(told, "ada lovelace") {
		t.Errorf("the user is told: %s", told)
	}
}

// panicking is a store that panics.
type panicking struct{ core.RefreshStore }

func (panicking) ListUser(_ context.Context, user string, _ time.Time) ([]core.Record, error) {
	panic(errors.New("no shard of " + user))
}
