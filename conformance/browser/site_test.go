package browser_test

import (
	"cmp"
	"crypto/tls"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	seen    map[string]request // the last one to each path that last has not returned
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
	// Most tests are about the cookies of the tokens. Those of the session's name it.
	unnamed := func(c *core.Cookies) { c.SessionName = cmp.Or(c.SessionName, "-") }
	unnamed(&cfg.Cookies)
	for i := range cfg.Cookies.Previous {
		unnamed(&cfg.Cookies.Previous[i])
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
