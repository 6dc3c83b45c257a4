package core_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// pages is a site with KeepFresh around all of it.
type pages struct{ *site }

func newPages(t *testing.T, change func(*core.Config)) pages {
	t.Helper()
	s := newSite(t, change)
	name := func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.ClaimsFrom(r.Context())
		fmt.Fprintf(w, "[%s]", c.UserID)
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.server.Config.Handler)
	mux.Handle("/page", s.TokenRequired(http.HandlerFunc(name)))
	mux.Handle("/public", s.TokenOptional(http.HandlerFunc(name)))
	mux.HandleFunc("/bare", name)
	mux.Handle("/cached", s.TokenOptional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		name(w, r)
	})))
	mux.Handle("/account", s.SessionRequired(http.HandlerFunc(name)))
	mux.HandleFunc("/by-hand", func(w http.ResponseWriter, r *http.Request) {
		c, err := s.VerifyRequest(r)
		if err != nil {
			s.WriteError(w, r, err)
			return
		}
		io.WriteString(w, c.UserID)
	})
	mux.Handle("/out", s.LogoutHandler(http.RedirectHandler("/public", http.StatusSeeOther)))
	mux.Handle("/just-out", s.LogoutHandler(nil))
	mux.Handle("/digest", s.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, err := io.Copy(h, r.Body)
		fmt.Fprintf(w, "%s %d %x %v", r.Method, n, h.Sum(nil), err)
	})))
	s.server.Config.Handler = s.KeepFresh(mux)
	return pages{s}
}

// signedIn returns a browser whose access token has expired.
func (p pages) signedIn(user string) *browser {
	p.t.Helper()
	b := p.newBrowser()
	b.logIn(user)
	p.expire()
	return b
}

// What a page consists of can't refresh by itself.
func TestKeepFreshRefreshesInsideTheRequest(t *testing.T) {
	for _, test := range []struct {
		name, method, path, header string
		status                     int
		body                       string
		refreshed                  bool
	}{
		{"a link", "GET", "/page", "Sec-Fetch-Mode: navigate", 200, "[ada]", true},
		{"a link of another site", "GET", "/page", "Sec-Fetch-Site: cross-site", 200, "[ada]", true},
		{"a HEAD", "HEAD", "/page", "", 200, "", true},
		{"a form", "POST", "/page", "Sec-Fetch-Site: same-origin", 200, "[ada]", true},
		{"a form of another site", "POST", "/page", "Sec-Fetch-Site: cross-site", 401, "access_token_expired", false},
		{"a public page", "GET", "/public", "", 200, "[ada]", true},
		{"a page that only looks at the claims", "GET", "/bare", "", 200, "[ada]", true},
		{"a page that asks the store", "GET", "/account", "", 200, "[ada]", true},
		{"a router of another kind", "GET", "/by-hand", "", 200, "ada", true},
		{"OPTIONS", "OPTIONS", "/page", "", 401, "access_token_expired", false},
		{"a handshake", "GET", "/page", "Upgrade: websocket\nSec-Fetch-Site: same-origin", 200, "[ada]", true},
		{"a handshake of a sibling site", "GET", "/page", "Upgrade: websocket\nSec-Fetch-Site: same-site", 401, "access_token_expired", false},
		{"a bearer token of somebody else", "GET", "/page", "Authorization: Bearer junk", 401, "invalid_access_token", false},
		{"its own expired token as a bearer", "GET", "/page", "Authorization: Bearer {access}", 401, "access_token_expired", false},
		{"the cookie of another login", "GET", "/page", "Cookie: token_session=none", 401, "access_token_expired", false},
		{"two refresh tokens", "GET", "/page", "Cookie: refresh_token=junk", 401, "access_token_expired", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newPages(t, nil).signedIn("ada")
			r := b.request(test.method, test.path, nil)
			for line := range strings.Lines(test.header) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				r.Header.Set(name, strings.ReplaceAll(value, "{access}", b.cookie("access_token")))
			}
			a := b.do(r)
			if a.StatusCode != test.status || !strings.Contains(a.body, test.body) {
				t.Errorf("%d %s, want %d %s", a.StatusCode, a.body, test.status, test.body)
			}
			if refreshed := len(a.Cookies()) > 0; refreshed != test.refreshed || b.events.count("refresh") > 1 {
				t.Errorf("the cookies are %v", a.Cookies())
			}
			if test.refreshed {
				a := b.get("/page")
				a.keepsCookies(t) // they are fresh
				if a.body != "[ada]" {
					t.Errorf("after it: %d %s", a.StatusCode, a.body)
				}
			}
		})
	}
}

func TestKeepFreshLeavesVisitorsAlone(t *testing.T) {
	p := newPages(t, nil)
	b := p.newBrowser()
	if a := b.get("/public"); a.body != "[]" || len(a.Cookies()) > 0 || a.Header.Get("Cache-Control") != "" {
		t.Errorf("%d %s %v", a.StatusCode, a.body, a.Header)
	}
	for _, cookies := range []string{"access_token=junk", "access_token=junk; access_token=junk", "refresh_token=junk"} {
		r := b.request("GET", "/public", nil)
		r.Header.Set("Cookie", cookies)
		if a := b.do(r); a.body != "[]" || len(a.Cookies()) > 0 {
			t.Errorf("%s: %d %s", cookies, a.StatusCode, a.body)
		}
	}
	if p.events.count("rejection") > 0 || p.store.calls["Get"] > 0 {
		t.Error("somebody is told of visitors")
	}
	b.get("/page").want(t, 401, "missing_access_token")
}

// A form is sent once: what is in it must not be lost.
func TestKeepFreshKeepsTheBody(t *testing.T) {
	const size = 30 << 20
	b := newPages(t, nil).signedIn("ada")
	body := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	for _, method := range []string{"POST", "PUT", "PATCH"} {
		// Without a length it is sent in chunks, as a stream is.
		r, err := http.NewRequestWithContext(b.ctx, method, b.server.URL+"/digest", io.MultiReader(bytes.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%s %d %x <nil>", method, size, sha256.Sum256(body))
		if a := b.do(r); a.body != want {
			t.Errorf("%s: %d %s, want %s", method, a.StatusCode, a.body, want)
		}
		b.expire()
	}
}

// The images of a page, and a script's requests, come at once.
func TestParallelRequestsMakeOneExchange(t *testing.T) {
	b := newPages(t, nil).signedIn("ada")
	const n = 50
	answers := make([]answer, n)
	var all sync.WaitGroup
	for i := range n {
		c := b.copy()
		all.Go(func() { answers[i] = c.get("/page") })
	}
	all.Wait()
	tokens := map[string]bool{}
	for _, a := range answers {
		if a.body != "[ada]" {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		for _, c := range a.Cookies() {
			tokens[c.Value] = true
		}
	}
	if len(tokens) != 2 || b.events.count("refresh") != 1 {
		t.Errorf("%d tokens and %d exchanges, want one pair", len(tokens), b.events.count("refresh"))
	}
	b.take(answers[0])
	b.expire()
	b.get("/page").want(t, 200, "")
}

// A page that is closed while it loads has made an exchange, and its cookies are lost.
func TestAnAbortedPageLogsNobodyOut(t *testing.T) {
	b := newPages(t, nil).signedIn("ada")
	for _, pause := range []time.Duration{0, 11 * time.Second, time.Hour, 24 * time.Hour} {
		b.copy().get("/page").want(t, 200, "")
		b.clock.Advance(pause)
		b.copy().get("/page").want(t, 200, "")
	}
	b.get("/page").want(t, 200, "")
	b.expire()
	b.get("/page").want(t, 200, "")
}

func TestARefusedRefreshIsTheAnswerOfThoseInside(t *testing.T) {
	denied := false
	change := func(c *core.Config) {
		c.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) {
			if denied {
				return nil, core.ErrDenied
			}
			return nil, nil
		}
	}
	for _, test := range []struct {
		name      string
		before    func(*browser)
		status    int
		code      string
		deletes   bool
		rejection int
	}{
		{"a store that is down", func(b *browser) { b.store.fail(errBroken) }, 503, "store_unavailable", false, 1},
		{"a session that has just ended", func(b *browser) { b.revoke("ada") }, 401, "invalid_refresh_token", false, 1},
		{"a session that ended long ago", func(b *browser) { b.revoke("ada"); b.clock.Advance(time.Minute) }, 401, "invalid_refresh_token", true, 1},
		{"a user who is denied", func(*browser) { denied = true }, 401, "invalid_refresh_token", false, 1},
		{"a stale copy", func(b *browser) {
			owner := b.copy()
			for range 2 {
				owner.get("/page").want(b.t, 200, "")
				b.expire()
			}
		}, 401, "refresh_token_compromised", false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{"/page", "/account", "/by-hand", "/public", "/cached", "/bare", "/refresh"} {
				denied = false
				b := newPages(t, change).signedIn("ada")
				test.before(b)
				method := "GET"
				if path == "/refresh" {
					method = "POST"
				}
				a := b.do(b.request(method, path, nil))
				switch path {
				case "/public", "/cached", "/bare":
					if a.StatusCode != 200 || a.body != "[]" {
						t.Errorf("%s: %d %s, want nobody's page", path, a.StatusCode, a.body)
					}
				default:
					a.want(t, test.status, test.code)
					if retry := a.Header.Get("Retry-After"); (retry != "") != (test.status == 503) {
						t.Errorf("%s: Retry-After is %q", path, retry)
					}
				}
				names := map[string]int{}
				for _, c := range a.Cookies() {
					names[c.Name]++
				}
				if test.deletes && (len(names) != 3 || len(a.Cookies()) != 3 || a.Header.Get("Cache-Control") != "no-store") || !test.deletes && len(names) > 0 {
					t.Errorf("%s: the cookies are %v", path, a.Cookies())
				}
				if n := b.events.count("rejection"); n != test.rejection {
					t.Errorf("%s: %d rejections are told, want %d", path, n, test.rejection)
				}
			}
		})
	}
}

func (b *browser) revoke(user string) {
	b.t.Helper()
	if _, err := b.RevokeUser(b.ctx, user); err != nil {
		b.t.Fatal(err)
	}
}

// A response that sets cookies must not be given to others, whatever a page says of its own.
func TestAResponseWithCookiesIsNotCached(t *testing.T) {
	const cached = "public, max-age=3600"
	file := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(file, []byte("a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	s := newSite(t, nil)
	inner := s.server.Config.Handler
	s.server.Config.Handler = s.KeepFresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			inner.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", cached)
		handler.ServeHTTP(w, r)
	}))
	for name, h := range map[string]http.HandlerFunc{
		"writes":          func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a page") },
		"writes a status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		"writes nothing":  func(http.ResponseWriter, *http.Request) {},
		"is a file":       func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) },
		"copies": func(w http.ResponseWriter, _ *http.Request) {
			io.Copy(w, struct{ io.Reader }{strings.NewReader("a page")})
		},
		"streams":           func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() },
		"streams, and asks": func(w http.ResponseWriter, _ *http.Request) { http.NewResponseController(w).Flush() },
		"is told first": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			w.Header().Set("Cache-Control", cached)
		},
		"sets a time-out too": func(w http.ResponseWriter, _ *http.Request) {
			http.NewResponseController(w).SetWriteDeadline(time.Time{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			handler = h
			b := s.newBrowser()
			b.logIn("ada")
			if a := b.get("/"); a.Header.Get("Cache-Control") != cached {
				t.Errorf("without cookies: %v", a.Header)
			}
			s.expire()
			if a := b.get("/"); a.Header.Get("Cache-Control") != "no-store" || len(a.Cookies()) != 2 {
				t.Errorf("with cookies: %v", a.Header)
			}
		})
	}
}

// A WebSocket takes the connection over.
func TestKeepFreshLetsAHandlerHijack(t *testing.T) {
	s := newSite(t, nil)
	inner := s.server.Config.Handler
	s.server.Config.Handler = s.KeepFresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			inner.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Upgrade", "echo")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		line, _ := rw.ReadString('\n')
		rw.WriteString(line)
		rw.Flush()
	}))
	b := s.newBrowser()
	b.logIn("ada")
	s.expire()
	r := b.request("GET", "/", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	b.carry(r)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSwitchingProtocols || len(res.Cookies()) != 2 {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	io.WriteString(res.Body.(io.Writer), "hello\n")
	if line, err := bufio.NewReader(res.Body).ReadString('\n'); line != "hello\n" {
		t.Errorf("the echo is %q, %v", line, err)
	}
}

// plainResponse is a response that can do nothing but be written.
type plainResponse struct{ http.ResponseWriter }

func TestKeepFreshSaysWhatAResponseCanNotDo(t *testing.T) {
	b := newPages(t, nil).signedIn("ada")
	r := httptest.NewRequest("GET", "/", nil)
	b.carry(r)
	b.KeepFresh(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Flush = %v", err)
		}
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack = %v", err)
		}
	})).ServeHTTP(plainResponse{httptest.NewRecorder()}, r)
}

func TestALogoutThatIsRefusedGoesNoFurther(t *testing.T) {
	b := newPages(t, nil).newBrowser()
	b.logIn("ada")
	b.get("/out").want(t, 405, "method_not_allowed")
	b.get("/page").want(t, 200, "")
	if a := b.post("/out", nil); a.Request.URL.Path != "/public" || a.body != "[]" {
		t.Errorf("after the logout: %s %s", a.Request.URL, a.body)
	}
}

// Each cookie is set once: of two the browser would take the last, and a proxy has room for
// one.
func TestALoginOrALogoutInsideKeepFreshHasTheLastWord(t *testing.T) {
	for _, test := range []struct {
		method, path string
		status       int
		user         string
	}{
		{"POST", "/login?user=bob", 200, "[bob]"},
		{"POST", "/just-out", 204, "[]"},
		{"POST", "/logout", 200, "[]"},
		{"POST", "/refresh", 204, "[ada]"},
	} {
		b := newPages(t, nil).signedIn("ada")
		a := b.do(b.request(test.method, test.path, nil))
		a.want(t, test.status, "")
		seen := map[string]bool{}
		for _, c := range a.Cookies() {
			if seen[c.Name] {
				t.Errorf("%s sets %s twice", test.path, c.Name)
			}
			seen[c.Name] = true
		}
		if page := b.get("/public"); page.body != test.user {
			t.Errorf("after %s the page is %s, want %s", test.path, page.body, test.user)
		}
		if live := b.live("ada"); (live == 1) != (test.user == "[ada]") {
			t.Errorf("after %s ada has %d sessions", test.path, live)
		}
	}
}

func TestWhatIsRefreshedForOneSchemaIsNothingToAnother(t *testing.T) {
	b := newPages(t, nil).signedIn("ada")
	other := newWorld(t, func(c *core.Config) { c.Secret = otherKey })
	other.tokens.key = []byte("another")
	inside := other.TokenRequired(http.NotFoundHandler())
	r := httptest.NewRequest("GET", "/", nil)
	b.carry(r)
	rec := httptest.NewRecorder()
	b.KeepFresh(inside).ServeHTTP(rec, r)
	if rec.Code != 401 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestKeepFreshRefusesAConfigThatWouldNotDo(t *testing.T) {
	for field, change := range map[string]func(*core.Config){
		"RefreshPath": func(c *core.Config) { c.Cookies.RefreshPath = "/refresh" },
		"Grace":       func(c *core.Config) { c.Grace = -1 },
	} {
		w := newWorld(t, change)
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, field) {
					t.Errorf("%s: the panic is %q", field, text)
				}
			}()
			w.KeepFresh(http.NotFoundHandler())
		}()
	}
	newWorld(t, func(c *core.Config) { c.Grace = time.Second }).KeepFresh(http.NotFoundHandler())
}

// A request that its browser has given up is no failure of the store.
func TestARequestThatIsGoneIsPassedOn(t *testing.T) {
	b := newPages(t, nil).signedIn("ada")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
	b.carry(r)
	called := false
	rec := httptest.NewRecorder()
	b.KeepFresh(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called = true
		if _, err := b.VerifyRequest(r); !errors.Is(err, core.ErrStoreUnavailable) {
			t.Errorf("VerifyRequest = %v", err)
		}
	})).ServeHTTP(rec, r)
	if !called || len(rec.Result().Cookies()) > 0 {
		t.Error("the handler was not called, or cookies are set")
	}
	b.get("/page").want(t, 200, "")
}
