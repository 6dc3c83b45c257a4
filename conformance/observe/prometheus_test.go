package observe_test

import (
	"maps"
	"net"
	"net/http/httptest"
	"slices"
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
	want := []string{
		`tokenauth_compromises_total 1`,
		`tokenauth_logins_total 6`,
		`tokenauth_refreshes_total 2`,
		`tokenauth_rejections_total{reason="access_token_expired"} 1`,
		`tokenauth_rejections_total{reason="store_unavailable"} 1`,
		`tokenauth_retries_total 1`,
		`tokenauth_sessions_ended_total{reason="login"} 1`,
		`tokenauth_sessions_ended_total{reason="logout"} 1`,
		`tokenauth_sessions_ended_total{reason="max_sessions"} 1`,
		`tokenauth_sessions_ended_total{reason="refresh_token_compromised"} 2`,
		`tokenauth_sessions_ended_total{reason="revoked"} 1`,
		`tokenauth_store_call_duration_seconds_count{method="create",outcome="ok"} 6`,
		`tokenauth_store_call_duration_seconds_count{method="exchange",outcome="conflict"} 2`,
		`tokenauth_store_call_duration_seconds_count{method="exchange",outcome="error"} 1`,
		`tokenauth_store_call_duration_seconds_count{method="exchange",outcome="ok"} 2`,
		`tokenauth_store_call_duration_seconds_count{method="revoke",outcome="ok"} 4`,
	}
	var got []string
	for line := range strings.Lines(scraped) {
		line = strings.TrimSuffix(line, "\n")
		if line[0] != '#' && !strings.HasSuffix(line, " 0") && !strings.Contains(line, "_bucket{") && !strings.Contains(line, "_sum{") {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("scraped\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, text := range private {
		if strings.Contains(scraped, text) {
			t.Errorf("the metrics tell %q", text)
		}
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

// A reason that is added to core is added to the observer.
func TestPrometheusBeginsAllReasonsAtZero(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := prometheusobserve.New(registry, prometheusobserve.Options{}); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				got[label.GetValue()] = true
			}
		}
	}
	want := reasons(t)
	if !maps.Equal(got, want) {
		t.Errorf("the reasons are %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}
