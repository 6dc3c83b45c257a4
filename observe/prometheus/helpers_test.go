package prometheusobserve_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/prometheus"
)

func newObserver(t testing.TB) (*prometheusobserve.Observer, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	observer, err := prometheusobserve.New(registry, prometheusobserve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return observer, registry
}

// metrics returns what a server would scrape: the value of each counter, and how many
// calls each histogram has seen.
func metrics(t testing.TB, registry prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, label := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", label.GetName(), label.GetValue()))
			}
			name := family.GetName()
			if labels != nil {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			values[name] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

// expect fails the test unless the metrics that are not zero are those.
func expect(t testing.TB, registry prometheus.Gatherer, want map[string]float64) {
	t.Helper()
	got := metrics(t, registry)
	for name, value := range got {
		if value != want[name] {
			t.Errorf("%s is %v, want %v", name, value, want[name])
		}
	}
	for name, value := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing, want %v", name, value)
		}
	}
}

// answering is a store that answers with what it is told, and writes its calls down.
type answering struct {
	token core.Record
	list  []core.Record
	n     int
	err   error
	calls []string
}

func (s *answering) called(ctx context.Context, method string, args ...any) {
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
