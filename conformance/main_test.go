package conformance_test

import (
	"flag"
	"os"
	"testing"

	pure "github.com/glebarez/sqlite"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest/child"
	"gorm.io/driver/sqlite"
)

var crashes = flag.Int("crashes", 3, "kill the process that keeps a durable store's data `n` times")

func TestMain(m *testing.M) {
	child.Main(map[string]child.Opener{
		"bolt":           func(dir string) (core.RefreshStore, error) { return openBolt(dir) },
		"sqlite":         openSQLite(sqlite.Open, sqliteParameters),
		"pure-go sqlite": openSQLite(pure.Open, pureSQLiteParameters),
	})
	os.Exit(m.Run())
}

// crashingChild is the Crash of a harness whose store is a file in a folder: a child
// process opens it, and is killed.
func crashingChild(kind string) func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
	return func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
		dir := t.TempDir()
		s := child.Start(t, kind, dir)
		return s, func() core.RefreshStore {
			s.Kill()
			s = child.Start(t, kind, dir)
			return s
		}
	}
}
