package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/examples/internal/logintest"
)

// site is the server of this program, on a clock that the test moves.
type site struct {
	t       *testing.T
	url     string
	elapsed atomic.Int64
}

func newSite(t *testing.T) *site {
	s := &site{t: t}
	start := time.Now()
	schema, err := newSchema(core.Config{Clock: func() time.Time { return start.Add(time.Duration(s.elapsed.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newHandler(schema))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *site) advance(d time.Duration) { s.elapsed.Add(int64(d)) }

// client is a terminal in which the two tokens stand in the environment.
type client struct {
	*site
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// run runs one of the printed commands, named by the end of its URL, fails the test
// unless status and body are as wanted, and returns the body. args come first.
func (c *client) run(end, args string, status int, body string) string {
	c.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		c.t.Fatal("this test runs curl, which is not installed (Debian: apt-get install curl)")
	}
	var line string
	for l := range strings.Lines(commands(c.url)) {
		if l = strings.TrimSpace(l); strings.HasPrefix(l, "curl ") && strings.HasSuffix(l, c.url+end) {
			line = l
		}
	}
	if line == "" {
		c.t.Fatalf("no command for %s is printed", end)
	}
	line = strings.Replace(line, "curl", "curl -sS -w '\\n%{http_code}' "+args, 1)
	cmd := exec.CommandContext(c.t.Context(), "sh", "-c", line)
	cmd.Env = append(os.Environ(), "ACCESS_TOKEN="+c.Access, "REFRESH_TOKEN="+c.Refresh)
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	answer, ok := strings.CutSuffix(string(out), fmt.Sprint("\n", status))
	if !ok || !strings.Contains(answer, body) {
		c.t.Fatalf("%s answers\n%s\nwant %d with %q", line, out, status, body)
	}
	return answer
}

// take runs a command that prints a pair of tokens and keeps them.
func (c *client) take(end string) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.run(end, "", 200, "expires_in")), c); err != nil {
		c.t.Fatal(err)
	}
}

func (s *site) logIn() *client {
	s.t.Helper()
	c := &client{site: s}
	c.take("/login")
	return c
}

func TestTheMainJob(t *testing.T) {
	s := newSite(t)
	(&client{site: s}).run("/", "", 401, "missing_access_token")
	c := s.logIn()
	c.run("/", "", 200, "ada")
	c.run("/account", "", 200, "ada since")

	s.advance(time.Minute)
	c.run("/", "", 401, "access_token_expired")
	c.take("/token")
	c.run("/", "", 200, "ada")

	c.run("/revoke", "", 200, "")
	c.run("/revoke", "", 200, "") // again
	c.run("/", "", 200, "ada")    // until it expires
	c.run("/account", "", 401, "session_ended")
	c.run("/token", "", 400, "invalid_grant")
}

func TestWrongPassword(t *testing.T) {
	c := &client{site: newSite(t)}
	c.run("/login", "-d password=byron", 403, "wrong user or password") // the first one counts
	c.run("/login", "-d username=byron", 403, "wrong user or password")
}

// However long the client sleeps with it.
func TestALostResponseIsAskedForAgain(t *testing.T) {
	s := newSite(t)
	c := s.logIn()
	lost, later := *c, *c
	s.advance(time.Minute)
	c.take("/token")
	s.advance(11 * time.Second)
	lost.take("/token")
	lost.run("/", "", 200, "ada")
	s.advance(time.Hour)
	later.take("/token")
	later.run("/", "", 200, "ada")
	// All of them have the session's present pair: any one can be refreshed.
	s.advance(time.Minute)
	later.take("/token")
	lost.take("/token")
	lost.run("/", "", 200, "ada")
}

// A token that is two refreshes old.
func TestAStolenCopyIsCaught(t *testing.T) {
	s := newSite(t)
	c := s.logIn()
	thief := *c
	for range 2 {
		s.advance(time.Minute)
		thief.take("/token")
	}
	c.run("/token", "", 400, "invalid_grant")
	thief.run("/token", "", 400, "invalid_grant")
}

func TestAUserHasThreeDevices(t *testing.T) {
	s := newSite(t)
	var devices []*client
	for range 4 {
		devices = append(devices, s.logIn())
		s.advance(time.Second)
	}
	s.advance(time.Minute)
	devices[0].run("/token", "", 400, "invalid_grant")
	for _, c := range devices[1:] {
		c.take("/token")
	}
}

// Anybody can send the form of a login, and a file in it.
func TestALoginReadsAFewKilobytes(t *testing.T) {
	schema, err := newSchema(core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	logintest.ReadsAFewKilobytes(t, newHandler(schema))
}

// The program itself: it builds, listens where it is told to, answers the first
// printed commands, and ends on an interrupt.
func TestProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "bearer")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-addr", "127.0.0.1:0", "-access-token-duration", "3s")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, url: regexp.MustCompile(`http://[0-9.:]+\d`).FindString(first)}
	s.logIn().run("/account", "", 200, "ada")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}
