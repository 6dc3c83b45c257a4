package core_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// site is a server that uses the schema as an application would.
type site struct {
	*world
	server *httptest.Server
}

func newSite(t *testing.T, change func(*core.Config)) *site {
	t.Helper()
	w := newWorld(t, func(c *core.Config) {
		c.Cookies.Insecure = true // the test server speaks plain HTTP
		if change != nil {
			change(c)
		}
	})
	s := &site{world: w}
	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := core.ClaimsFrom(r.Context())
		if !ok {
			t.Error("no claims in the context")
		}
		io.WriteString(w, c.UserID)
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.SetTokenCookies(w, r, r.FormValue("user"), core.LoginOptions{Claims: map[string]any{"role": r.FormValue("role")}}); err != nil {
			s.WriteError(w, r, err)
		}
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ClearTokenCookies(w, r); err != nil {
			s.WriteError(w, r, err)
		}
	})
	mux.Handle("GET /me", s.TokenRequired(whoami))
	mux.Handle("/refresh", s.RefreshAccessToken(nil))
	mux.Handle("/refresh-and-go-on", s.RefreshAccessToken(s.TokenRequired(whoami)))
	mux.Handle("/token", s.TokenEndpoint())
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)
	return s
}

// browser is a client with a cookie jar.
type browser struct {
	*site
	jar *cookiejar.Jar
}

func (s *site) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, jar}
}

// answer is a response that has been read.
type answer struct {
	*http.Response
	body string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	client := http.Client{Jar: b.jar}
	res, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res, string(body)}
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.ctx, method, b.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.do(b.request("GET", path, nil))
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.do(b.request("POST", path, form))
}

func (b *browser) logIn(user string) {
	b.t.Helper()
	b.post("/login", url.Values{"user": {user}}).want(b.t, 200, "")
}

// copy returns another browser with the same cookies: a thief's.
func (b *browser) copy() *browser {
	b.t.Helper()
	c := b.newBrowser()
	c.jar.SetCookies(b.url(), b.jar.Cookies(b.url()))
	return c
}

func (b *browser) url() *url.URL {
	u, err := url.Parse(b.server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// cookie returns the value of a cookie in the jar, empty where there is none.
func (b *browser) cookie(name string) string {
	for _, c := range b.jar.Cookies(b.url()) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// carry puts the cookies of the jar into a request that the browser does not send itself.
func (b *browser) carry(r *http.Request) {
	for _, c := range b.jar.Cookies(b.url()) {
		r.AddCookie(c)
	}
}

func (b *browser) setCookie(name, value string) {
	b.jar.SetCookies(b.url(), []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// want fails the test unless the answer has that status and, where code is not
// empty, a JSON body with that error and nothing internal.
func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %d %s, want %d %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body, status, code)
	}
	if code == "" {
		return
	}
	var body map[string]string
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("the body %q is no JSON: %v", a.body, err)
	}
	if body["error"] != code || body["error_description"] == "" || len(body) != 2 {
		t.Errorf("the body is %s, want the error %s", a.body, code)
	}
	if kind := a.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type is %q", kind)
	}
	if sniff := a.Header.Get("X-Content-Type-Options"); sniff != "nosniff" {
		t.Errorf("X-Content-Type-Options is %q", sniff)
	}
	if cache := a.Header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control is %q", cache)
	}
	for _, internal := range []string{"broken", "core", "genuine", "store:"} {
		if strings.Contains(a.body, internal) {
			t.Errorf("the body %s tells of the inside", a.body)
		}
	}
}

// keepsCookies fails the test where the answer touches cookies.
func (a answer) keepsCookies(t *testing.T) {
	t.Helper()
	if set := a.Header.Values("Set-Cookie"); len(set) > 0 {
		t.Errorf("%s sets cookies: %v", a.Request.URL.Path, set)
	}
}

var errBroken = errors.New("broken")
