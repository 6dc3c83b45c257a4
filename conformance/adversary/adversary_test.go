package adversary_test

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
)

func memory() core.RefreshStore { return memorystore.New() }

func TestTheOwnerAloneIsNeverLoggedOut(t *testing.T) {
	t.Run("whatever a store forgets", func(t *testing.T) {
		holds(t, scenario{open: newPlainStore, forgets: true, steps: 60}, 5000)
	})
	t.Run("on two servers", func(t *testing.T) {
		holds(t, scenario{open: newPlainStore, servers: true, steps: 60}, 5000)
	})
	t.Run("on a store in memory", func(t *testing.T) {
		holds(t, scenario{open: memory, steps: 60}, 5000)
	})
	t.Run("with logins", func(t *testing.T) {
		holds(t, scenario{open: newPlainStore, logins: true, steps: 80}, 5000)
	})
}

func TestAThiefIsFound(t *testing.T) {
	t.Run("on a store in memory", func(t *testing.T) {
		holds(t, scenario{open: memory, thief: true, logins: true, steps: 80}, 5000)
	})
	t.Run("on a store that is set back", func(t *testing.T) {
		holds(t, scenario{open: newPlainStore, thief: true, logins: true, forgets: true, restores: true, steps: 80}, 5000)
	})
}
