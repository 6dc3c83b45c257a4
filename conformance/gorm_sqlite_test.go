package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	pure "github.com/glebarez/sqlite"
	"github.com/tokenauth/tokenauth/storetest"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

func TestGormSQLite(t *testing.T) {
	for name, parameters := range map[string]string{
		"recommended":    sqliteParameters,
		"without a wait": "?_journal_mode=WAL&_busy_timeout=0",
		"no write-ahead": "?_busy_timeout=0",
	} {
		t.Run(name, func(t *testing.T) { storetest.Run(t, gormSQLite(parameters).harness()) })
	}
}

func TestGormPureGoSQLite(t *testing.T) {
	d := gormSQLite(pureSQLiteParameters)
	d.dialector, d.child = pure.Open, "pure-go sqlite"
	storetest.Run(t, d.harness())
}

// gormSQLite returns the dialect of databases in files, opened with these
// parameters.
func gormSQLite(parameters string) gormDialect {
	return gormDialect{
		dialector: sqlite.Open,
		create:    func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "tokenauth.db") + parameters },
		dump:      dumpFile,
		child:     "sqlite",
	}
}

// The parameters that the package documentation recommends.
const (
	sqliteParameters     = "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=100"
	pureSQLiteParameters = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(100)"
)

// dumpFile returns the bytes of a database in a file and of its log.
func dumpFile(t *testing.T, dsn string, _ *gorm.DB) []byte {
	t.Helper()
	path, _, _ := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return append(all, log...)
}
