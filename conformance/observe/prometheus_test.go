package observe_test

import (
	"net"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/prometheus"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
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
		`tokenauth_revocations_total{reason="logout"} 1`,
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

// A Redis that hangs runs into a deadline of the driver's where the request has none.
func TestARedisThatHangsShowsAsTimeouts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), ReadTimeout: 50 * time.Millisecond, MaxRetries: -1, ContextTimeoutEnabled: true})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	observer, err := prometheusobserve.New(registry, prometheusobserve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, failure := observer.Store(store).Get(t.Context(), core.NewRecordID("ada"))
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	const line = `tokenauth_store_call_duration_seconds_count{method="get",outcome="timeout"} 1`
	if scraped := rec.Body.String(); !strings.Contains(scraped, line) {
		t.Errorf("the error is %v, and no line says %s:\n%s", failure, line, scraped)
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
