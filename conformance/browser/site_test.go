package browser_test

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// site is a server that uses a schema as an application would. It answers under every
// name, so that a test chooses which name is the application's and which an attacker's.
type site struct {
	t      *testing.T
	scheme string
	port   string
	clock  *clock
	store  core.RefreshStore

	mu      sync.Mutex
	schema  *core.Schema
	trusted []string // the schema's TrustedOrigins
	around  func(w http.ResponseWriter, r *http.Request, next http.Handler)
	seen    map[string]request // the last one of each path
}

// request is one that the site has answered.
type request struct {
	cookies string // the names of its cookies, in order
	outcome string // as a page that may read the answer has it
}

// newSite starts a site that speaks HTTPS. change alters the schema's config first.
func newSite(t *testing.T, change func(*core.Config)) *site {
	t.Helper()
	s := &site{t: t, scheme: "https"}
	server := s.listen()
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate()}}
	server.StartTLS()
	s.configure(change)
	return s
}

// plain returns the same site for plain HTTP, with the same schema.
func (s *site) plain() *site {
	s.t.Helper()
	p := &site{t: s.t, scheme: "http", schema: s.schema}
	p.listen().Start()
	return p
}

func (s *site) listen() *httptest.Server {
	s.t.Helper()
	s.clock = &clock{at: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	s.store = memorystore.New()
	s.seen = map[string]request{}
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers drop connections
	s.t.Cleanup(server.Close)
	var err error
	if _, s.port, err = net.SplitHostPort(server.Listener.Addr().String()); err != nil {
		s.t.Fatal(err)
	}
	return server
}

// configure gives the site a schema with another config, as a restart does.
func (s *site) configure(change func(*core.Config)) {
	s.t.Helper()
	cfg := core.Config{
		Secret: []byte("a secret of the tests: 32 bytes!"),
		Clock:  s.clock.now,
		Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	tokens, err := jwttoken.HS256([]byte("another secret of tests, 32 byte"))
	if err != nil {
		s.t.Fatal(err)
	}
	schema, err := core.New(s.store, tokens, cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schema, s.trusted = schema, cfg.TrustedOrigins
}

// at returns the address of a path of the site under that name.
func (s *site) at(host, path string) string {
	return s.scheme + "://" + net.JoinHostPort(host, s.port) + path
}

// plant returns an address under that name which sets cookies as they are given.
func (s *site) plant(host string, cookies ...string) string {
	return s.at(host, "/plant?"+url.Values{"cookie": cookies}.Encode())
}

// bounce returns an address under that name which leads to another one.
func (s *site) bounce(host, to string) string {
	return s.at(host, "/bounce?"+url.Values{"to": {to}}.Encode())
}

// last returns the last request to a path.
func (s *site) last(path string) request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[path]
}

// forget forgets the requests so far.
func (s *site) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.seen)
}

// intercept has every request to the application go through around.
func (s *site) intercept(around func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.around = around
}

// live returns how many live sessions the user has.
func (s *site) live(user string) int {
	s.t.Helper()
	sessions, err := s.schema.Sessions(s.t.Context(), user)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(sessions)
}

// ServeHTTP answers a request and remembers it.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	app := application(s.schema)
	around := s.around
	if origin := r.Header.Get("Origin"); slices.Contains(s.trusted, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	s.mu.Unlock()
	answer := &answer{ResponseWriter: w, status: http.StatusOK}
	if around != nil {
		around(answer, r, app)
	} else {
		app.ServeHTTP(answer, r)
	}
	var names []string
	for _, c := range r.Cookies() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[r.URL.Path] = request{strings.Join(names, " "), answer.outcome()}
}

// answer is a response that remembers what it says.
type answer struct {
	http.ResponseWriter
	status int
	body   strings.Builder
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.body.Write(p)
	return a.ResponseWriter.Write(p)
}

func (a *answer) outcome() string {
	said := a.body.String()
	var refused struct{ Error string }
	if json.Unmarshal([]byte(said), &refused) == nil {
		said = refused.Error
	}
	return strings.TrimSpace(strconv.Itoa(a.status) + " " + said)
}

// clock is a clock that tests move by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// expire moves the clock to where an access token issued now has expired.
func (c *clock) expire() { c.advance(time.Minute) }
