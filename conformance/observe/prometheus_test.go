package observe_test

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/tokenauth/tokenauth/observe/prometheus"
)

func TestWhatPrometheusScrapes(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	observer, err := prometheusobserve.New(registry, prometheusobserve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	private := live(t.Context(), t, observer)

	rec := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	scraped := rec.Body.String()
	for _, line := range []string{
		`tokenauth_logins_total 2`,
		`tokenauth_refreshes_total 1`,
		`tokenauth_retries_total 1`,
		`tokenauth_compromises_total 1`,
		`tokenauth_revocations_total 1`,
		`tokenauth_sessions_ended_total{by="compromise"} 1`,
		`tokenauth_sessions_ended_total{by="revocation"} 1`,
		`tokenauth_rejections_total{reason="access_token_expired"} 1`,
		`tokenauth_rejections_total{reason="store_unavailable"} 1`,
		`tokenauth_rejections_total{reason="cross_origin"} 0`,
		`tokenauth_store_call_duration_seconds_count{method="create",outcome="ok"} 2`,
		`tokenauth_store_call_duration_seconds_count{method="exchange",outcome="ok"} 1`,
		`tokenauth_store_call_duration_seconds_count{method="exchange",outcome="conflict"} 2`,
		`tokenauth_store_call_duration_seconds_count{method="exchange",outcome="error"} 1`,
		`tokenauth_store_call_duration_seconds_count{method="revoke",outcome="ok"} 1`,
		`tokenauth_store_call_duration_seconds_count{method="revoke_user",outcome="ok"} 1`,
		`tokenauth_store_call_duration_seconds_bucket{method="create",outcome="ok",le="+Inf"} 2`,
	} {
		if !strings.Contains(scraped, "\n"+line+"\n") {
			t.Errorf("no line says %s", line)
		}
	}
	for _, text := range private {
		if strings.Contains(scraped, text) {
			t.Errorf("the metrics tell %q", text)
		}
	}
	if t.Failed() {
		t.Log(scraped)
	}

	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// Whoever adds an error to core adds it to the observers' reasons.
func TestPrometheusForeseesEveryReason(t *testing.T) {
	source, err := os.ReadFile("../../core/http_errors.go")
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	if _, err := prometheusobserve.New(registry, prometheusobserve.Options{}); err != nil {
		t.Fatal(err)
	}
	foreseen := map[string]bool{}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				foreseen[label.GetName()+"="+label.GetValue()] = true
			}
		}
	}
	codes := regexp.MustCompile(`(?m)^\t\{Err\w+, http\.Status\w+, "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) < 10 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	for _, code := range codes {
		if !foreseen["reason="+code[1]] {
			t.Errorf("the reason %s is not there from the beginning", code[1])
		}
	}
}
