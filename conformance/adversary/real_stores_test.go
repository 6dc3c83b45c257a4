package adversary_test

import "testing"

// The same on real stores, all of which are set back.
func TestOnRealStores(t *testing.T) {
	for _, real := range realStores {
		t.Run(real.name, func(t *testing.T) {
			t.Parallel()
			s := scenario{open: real.open(t), emptied: true, logins: true, steps: 60}
			forgets, thief := s, s
			forgets.forgets, forgets.logins = true, false
			thief.thief = true
			restores := thief
			restores.forgets, restores.restores = true, true
			t.Run("the store itself", func(t *testing.T) { isSetBack(t, s.open, !real.expires, real.schedules/10) })
			t.Run("the owner alone", func(t *testing.T) { holds(t, s, real.schedules, "sessions that went on") })
			t.Run("whatever it forgets", func(t *testing.T) {
				holds(t, forgets, real.schedules, "forgotten exchanges", "tokens ahead of its record", "sessions that went on")
			})
			t.Run("and a thief", func(t *testing.T) { holds(t, thief, real.schedules, "tokens stale") })
			t.Run("and a thief where it is set back", func(t *testing.T) {
				holds(t, restores, real.schedules, "tokens stale", "forgotten exchanges", "times set back")
			})
		})
	}
}
