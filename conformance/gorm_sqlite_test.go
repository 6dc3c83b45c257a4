package conformance_test

import (
	"testing"

	pure "github.com/glebarez/sqlite"
	"github.com/tokenauth/tokenauth/storetest"
	"gorm.io/driver/sqlite"
)

func TestGormSQLite(t *testing.T) {
	for name, parameters := range map[string]string{
		"recommended": "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000",
		"impatient":   "?_journal_mode=WAL&_busy_timeout=0",
		"rollback":    "?_journal_mode=DELETE&_busy_timeout=0",
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, gormHarness(sqlite.Open, func(t *testing.T) string { return "file:" + file(t) + parameters }, dumpFile))
		})
	}
}

func TestGormPureGoSQLite(t *testing.T) {
	storetest.Run(t, gormHarness(pure.Open, func(t *testing.T) string {
		return "file:" + file(t) + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"
	}, dumpFile))
}
