package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
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
	now := func() time.Time { return start.Add(time.Duration(s.elapsed.Load())) }
	schema, err := newSchema(core.Config{Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newHandler(schema, now))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *site) advance(d time.Duration) { s.elapsed.Add(int64(d)) }

// client is one of ada's devices.
type client struct {
	*site
	device string
	http.Client
}

func (s *site) newClient(device string) *client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &client{s, device, http.Client{Jar: jar}}
	c.logIn()
	return c
}

// copy returns a client with the same cookies: a thief's.
func (c *client) copy() *client {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := url.Parse(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	jar.SetCookies(u, c.Jar.Cookies(u))
	return &client{c.site, "copy of the " + c.device, http.Client{Jar: jar}}
}

func (c *client) logIn() {
	c.t.Helper()
	c.wantForm("/login", "user=ada&password=lovelace", 200)
}

// want sends a request, fails the test unless the answer has that status, and
// returns its body.
func (c *client) want(method, path string, status int) string {
	c.t.Helper()
	return c.send(method, path, "", status)
}

// wantForm does the same with a form, which it posts.
func (c *client) wantForm(path, form string, status int) string {
	c.t.Helper()
	return c.send("POST", path, form, status)
}

func (c *client) send(method, path, form string, status int) string {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(form))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("User-Agent", c.device)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != status {
		c.t.Fatalf("%s %s from the %s: %d %s, want %d", method, path, c.device, res.StatusCode, body, status)
	}
	return string(body)
}

// id returns the id of the session on that device, as this client sees it.
func (c *client) id(device string) string {
	c.t.Helper()
	for line := range strings.Lines(c.want("GET", "/sessions", 200)) {
		if id, rest, _ := strings.Cut(line, " "); strings.Contains(rest, device) {
			return id
		}
	}
	return ""
}

func TestUsersSeeAndEndTheirSessions(t *testing.T) {
	s := newSite(t)
	phone, laptop, tablet := s.newClient("phone"), s.newClient("laptop"), s.newClient("tablet")
	list := laptop.want("GET", "/sessions", 200)
	if strings.Count(list, "\n") != 3 || strings.Count(list, "(this one)") != 1 {
		t.Fatalf("the list is\n%s", list)
	}

	laptop.want("DELETE", "/sessions/"+laptop.id("phone"), 204)
	if laptop.id("phone") != "" {
		t.Error("the phone is still listed")
	}
	laptop.want("DELETE", "/sessions/"+core.NewRecordID("bob"), 404)
	phone.want("POST", "/password", 401)

	if body := laptop.want("POST", "/sessions/end-others", 200); body != "ended: 1\n" {
		t.Error(body)
	}
	s.advance(time.Minute)
	tablet.want("POST", "/refresh", 401)
	laptop.want("POST", "/refresh", 204)

	laptop.want("POST", "/sessions/end-all", 200)
	laptop.want("GET", "/sessions", 401)
}

// A session that was ended lists sessions until its access token expires, and ends none.
func TestAnEndedSessionEndsNoOther(t *testing.T) {
	s := newSite(t)
	thief, laptop := s.newClient("phone"), s.newClient("laptop")
	id := laptop.id("laptop")
	laptop.want("DELETE", "/sessions/"+laptop.id("phone"), 204)
	thief.want("GET", "/sessions", 200)
	thief.want("DELETE", "/sessions/"+id, 401)
	thief.want("POST", "/sessions/end-others", 401)
	thief.want("POST", "/sessions/end-all", 401)
	laptop.want("POST", "/password", 200)
}

// What stands in a URL stands in logs and in the browser's history.
func TestThePasswordIsNotTakenFromTheURL(t *testing.T) {
	c := newSite(t).newClient("phone")
	c.want("POST", "/login?user=ada&password=lovelace", 403)
	c.wantForm("/login?user=ada", "password=lovelace", 403)
}

func TestAPasswordIsChangedByARecentLoginOnly(t *testing.T) {
	s := newSite(t)
	laptop := s.newClient("laptop")
	phone := s.newClient("phone")
	thief := laptop.copy()
	if body := laptop.want("POST", "/password", 200); body != "changed, sessions ended: 2\n" {
		t.Error(body)
	}
	phone.want("POST", "/password", 401)
	thief.want("POST", "/password", 401)
	laptop.want("GET", "/sessions", 200)
	s.advance(recent + time.Second)
	laptop.want("POST", "/refresh", 204)
	laptop.want("POST", "/password", 403)
	laptop.logIn()
	laptop.want("POST", "/password", 200)
}

// Anybody can send the form of a login, and a file in it.
func TestALoginReadsAFewKilobytes(t *testing.T) {
	schema, err := newSchema(core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	logintest.ReadsAFewKilobytes(t, newHandler(schema, time.Now))
}
