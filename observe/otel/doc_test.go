package otelobserve_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestTheDocumentedMetricsAndAttributesAreTheMetrics(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	observer, backend := newObserver(t)
	tellAll(t, observer.Hooks())
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{nil, core.ErrNotFound, core.ErrExists, core.ErrConflict, context.Canceled, context.DeadlineExceeded, errBroken} {
		for _, call := range methods {
			call(cancelled, observer.Store(answer(err)))
		}
	}

	documented := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^//\t(tokenauth\.\S+) +(\S+) +\w`).FindAllStringSubmatch(doc, -1) {
		documented[line[1]] = line[2]
	}
	if !maps.Equal(documented, backend.units) {
		t.Errorf("the documented metrics and units are %v, want %v", documented, backend.units)
	}
	counters, histograms := 0, 0
	for name := range backend.metrics {
		name, attributes, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		if backend.units[name] == "s" {
			histograms++
		} else {
			counters++
		}
		for _, word := range strings.FieldsFunc(attributes, func(r rune) bool { return r == '=' || r == ',' }) {
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(word) + `\b`).MatchString(doc) {
				t.Errorf("doc.go does not have the %s of %s", word, name)
			}
		}
	}
	if bound := fmt.Sprintf("%d counters and %d histograms", counters, histograms); !strings.Contains(strings.ReplaceAll(doc, "\n// ", " "), bound) {
		t.Errorf("doc.go does not say that there are at most %s", bound)
	}
}

// tellAll tells the hooks of an event of every kind and reason.
func tellAll(t *testing.T, h core.Hooks) {
	h.Login(t.Context(), core.Event{})
	h.Refresh(t.Context(), core.Event{})
	h.Retry(t.Context(), core.Event{})
	h.Compromise(t.Context(), core.Event{})
	for _, reason := range []core.Reason{core.ReasonLogout, core.ReasonLogin, core.ReasonMaxSessions, core.ReasonRevoked, core.ReasonDenied, core.ReasonCompromised} {
		h.Revocation(t.Context(), core.Event{Reason: reason})
	}
	for _, reason := range []core.Reason{
		core.ReasonMissingAccessToken, core.ReasonInvalidAccessToken, core.ReasonAccessTokenExpired, core.ReasonAccessTokenNotExpired,
		core.ReasonMissingRefreshToken, core.ReasonInvalidRefreshToken, core.ReasonCompromised, core.ReasonSessionEnded, core.ReasonNoSession,
		core.ReasonStoreUnavailable, core.ReasonKeysUnavailable, core.ReasonClaims, core.ReasonInvalidClaims, core.ReasonCrossOrigin, core.ReasonMethodNotAllowed, core.ReasonTooManyCookies,
	} {
		h.Rejection(t.Context(), core.Event{Reason: reason})
	}
}
