package adversary_test

import "testing"

// The same on real stores, which are set back as the one in memory is.
func TestOnRealStores(t *testing.T) {
	for _, store := range realStores {
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			open := store.open(t)
			t.Run("set back", func(t *testing.T) { isSetBack(t, open, !store.expires, store.schedules/10) })
			for _, test := range []struct {
				name string
				scenario
				seen string
			}{
				{"the owner alone", scenario{logins: true}, "sessions that went on"},
				{"whatever a store forgets", scenario{forgets: true}, "forgotten exchanges"},
				{"a thief", scenario{thief: true, logins: true}, "tokens stale"},
				{"a thief on a store that is set back", scenario{thief: true, logins: true, forgets: true, restores: true}, "times set back"},
			} {
				t.Run(test.name, func(t *testing.T) {
					test.open, test.emptied, test.steps = open, true, 60
					holds(t, test.scenario, store.schedules, test.seen)
				})
			}
		})
	}
}
