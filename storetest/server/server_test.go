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

func TestQuickCluster(t *testing.T) {
	c := server.RedisCluster(t)
	t.Log(c.Addrs(), c.Masters())
	c.MoveSlots(0, 200, 1)
	p := c.FailOver(0)
	t.Log(p, c.Masters())
	c.MoveSlots(0, 200, p)
	c.Start(0)
	t.Log(c.Masters())
}

func TestQuickSentinel(t *testing.T) {
	s := server.RedisSentinel(t)
	t.Log(s.FailOver())
	s.Start(0)
	t.Log(s.Master())
}
