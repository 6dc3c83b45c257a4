package storetest

import (
	"errors"
	"testing"
)

// Run tests stores of the harness against every rule of the contract. Each rule is a
// subtest named Method/Case, on a store of its own, one after the other. A subtest
// fails with the rule, what was expected, what was seen and the calls before
// it. Rules that need what the harness leaves out are skipped, and say what to
// provide. The package documentation says what passing proves.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.Open == nil {
		t.Fatal("storetest: Harness.Open is nil: provide a function that returns an empty store")
	}
	for _, r := range rules() {
		t.Run(r.id, func(t *testing.T) {
			if why := h.lacks(r.needs); why != "" {
				t.Skip(why)
			}
			err := r.run(t, h)
			if why, ok := errors.AsType[skipped](err); ok {
				t.Skip(string(why))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}
