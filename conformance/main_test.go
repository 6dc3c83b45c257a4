package conformance_test

import (
	"flag"
	"os"
	"testing"

	pure "github.com/glebarez/sqlite"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest/child"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
)

var crashes = flag.Int("crashes", 3, "kill the process that keeps a durable store's data `n` times")

var settings = flag.Bool("settings", false, "run the whole suite under every setting, and not each method alone")

func TestMain(m *testing.M) {
	child.Main(map[string]child.Opener{
		"bolt":           func(dir string) (core.RefreshStore, error) { return openBolt(dir) },
		"sqlite":         openGormChild(sqlite.Open),
		"pure-go sqlite": openGormChild(pure.Open),
		"postgresql":     openGormChild(postgres.Open),
		"mariadb":        openGormChild(mysql.Open),
		"redis":          openRedisChild,
	})
	os.Exit(m.Run())
}

// crashingChild is the Crash of a harness whose store is in a file: a child process
// opens it, and is killed. create makes the argument of a new one.
func crashingChild(kind string, create func(t *testing.T) string) func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
	return func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
		arg := create(t)
		s := child.Start(t, kind, arg)
		return s, func() core.RefreshStore {
			s.Kill()
			s = child.Start(t, kind, arg)
			return s
		}
	}
}
