package adversary_test

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
)

func memory() core.RefreshStore { return memorystore.New() }

func TestTheOwnerAloneIsNeverLoggedOut(t *testing.T) {
	seen := []string{
		"tokens current", "tokens retried", "repetitions in time", "repeated requests", "repeated answers", "cancelled requests",
		"refresh Service Unavailable", "refresh Conflict", "sessions that went on",
	}
	for _, test := range []struct {
		name string
		scenario
		schedules int
		seen      []string
	}{
		{"on a store in memory", scenario{open: memory, steps: 60}, 3000, nil},
		{"whatever a store forgets", scenario{open: memory, forgets: true, steps: 60}, 4000, []string{"tokens ahead of its record", "forgotten exchanges"}},
		{"while secrets are rotated", scenario{open: memory, servers: true, steps: 60}, 3000, nil},
		{"by clocks that differ", scenario{open: memory, servers: true, forgets: true, steps: 60}, 3000, nil},
		{"over logins", scenario{open: memory, logins: true, steps: 80}, 4000, []string{"overtaken logins", "pages refused after another login", "logout OK", "login Service Unavailable"}},
	} {
		t.Run(test.name, func(t *testing.T) { holds(t, test.scenario, test.schedules, append(test.seen, seen...)...) })
	}
}

func TestAThiefDoesNotStay(t *testing.T) {
	seen := []string{
		"tokens stale", "tokens retried", "tokens dead", "live sessions of both",
		"refresh Service Unavailable", "grant Service Unavailable", "login OK", "logout OK",
	}
	t.Run("on a store in memory", func(t *testing.T) {
		holds(t, scenario{open: memory, thief: true, logins: true, steps: 80}, 4000, seen...)
	})
	t.Run("on a store that is set back", func(t *testing.T) {
		holds(t, scenario{open: memory, thief: true, logins: true, forgets: true, restores: true, steps: 80}, 4000,
			append(seen, "forgotten exchanges", "times set back", "tokens ahead of its record", "tokens unknown")...)
	})
}
