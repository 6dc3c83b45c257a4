package prometheusobserve_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
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

// expect fails the test unless these are the metrics that are not zero.
func expect(t testing.TB, registry prometheus.Gatherer, want map[string]float64) {
	t.Helper()
	got := metrics(t, registry)
	maps.DeleteFunc(got, func(_ string, value float64) bool { return value == 0 })
	if !maps.Equal(got, want) {
		t.Errorf("the metrics that are not zero are %v, want %v", got, want)
	}
}
