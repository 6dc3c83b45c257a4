package conformance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/storetest"
	"github.com/tokenauth/tokenauth/storetest/server"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

func TestGormPostgreSQL(t *testing.T) {
	storetest.Run(t, gormPostgreSQL(t, server.PostgreSQL(t)).harness())
}

func TestGormMariaDB(t *testing.T) {
	// InnoDB alone shows a commit to others before it is on the disk: what a killed server has
	// not acknowledged, but somebody has read, can be gone. With a binary log it is there first.
	s := server.MariaDB(t, "--log-bin", "--sync-binlog=1")
	storetest.Run(t, gormMariaDB(s).harness())
}

// gormPostgreSQL returns the dialect of schemas in one database of the server, which
// are made much faster than databases.
func gormPostgreSQL(t *testing.T, s *server.PostgreSQLServer) gormDialect {
	dsn := s.DSN(s.CreateDatabase())
	admin, err := gorm.Open(postgres.Open(dsn), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connections(t, admin).Close() })
	schemas := 0
	return gormDialect{
		dialector: postgres.Open,
		create: func(t *testing.T) string {
			schemas++
			name := fmt.Sprint("s", schemas)
			if err := admin.Exec("CREATE SCHEMA " + name).Error; err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { admin.Exec("DROP SCHEMA " + name + " CASCADE") })
			return withParameter(dsn, "search_path="+name)
		},
		dump:   dumpTables,
		server: s,
		child:  "postgresql",
	}
}

func withParameter(dsn, parameter string) string {
	if strings.Contains(dsn, "?") {
		return dsn + "&" + parameter
	}
	return dsn + "?" + parameter
}

func gormMariaDB(s *server.MariaDBServer) gormDialect {
	return gormDialect{
		dialector: mysql.Open,
		create: func(t *testing.T) string {
			name := s.CreateDatabase()
			t.Cleanup(func() { s.DropDatabase(name) })
			return s.DSN(name)
		},
		dump:   dumpTables,
		server: s,
		child:  "mariadb",
	}
}
