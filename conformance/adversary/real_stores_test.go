package adversary_test

import "testing"

// The same on real stores, which are rolled back as the one in memory is.
func TestOnRealStores(t *testing.T) {
	for _, store := range realStores {
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			open := store.open(t)
			t.Run("rolled back", func(t *testing.T) { isRolledBack(t, open, !store.expires, store.schedules/10) })
			for _, test := range []struct {
				name string
				scenario
				seen []string
			}{
				{"the owner alone", scenario{logins: true}, []string{"sessions that went on", "tokens retried"}},
				{"whatever a store forgets", scenario{forgets: true}, []string{"forgotten exchanges", "tokens retried"}},
				{"a thief", scenario{thief: true, logins: true}, []string{"tokens stale", "compromises told"}},
				{"a thief on a store that is rolled back", scenario{thief: true, logins: true, forgets: true, restores: true}, []string{"times rolled back"}},
			} {
				t.Run(test.name, func(t *testing.T) {
					test.open, test.emptied, test.steps = open, true, 60
					holds(t, test.scenario, store.schedules, test.seen...)
				})
			}
		})
	}
}
