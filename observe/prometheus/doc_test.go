package prometheusobserve_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestTheDocumentedMetricsAndLabelsAreTheMetrics(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	observer, registry := newObserver(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{nil, core.ErrNotFound, core.ErrExists, core.ErrConflict, context.Canceled, context.DeadlineExceeded, errors.New("broken")} {
		for _, call := range methods {
			call(cancelled, observer.Store(answer(err)))
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	exported, counters, histograms := map[string]bool{}, 0, 0
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, label := range m.GetLabel() {
				labels = append(labels, label.GetName())
				if !regexp.MustCompile(`\b` + label.GetValue() + `\b`).MatchString(doc) {
					t.Errorf("doc.go does not have the %s %s", label.GetName(), label.GetValue())
				}
			}
			name := family.GetName()
			if labels != nil {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			exported[name] = true
			if m.GetHistogram() != nil {
				histograms++
			} else {
				counters++
			}
		}
	}
	documented := map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^//\t(tokenauth_\S+) +\w`).FindAllStringSubmatch(doc, -1) {
		documented[line[1]] = true
	}
	if !maps.Equal(documented, exported) {
		t.Errorf("the documented metrics are %q, want %q", slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(exported)))
	}
	if bound := fmt.Sprintf("%d counters and %d histograms", counters, histograms); !strings.Contains(strings.ReplaceAll(doc, "\n// ", " "), bound) {
		t.Errorf("doc.go does not say that there are at most %s", bound)
	}
}
