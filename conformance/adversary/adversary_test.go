package adversary_test

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
)

func memory() core.RefreshStore { return memorystore.New() }

func TestTheOwnerAloneIsNeverLoggedOut(t *testing.T) {
	late := []string{"tokens retried after more than an hour"}
	seen := []string{
		"tokens current", "tokens retried", "hours after a lost response",
		"repeated requests", "repeated responses", "cancelled requests", "late calls", "restored tabs", "jars that fell back",
		"clients that went on with their access token", "windows that close", "windows that close at once",
		"refresh Service Unavailable", "refresh Conflict", "sessions that went on",
	}
	for _, test := range []struct {
		name string
		scenario
		schedules int
		seen      []string
	}{
		{"on a store in memory", scenario{open: memory, steps: 60}, 3000, late},
		{"whatever a store forgets", scenario{open: memory, forgets: true, steps: 60}, 4000, []string{"tokens ahead of its record", "forgotten exchanges", late[0]}},
		{"while secrets are rotated", scenario{open: memory, servers: true, steps: 60}, 3000, append(late, "tokens retried before the access token expired")},
		{"by clocks that differ", scenario{open: memory, servers: true, forgets: true, steps: 60}, 3000, late},
		{"over logins", scenario{open: memory, logins: true, steps: 80}, 4000, []string{"overtaken logins", "logout OK", "login Service Unavailable"}},
		{"within a limited Grace", scenario{open: memory, limited: true, forgets: true, servers: true, steps: 60}, 3000, []string{"repetitions in time"}},
	} {
		t.Run(test.name, func(t *testing.T) { holds(t, test.scenario, test.schedules, append(test.seen, seen...)...) })
	}
}

func TestAThiefDoesNotStay(t *testing.T) {
	seen := []string{
		"tokens stale", "tokens retried", "tokens dead", "live sessions of both", "diverging copies that ended the session",
		"compromises told", "sessions that a compromise spared", "ends told: refresh_token_compromised",
		"ends told: login", "ends told: logout", "ends told: max_sessions",
		"refresh Service Unavailable", "grant Service Unavailable", "login OK", "logout OK",
	}
	t.Run("on a store in memory", func(t *testing.T) {
		holds(t, scenario{open: memory, thief: true, logins: true, steps: 80}, 4000, seen...)
	})
	t.Run("on a store that is rolled back", func(t *testing.T) {
		holds(t, scenario{open: memory, thief: true, logins: true, forgets: true, restores: true, steps: 80}, 4000,
			append(seen, "forgotten exchanges", "times rolled back", "tokens ahead of its record", "tokens unknown")...)
	})
}
