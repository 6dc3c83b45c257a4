package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
)

// MariaDBServer is one MariaDB server. It is safe for concurrent use.
type MariaDBServer struct {
	*server
	client    string
	databases atomic.Int64
}

// MariaDB starts a MariaDB server whose user root needs no password. Arguments are those
// of mariadbd, such as "--sql-mode=ANSI"; they override the defaults, which are MariaDB's
// own but for small buffers and max_connections=300: each commit is synced to the disk.
func MariaDB(t testing.TB, args ...string) *MariaDBServer {
	t.Helper()
	const debianPackage = "mariadb-server"
	program := find(t, "mariadbd", debianPackage)
	install := find(t, "mariadb-install-db", debianPackage)
	admin := find(t, "mariadb-admin", debianPackage)
	client := find(t, "mariadb", debianPackage)
	s := newServer(t, "mariadb")
	data, socket := filepath.Join(s.dir, "data"), filepath.Join(s.dir, "socket")
	options := []string{"--no-defaults", "--datadir=" + data, "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=48M"}
	if os.Getuid() == 0 { // it refuses root, unless told
		options = append(options, "--user=root")
	}
	initialize := append([]string{install}, options...)
	if err := s.run(append(initialize, "--auth-root-authentication-method=normal", "--skip-test-db")...); err != nil {
		t.Fatal(err)
	}
	// The socket is in its own folder, so that no other server answers there.
	s.ready = func(int, int) error {
		return s.run(admin, "--no-defaults", "--socket="+socket, "--user=root", "ping")
	}
	s.command = func(port int) ([]string, error) {
		command := append([]string{program}, options...)
		command = append(command, "--port="+strconv.Itoa(port), "--bind-address=127.0.0.1", "--socket="+socket,
			"--pid-file="+filepath.Join(s.dir, "pid"), "--skip-name-resolve", "--max-connections=300")
		return append(command, args...), nil
	}
	s.begin()
	return &MariaDBServer{server: s, client: client}
}

// DSN returns what github.com/go-sql-driver/mysql needs to open the database of that name.
func (s *MariaDBServer) DSN(database string) string {
	return fmt.Sprintf("root@tcp(%s)/%s", s.Addr(), database)
}

// CreateDatabase makes an empty database and returns its name.
func (s *MariaDBServer) CreateDatabase() (name string) {
	s.t.Helper()
	name = fmt.Sprintf("test%d", s.databases.Add(1))
	s.execute("CREATE DATABASE " + name)
	return name
}

// DropDatabase deletes a database that [MariaDBServer.CreateDatabase] made.
func (s *MariaDBServer) DropDatabase(name string) {
	s.t.Helper()
	s.execute("DROP DATABASE " + name)
}

func (s *MariaDBServer) execute(sql string) {
	s.t.Helper()
	err := s.run(s.client, "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", "--port="+strconv.Itoa(s.port), "--user=root", "--execute="+sql)
	if err != nil {
		s.t.Error(err)
	}
}
