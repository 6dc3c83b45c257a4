package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// PostgreSQLServer is one PostgreSQL server. It is safe for concurrent use.
type PostgreSQLServer struct {
	*server
	psql      string
	databases atomic.Int64
}

// PostgreSQL starts a PostgreSQL server with a new cluster: encoding UTF8, locale C,
// the superuser postgres, who needs no password. Arguments are those of the program
// postgres, such as "-c", "max_connections=10"; they override the defaults, which are
// PostgreSQL's own but for max_connections=300.
func PostgreSQL(t testing.TB, args ...string) *PostgreSQLServer {
	t.Helper()
	initdb := find(t, "initdb", "postgresql")
	folder, err := programFolder(initdb)
	if err != nil {
		t.Fatal(err)
	}
	program := func(name string) string { return filepath.Join(folder, name) }
	s := newServer(t, "postgresql")
	data := filepath.Join(s.dir, "data")
	if s.account, err = accountFor("postgres"); err != nil {
		t.Fatal(err)
	}
	if err := s.account.own(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := s.run(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		t.Fatal(err)
	}
	s.stop = syscall.SIGINT  // "fast": it does not wait for clients to go
	s.quit = syscall.SIGQUIT // killed it would leave its shared memory
	s.ready = func(_, pid int) error { return postgreSQLReady(data, pid) }
	s.command = func(port int) ([]string, error) {
		return append([]string{program("postgres"), "-D", data, "-p", strconv.Itoa(port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "dynamic_shared_memory_type=mmap", // files in its own folder
			"-c", "max_connections=300",
		}, args...), nil
	}
	s.begin()
	return &PostgreSQLServer{server: s, psql: program("psql")}
}

// postgreSQLReady returns nil when the server of that process takes connections. It says
// so in the file by which pg_ctl knows too.
func postgreSQLReady(data string, pid int) error {
	const processLine, statusLine = 0, 7
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) <= statusLine || lines[processLine] != strconv.Itoa(pid) || strings.TrimSpace(lines[statusLine]) != "ready" {
		return errors.New("it is not ready")
	}
	return nil
}

// DSN returns what drivers need to open the database of that name, as a URL.
func (s *PostgreSQLServer) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", s.Addr(), database)
}

// CreateDatabase makes an empty database and returns its name.
func (s *PostgreSQLServer) CreateDatabase() (name string) {
	s.t.Helper()
	name = fmt.Sprintf("test%d", s.databases.Add(1))
	s.execute("CREATE DATABASE " + name)
	return name
}

// DropDatabase deletes a database that [PostgreSQLServer.CreateDatabase] made, which takes
// several megabytes, and ends the connections to it.
func (s *PostgreSQLServer) DropDatabase(name string) {
	s.t.Helper()
	s.execute("DROP DATABASE " + name + " WITH (FORCE)")
}

func (s *PostgreSQLServer) execute(sql string) {
	s.t.Helper()
	if err := s.run(s.psql, "-X", "-q", "-d", s.DSN("postgres"), "-c", sql); err != nil {
		s.t.Error(err)
	}
}
