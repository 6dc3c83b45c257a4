package storetest

import "testing"

// Run tries every rule of the contract on stores of the harness, each as a
// subtest named Method/Case on a store of its own, one after the other. A subtest
// fails with the rule, what was expected, what was seen and the calls that led
// there. Rules that need what the harness leaves out are skipped, and say what
// to provide. See the package documentation for what passing shows.
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
			if err := r.run(t, h); err != nil {
				t.Error(err)
			}
		})
	}
}
