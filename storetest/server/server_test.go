package server_test

import (
	"testing"

	"github.com/tokenauth/tokenauth/storetest/server"
)

func TestQuick(t *testing.T) {
	t.Run("redis", func(t *testing.T) {
		s := server.Redis(t)
		s.Kill()
		s.Start()
		s.Stop()
		s.Start()
	})
	t.Run("pg", func(t *testing.T) {
		s := server.PostgreSQL(t)
		s.CreateDatabase()
		s.Kill()
		s.Start()
		s.Stop()
		s.Start()
		s.CreateDatabase()
	})
	t.Run("maria", func(t *testing.T) {
		s := server.MariaDB(t)
		s.CreateDatabase()
		s.Kill()
		s.Start()
		s.Stop()
		s.Start()
		s.CreateDatabase()
	})
}
