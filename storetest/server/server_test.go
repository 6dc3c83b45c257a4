package server_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/storetest/server"
)

// database is a server of any kind with a value in it.
type database interface {
	Addr() string
	Dir() string
	Kill()
	Stop()
	Start()
}

// kinds are the servers that one process makes, and how to keep a value in each.
var kinds = []struct {
	name  string
	start func(t *testing.T) (s database, put func(value string), get func() string)
}{
	{"Redis", func(t *testing.T) (database, func(string), func() string) {
		s := server.Redis(t)
		put := func(value string) { redis(t, s.Addr(), "SET", "key", value) }
		get := func() string { return fmt.Sprint(redis(t, s.Addr(), "GET", "key")) }
		return s, put, get
	}},
	{"PostgreSQL", func(t *testing.T) (database, func(string), func() string) {
		s := server.PostgreSQL(t)
		put, get := sql(t, s, s.CreateDatabase())
		return s, put, get
	}},
	{"MariaDB", func(t *testing.T) (database, func(string), func() string) {
		s := server.MariaDB(t)
		put, get := sql(t, s, s.CreateDatabase())
		return s, put, get
	}},
}

func sql(t *testing.T, s interface {
	Query(database, sql string) (string, error)
}, database string) (put func(string), get func() string) {
	query := func(sql string) string {
		t.Helper()
		out, err := s.Query(database, sql)
		if err != nil {
			t.Fatal(err, out)
		}
		return strings.TrimSpace(out)
	}
	query("CREATE TABLE t (id int primary key, value varchar(20))")
	query("INSERT INTO t VALUES (1, '')")
	put = func(value string) { query("UPDATE t SET value = '" + value + "'") }
	get = func() string { return query("SELECT value FROM t") }
	return put, get
}

func redis(t *testing.T, addr string, args ...string) any {
	t.Helper()
	answer, err := server.RESP(addr, args...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// eachKind runs a test on a server of each kind.
func eachKind(t *testing.T, f func(t *testing.T, s database, put func(string), get func() string)) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			s, put, get := kind.start(t)
			f(t, s, put, get)
		})
	}
}

func TestDataSurvivesKillAndStop(t *testing.T) {
	eachKind(t, func(t *testing.T, s database, put func(string), get func() string) {
		addr := s.Addr()
		for i, end := range []func(){s.Kill, s.Stop, s.Kill} {
			value := fmt.Sprint("value", i)
			put(value)
			end()
			if conn, err := net.Dial("tcp", addr); err == nil {
				conn.Close()
				t.Fatal("the server takes connections after its end")
			}
			s.Start()
			if got := get(); got != value {
				t.Fatalf("after the restart the value is %q, want %q", got, value)
			}
		}
		if s.Addr() != addr {
			t.Errorf("the address was %s and is %s", addr, s.Addr())
		}
	})
}

func TestEndingAndStartingTwiceIsHarmless(t *testing.T) {
	eachKind(t, func(_ *testing.T, s database, put func(string), _ func() string) {
		s.Start()
		put("value")
		s.Kill()
		s.Kill()
		s.Stop()
		s.Start()
		s.Start()
		put("value")
	})
}

func TestServersListenOnLoopbackAlone(t *testing.T) {
	eachKind(t, func(t *testing.T, s database, _ func(string), _ func() string) {
		addrs, err := net.InterfaceAddrs()
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(s.Addr())
		for _, addr := range addrs {
			network, ok := addr.(*net.IPNet)
			if !ok || network.IP.IsLoopback() || network.IP.To4() == nil {
				continue
			}
			if conn, err := net.Dial("tcp", net.JoinHostPort(network.IP.String(), port)); err == nil {
				conn.Close()
				t.Errorf("it answers on %s", network.IP)
			}
		}
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	needProc(t)
	for _, kind := range kinds {
		for _, end := range []string{"running", "killed", "stopped"} {
			var dir string
			t.Run(kind.name+"/"+end, func(t *testing.T) {
				s, put, _ := kind.start(t)
				put("value")
				dir = s.Dir()
				if len(processesIn(dir)) == 0 {
					t.Fatal("no process runs in the server's folder")
				}
				switch end {
				case "killed":
					s.Kill()
				case "stopped":
					s.Stop()
				}
				if end != "running" {
					expectNoProcess(t, dir)
				}
			})
			if dir == "" {
				continue // skipped
			}
			expectNoProcess(t, dir)
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("%s is still there: %v", dir, err)
			}
		}
	}
}

// A backend that computes does not notice by itself that it has lost its parent.
func TestKillEndsABusyBackend(t *testing.T) {
	needProc(t)
	s := server.PostgreSQL(t)
	queried := make(chan struct{})
	go func() {
		defer close(queried)
		if out, err := s.Query("postgres", "SELECT count(*) FROM generate_series(1, 1000000000000)"); err == nil {
			t.Error("the query ended with", out)
		}
	}()
	for active := ""; active != "1"; {
		out, err := s.Query("postgres", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 1%' AND pid <> pg_backend_pid() AND state = 'active'")
		if err != nil {
			t.Fatal(out, err)
		}
		active = strings.TrimSpace(out)
	}
	s.Kill()
	<-queried // its client, which runs in the folder too
	expectNoProcess(t, s.Dir())
	s.Start()
	if out, err := s.Query("postgres", "SELECT 1"); err != nil {
		t.Error(out, err)
	}
}

func expectNoProcess(t *testing.T, dir string) {
	t.Helper()
	if left := processesIn(dir); len(left) > 0 {
		t.Errorf("processes %v still run in the server's folder", left)
	}
}

func needProc(t *testing.T) {
	if _, err := os.Readlink("/proc/self/cwd"); err != nil {
		t.Skip("there is no /proc to find processes by")
	}
}

// processesIn returns the processes that run in a folder or below it.
func processesIn(dir string) (pids []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		cwd, err := os.Readlink(link)
		if err == nil && (cwd == dir || strings.HasPrefix(cwd, dir+"/")) {
			pids = append(pids, filepath.Base(filepath.Dir(link)))
		}
	}
	return pids
}

// A port that somebody has taken while the server was down is waited for.
func TestStartWaitsForItsPort(t *testing.T) {
	eachKind(t, func(t *testing.T, s database, put func(string), _ func() string) {
		s.Stop()
		thief, err := net.Listen("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		started := make(chan struct{})
		go func() {
			s.Start()
			close(started)
		}()
		refused := false
		for !refused {
			log, err := os.ReadFile(filepath.Join(s.Dir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			refused = strings.Contains(strings.ToLower(string(log)), "address already in use")
		}
		thief.Close()
		<-started
		put("value")
	})
}

func TestArgumentsReachTheServer(t *testing.T) {
	t.Run("Redis", func(t *testing.T) {
		s := server.Redis(t, "--appendfsync", "everysec")
		if got := fmt.Sprint(redis(t, s.Addr(), "CONFIG", "GET", "appendfsync")); got != "[appendfsync everysec]" {
			t.Error(got)
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := server.PostgreSQL(t, "-c", "max_connections=17")
		if out, err := s.Query("postgres", "SHOW max_connections"); err != nil || strings.TrimSpace(out) != "17" {
			t.Error(out, err)
		}
	})
	t.Run("MariaDB", func(t *testing.T) {
		s := server.MariaDB(t, "--max-connections=17")
		if out, err := s.Query("mysql", "SELECT @@max_connections"); err != nil || strings.TrimSpace(out) != "17" {
			t.Error(out, err)
		}
	})
}

func TestDatabasesAreApart(t *testing.T) {
	type sqlServer interface {
		Query(database, sql string) (string, error)
		CreateDatabase() string
		DropDatabase(name string)
	}
	try := func(t *testing.T, s sqlServer) {
		one, other := s.CreateDatabase(), s.CreateDatabase()
		if out, err := s.Query(one, "CREATE TABLE t (id int)"); err != nil {
			t.Fatal(out, err)
		}
		if _, err := s.Query(other, "SELECT * FROM t"); err == nil {
			t.Error("a table is in both databases")
		}
		s.DropDatabase(one)
		if _, err := s.Query(one, "SELECT 1"); err == nil {
			t.Error("a dropped database is still there")
		}
	}
	t.Run("PostgreSQL", func(t *testing.T) { try(t, server.PostgreSQL(t)) })
	t.Run("MariaDB", func(t *testing.T) { try(t, server.MariaDB(t)) })
}
