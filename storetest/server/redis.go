package server

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// RedisServer is one Redis server. It is safe for concurrent use.
type RedisServer struct{ *server }

// Redis starts a Redis server that keeps what it has acknowledged: each change is synced
// to its append-only file before the answer, and there are no snapshots. Arguments are
// those of redis-server, such as "--maxmemory", "1mb"; they override these defaults.
func Redis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	return startRedis(t, "redis", func(int) ([]string, error) { return args, nil })
}

// startRedis starts a server with the arguments that args returns for its port.
func startRedis(t testing.TB, name string, args func(port int) ([]string, error)) *RedisServer {
	t.Helper()
	program := find(t, "redis-server", "redis-server")
	s := newServer(t, name)
	s.ready = redisReady
	s.command = func(port int) ([]string, error) {
		more, err := args(port)
		return append([]string{program,
			"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--protected-mode", "yes", "--dir", s.dir,
			"--appendonly", "yes", "--appendfsync", "always", "--save", "", "--rdbcompression", "no",
			// A replica is wanted soon, and nobody comes after it.
			"--repl-diskless-sync-delay", "0",
		}, more...), err
	}
	s.begin()
	return &RedisServer{s}
}

// redisReady returns nil when the Redis of that process answers and has loaded its data.
func redisReady(port, pid int) error {
	info, err := respText(address(port), "INFO", "server")
	if err != nil {
		return err
	}
	if field(info, "process_id") != strconv.Itoa(pid) {
		return fmt.Errorf("another server answers on port %d", port)
	}
	_, err = resp(address(port), "PING")
	return err
}

// field returns a field of what INFO answers.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
