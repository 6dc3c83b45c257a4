package core_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestWhoIsSentToTheLoginPage(t *testing.T) {
	site := newWorld(t, func(c *core.Config) { c.ErrorHandler = core.LoginRedirect("/login") })
	page := site.TokenRequired(http.NotFoundHandler())
	for _, test := range []struct {
		name, method, target, headers string
		location                      string // empty: it is answered 401
	}{
		{"a link", "GET", "/account?tab=2", "Sec-Fetch-Mode: navigate", "/login?return_to=%2Faccount%3Ftab%3D2"},
		{"the home page", "GET", "/", "Sec-Fetch-Mode: navigate", "/login"},
		{"a HEAD", "HEAD", "/account", "Sec-Fetch-Mode: navigate", "/login?return_to=%2Faccount"},
		{"a link in an old browser", "GET", "/account", "Accept: text/html,application/xhtml+xml", "/login?return_to=%2Faccount"},
		{"a form", "POST", "/buy", "Sec-Fetch-Mode: navigate\nReferer: http://example.com/cart?n=1", "/login?return_to=%2Fcart%3Fn%3D1"},
		{"a form of another site", "POST", "/buy", "Sec-Fetch-Mode: navigate\nReferer: http://evil.example/cart", "/login"},
		{"a form without a referrer", "POST", "/buy", "Sec-Fetch-Mode: navigate", "/login"},
		{"a fetch", "GET", "/account", "Sec-Fetch-Mode: cors\nAccept: text/html", ""},
		{"an image", "GET", "/account", "Sec-Fetch-Mode: no-cors\nAccept: image/png,text/html", ""},
		{"a program", "GET", "/account", "Accept: */*", ""},
		{"a script's request in an old browser", "GET", "/account", "Accept: text/html\nX-Requested-With: XMLHttpRequest", ""},
		{"htmx in an old browser", "GET", "/account", "Accept: text/html\nHX-Request: true", ""},
		{"the login page itself", "GET", "/login?x=y", "Sec-Fetch-Mode: navigate", ""},
		{"a path that looks like a host", "GET", "//evil.example/x", "Sec-Fetch-Mode: navigate", "/login"},
		{"a path that is too long", "GET", "/" + strings.Repeat("x", 3000), "Sec-Fetch-Mode: navigate", "/login"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, "/", nil)
			r.RequestURI = test.target
			r.URL, _ = url.ParseRequestURI(test.target)
			for line := range strings.Lines(test.headers) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				r.Header.Set(name, value)
			}
			rec := httptest.NewRecorder()
			page.ServeHTTP(rec, r)
			switch location := rec.Header().Get("Location"); {
			case test.location == "" && (rec.Code != 401 || !strings.Contains(rec.Body.String(), "missing_access_token") || rec.Header().Get("WWW-Authenticate") == ""):
				t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
			case location != "" && rec.Header().Get("WWW-Authenticate") != "":
				t.Error("a redirect asks for a token")
			case location != test.location || location != "" && rec.Code != 303:
				t.Errorf("%d, to %q, want %q", rec.Code, location, test.location)
			case rec.Header().Get("Cache-Control") != "no-store":
				t.Error("the response may be cached")
			}
		})
	}
}

// A router may have cut off the beginning of the path.
func TestTheWholePathIsReturnedTo(t *testing.T) {
	site := newWorld(t, func(c *core.Config) { c.ErrorHandler = core.LoginRedirect("/login") })
	r := httptest.NewRequest("GET", "/shop/cart", nil)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	rec := httptest.NewRecorder()
	http.StripPrefix("/shop", site.TokenRequired(http.NotFoundHandler())).ServeHTTP(rec, r)
	if to := rec.Header().Get("Location"); to != "/login?return_to=%2Fshop%2Fcart" {
		t.Errorf("to %q", to)
	}
}

// A login mends nothing of these.
func TestOtherErrorsAreNotSentToTheLoginPage(t *testing.T) {
	for _, err := range []error{core.ErrStoreUnavailable, core.ErrCrossOrigin, core.ErrInvalidClaims, core.ErrMethodNotAllowed} {
		site := newWorld(t, func(c *core.Config) { c.ErrorHandler = core.LoginRedirect("/login") })
		r := httptest.NewRequest("GET", "/account", nil)
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		rec := httptest.NewRecorder()
		site.WriteError(rec, r, err)
		if rec.Code != core.StatusOf(err) || rec.Header().Get("Location") != "" {
			t.Errorf("%v: %d %v", err, rec.Code, rec.Header())
		}
	}
}

// localPaths are paths on this server, and what only looks like one. Browsers take a
// backslash for a slash and leave out tabs and line breaks.
var localPaths = map[string]bool{
	"/" + strings.Repeat("a", 2047): true, "/" + strings.Repeat("a", 2048): false, "/!": true, "/~": true,
	"/": true, "/account": true, "/a/b?c=d&e=%2F#f": true, "/@evil.example": true, "/a//b": true, "/%2f%2fevil.example": true,
	"/.//evil.example": true, "/a:b": true, "/\u00e9": false,
	"": false, "account": false, "//evil.example": false, "///evil.example": false, "/\\evil.example": false, "\\/evil.example": false,
	"/\t/evil.example": false, "/\n/evil.example": false, "\t//evil.example": false, " /account": false, "/a b": false, "/a\x00": false,
	"/a\\b": false, "https://evil.example": false, "https:/evil.example": false, "javascript:alert(1)": false, "/%zz": false, "/a\x7f": false,
}

func TestReturnPathIsAPathOnThisServer(t *testing.T) {
	for path, local := range localPaths {
		want := "/"
		if local {
			want = path
		}
		inQuery := httptest.NewRequest("GET", "/login?"+url.Values{"return_to": {path}}.Encode(), nil)
		if got := core.ReturnPath(inQuery); got != want {
			t.Errorf("return_to %q in the query: %q, want %q", path, got, want)
		}
		inForm := httptest.NewRequest("POST", "/login", strings.NewReader(url.Values{"return_to": {path}}.Encode()))
		inForm.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := core.ReturnPath(inForm); got != "/" {
			t.Errorf("a form that has not been parsed: %q", got)
		}
		if err := inForm.ParseForm(); err != nil {
			t.Fatal(err)
		}
		if got := core.ReturnPath(inForm); got != want {
			t.Errorf("return_to %q in the form: %q, want %q", path, got, want)
		}
	}
}

func TestTheLoginPageIsAPathOnThisServer(t *testing.T) {
	for _, path := range []string{"", "login", "//evil.example", "/login?x", "/login#x", "https://example.com/login"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("LoginRedirect(%q) does not panic", path)
				}
			}()
			core.LoginRedirect(path)
		}()
	}
}

// A visitor is sent to the login page and back, and the login page to nobody.
func TestThereAndBack(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.ErrorHandler = core.LoginRedirect("/sign-in") })
	mux := http.NewServeMux()
	mux.Handle("/", s.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL) })))
	mux.HandleFunc("/sign-in", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.SetTokenCookies(w, r, "ada", core.LoginOptions{}); err != nil {
			s.WriteError(w, r, err)
			return
		}
		http.Redirect(w, r, core.ReturnPath(r), http.StatusSeeOther)
	})
	s.server.Config.Handler = mux
	r := s.newBrowser().request("GET", "/account?tab=2", nil)
	r.Header.Set("Accept", "text/html")
	if a := s.newBrowser().do(r); a.body != "/account?tab=2" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	// A login page that demands a login is a mistake, and no loop.
	s.server.Config.Handler = s.TokenRequired(mux)
	r = s.newBrowser().request("GET", "/account", nil)
	r.Header.Set("Accept", "text/html")
	s.newBrowser().do(r).want(t, 401, "missing_access_token")
}

func FuzzReturnPath(f *testing.F) {
	for path := range localPaths {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r := &http.Request{URL: &url.URL{RawQuery: url.Values{"return_to": {path}}.Encode()}}
		got := core.ReturnPath(r)
		base, _ := url.Parse("https://example.com/login")
		// What a browser does before it parses a URL.
		to := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.Trim(got, " "))
		u, err := base.Parse(to)
		if err != nil || u.Host != "example.com" || u.Scheme != "https" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			t.Errorf("return_to %q leads to %q, %v", path, got, err)
		}
	})
}
