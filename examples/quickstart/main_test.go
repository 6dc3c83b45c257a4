package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/examples/internal/logintest"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
)

// site is the server of this program, on a clock that the test moves and a store
// that it can break.
type site struct {
	t     *testing.T
	url   string
	store *fragileStore
	mu    sync.Mutex
	now   time.Time
}

func newSite(t *testing.T, maxSessions int) *site {
	s := &site{t: t, now: time.Now(), store: &fragileStore{RefreshStore: memorystore.New()}}
	schema, err := newSchema(s.store, core.Config{
		MaxSessions: maxSessions,
		Cookies:     core.Cookies{Insecure: true},
		Clock: func() time.Time {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.now
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newHandler(schema))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *site) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// fragileStore fails while it is broken.
type fragileStore struct {
	core.RefreshStore
	broken atomic.Bool
}

func (s *fragileStore) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if s.broken.Load() {
		return core.Record{}, errors.New("the disk is on fire")
	}
	return s.RefreshStore.Exchange(ctx, x)
}

// shell is a terminal with a folder of its own, where cookies.txt lies.
type shell struct {
	*site
	dir string
}

func (s *site) newShell() *shell {
	if _, err := exec.LookPath("curl"); err != nil {
		s.t.Fatal("this test runs curl, which is not installed (Debian: apt-get install curl)")
	}
	return &shell{s, s.t.TempDir()}
}

// run runs one of the printed commands, named by the end of its URL, and fails
// the test unless status and body are as wanted. args come first.
func (s *shell) run(end, args string, status int, body string) {
	s.t.Helper()
	var line string
	for l := range strings.Lines(commands(s.url)) {
		if l = strings.TrimSpace(l); strings.HasPrefix(l, "curl ") && strings.HasSuffix(l, s.url+end) {
			line = l
		}
	}
	if line == "" {
		s.t.Fatalf("no command for %s is printed", end)
	}
	line = strings.Replace(line, "curl", "curl -sS -w '\\n%{http_code}' "+args, 1)
	cmd := exec.CommandContext(s.t.Context(), "sh", "-c", line)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	if text := string(out); !strings.HasSuffix(text, fmt.Sprint("\n", status)) || !strings.Contains(text, body) {
		s.t.Fatalf("%s answers\n%s\nwant %d with %q", line, text, status, body)
	}
}

func (s *shell) login()                         { s.t.Helper(); s.run("/login", "", 200, "logged in as ada") }
func (s *shell) page(status int, body string)   { s.t.Helper(); s.run("/", "", status, body) }
func (s *shell) logout(status int, body string) { s.t.Helper(); s.run("/logout", "", status, body) }
func (s *shell) refresh(status int, body string) {
	s.t.Helper()
	s.run("/token/refresh_access_token", "", status, body)
}

// copy returns a shell with the same cookies: another tab's, or a thief's.
func (s *shell) copy() *shell {
	s.t.Helper()
	c := s.newShell()
	if err := os.WriteFile(filepath.Join(c.dir, "cookies.txt"), []byte(s.cookies()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *shell) cookies() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "cookies.txt"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestTheMainJob(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.page(401, "missing_access_token")
	s.login()
	s.page(200, "ada")
	s.run("/sessions", "", 200, "(this one)")
	s.refresh(409, "access_token_not_expired")

	s.advance(time.Minute)
	s.page(401, "access_token_expired")
	s.refresh(204, "")
	s.page(200, "ada")

	s.logout(200, "logged out")
	s.page(401, "missing_access_token")
	s.refresh(401, "_refresh_token") // missing, or invalid with a curl that keeps it
}

func TestWrongPassword(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.run("/login", "-d password=byron", 403, "wrong user or password") // the first one counts
	s.run("/login", "-d user=byron", 403, "wrong user or password")
	s.page(401, "missing_access_token")
}

// What stands in a URL stands in logs and in the browser's history.
func TestThePasswordIsNotTakenFromTheURL(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.run("/login", "-G", 405, "")                               // a GET with the form in its URL
	s.run("/login", "-G -X POST", 403, "wrong user or password") // and a POST
	s.page(401, "missing_access_token")
}

func TestRefreshAfterLogout(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.login()
	kept := s.copy()
	s.logout(200, "")
	s.advance(time.Minute)
	kept.refresh(401, "invalid_refresh_token")
}

func TestTwoTabsGetTheSamePair(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.login()
	s.advance(time.Minute)
	tab, lost := s.copy(), s.copy()
	var wg sync.WaitGroup
	for _, shell := range []*shell{s, tab} {
		wg.Go(func() { shell.refresh(204, "") })
	}
	wg.Wait()
	if tokens(s) != tokens(tab) {
		t.Error("two tabs have different pairs")
	}
	if tokens(s) == tokens(lost) {
		t.Error("a refresh gives the pair that there was")
	}
	// A request whose response got lost is sent again.
	s.advance(11 * time.Second)
	lost.refresh(204, "")
	if tokens(s) != tokens(lost) {
		t.Error("a retry has another pair")
	}
	s.advance(time.Minute)
	lost.refresh(204, "")
}

func TestALaptopThatSleepsWithALostResponseStaysLoggedIn(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.login()
	lost := s.copy()
	s.advance(time.Minute)
	s.refresh(204, "")
	s.advance(6 * 24 * time.Hour)
	lost.refresh(204, "")
	lost.page(200, "ada")
	s.advance(time.Minute)
	lost.refresh(204, "")
	lost.page(200, "ada")
}

// tokens returns the cookie values in a shell's cookies.txt.
func tokens(s *shell) string {
	found := regexp.MustCompile(`\t[\w.-]{20,}\n`).FindAllString(s.cookies(), -1)
	slices.Sort(found) // curl writes them in any order
	return strings.Join(found, "")
}

// A copy that is two refreshes old.
func TestAStolenCopyIsCaught(t *testing.T) {
	for _, thiefFirst := range []bool{true, false} {
		owner := newSite(t, 1).newShell()
		owner.login()
		thief := owner.copy()
		first, second := owner, thief
		if thiefFirst {
			first, second = thief, owner
		}
		for range 2 {
			owner.advance(time.Minute)
			first.refresh(204, "")
		}
		second.refresh(401, "refresh_token_compromised")
		first.refresh(401, "invalid_refresh_token")
		owner.login()
		owner.page(200, "ada")
	}
}

func TestSecondLogin(t *testing.T) {
	for _, test := range []struct{ maxSessions, status int }{{1, 401}, {3, 204}} {
		site := newSite(t, test.maxSessions)
		first, second := site.newShell(), site.newShell()
		first.login()
		second.login()
		site.advance(time.Minute)
		first.refresh(test.status, "")
		second.refresh(204, "")
	}
}

func TestCrossOriginPostsAreRefused(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.login()
	s.advance(time.Minute)
	for _, end := range []string{"/login", "/logout", "/token/refresh_access_token"} {
		s.run(end, "-H 'Origin: https://evil.example'", 403, `"error":"cross_origin"`)
	}
	s.refresh(204, "")
}

func TestTheListOfSessionsIsNoPage(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.run("/login", `-A "<script>alert(1)</script>$(printf '\302\233')2J"`, 200, "")
	s.run("/sessions", "-i", 200, "Content-Type: text/plain; charset=utf-8")
	s.run("/sessions", "", 200, `"<script>alert(1)</script>\u009b2J" since`) // and nothing for a terminal to obey
}

func TestABrokenStoreKeepsTheCookies(t *testing.T) {
	s := newSite(t, 1).newShell()
	s.login()
	s.advance(time.Minute)
	before := tokens(s)
	s.store.broken.Store(true)
	s.refresh(503, "store_unavailable")
	s.store.broken.Store(false)
	if tokens(s) != before {
		t.Error("the cookies changed")
	}
	s.refresh(204, "")
}

// Anybody can send the form of a login, and a file in it.
func TestALoginReadsAFewKilobytes(t *testing.T) {
	schema, err := newSchema(memorystore.New(), core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	logintest.ReadsAFewKilobytes(t, newHandler(schema))
}

// The program itself: it builds, listens where it is told to, answers the first
// printed command, and ends on an interrupt.
func TestProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "quickstart")
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
	url := regexp.MustCompile(`http://[0-9.:]+\d`).FindString(first)
	s := (&site{t: t, url: url}).newShell()
	s.login()
	s.page(200, "ada")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}
