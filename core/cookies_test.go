package core_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// setCookies returns the cookies that a response sets, by name.
func setCookies(t *testing.T, header http.Header) map[string]*http.Cookie {
	t.Helper()
	cookies := map[string]*http.Cookie{}
	for _, line := range header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if cookies[c.Name] != nil {
			t.Errorf("the cookie %s is set twice", c.Name)
		}
		if len(line) > 4096 {
			t.Errorf("the cookie %s is %d bytes long", c.Name, len(line))
		}
		cookies[c.Name] = c
	}
	return cookies
}

func TestCookieAttributes(t *testing.T) {
	for _, test := range []struct {
		name            string
		cookies         core.Cookies
		access, refresh http.Cookie
	}{
		{
			"default", core.Cookies{},
			http.Cookie{Name: "access_token", Path: "/", Secure: true, SameSite: http.SameSiteLaxMode},
			http.Cookie{Name: "refresh_token", Path: "/", Secure: true, SameSite: http.SameSiteLaxMode},
		},
		{
			"insecure", core.Cookies{Insecure: true, SameSite: http.SameSiteStrictMode},
			http.Cookie{Name: "access_token", Path: "/", SameSite: http.SameSiteStrictMode},
			http.Cookie{Name: "refresh_token", Path: "/", SameSite: http.SameSiteStrictMode},
		},
		{
			"everything", core.Cookies{
				AccessTokenName: "a", RefreshTokenName: "r", Domain: "example.com", RefreshPath: "/token",
				SameSite: http.SameSiteNoneMode, Partitioned: true,
			},
			http.Cookie{Name: "a", Path: "/", Domain: "example.com", Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true},
			http.Cookie{Name: "r", Path: "/token", Domain: "example.com", Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true},
		},
		{
			"prefix __Host-", core.Cookies{Prefix: "__Host-"},
			http.Cookie{Name: "__Host-access_token", Path: "/", Secure: true, SameSite: http.SameSiteLaxMode},
			http.Cookie{Name: "__Host-refresh_token", Path: "/", Secure: true, SameSite: http.SameSiteLaxMode},
		},
		{
			"prefix __Secure-", core.Cookies{Prefix: "__Secure-", AccessTokenName: "a", RefreshPath: "/refresh"},
			http.Cookie{Name: "__Secure-a", Path: "/", Secure: true, SameSite: http.SameSiteLaxMode},
			http.Cookie{Name: "__Secure-refresh_token", Path: "/refresh", Secure: true, SameSite: http.SameSiteLaxMode},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.Cookies = test.cookies })
			check := func(header http.Header, age int, empty bool) map[string]*http.Cookie {
				t.Helper()
				set := setCookies(t, header)
				if len(set) != 2 {
					t.Fatalf("%d cookies are set", len(set))
				}
				for _, want := range []http.Cookie{test.access, test.refresh} {
					got := set[want.Name]
					if got == nil {
						t.Fatalf("no cookie %s", want.Name)
					}
					if got.MaxAge != age || (got.Value == "") != empty {
						t.Errorf("the cookie %s has Max-Age %d and the value %q", got.Name, got.MaxAge, got.Value)
					}
					want.Value, want.MaxAge, want.HttpOnly, want.Raw = got.Value, got.MaxAge, true, got.Raw
					if got.String() != want.String() {
						t.Errorf("the cookie is %s, want %s", got, &want)
					}
				}
				return set
			}
			week := 7 * 24 * 60 * 60
			rec := httptest.NewRecorder()
			if err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", nil); err != nil {
				t.Fatal(err)
			}
			set := check(rec.Header(), week, false)

			w.expire()
			r := httptest.NewRequest("POST", "/", nil)
			for _, c := range set {
				r.AddCookie(c)
			}
			rec = httptest.NewRecorder()
			w.RefreshAccessToken(nil).ServeHTTP(rec, r)
			// Both live as long as the session: a refresh needs the expired access token.
			check(rec.Header(), week-60, false)

			rec = httptest.NewRecorder()
			if err := w.ClearTokenCookies(rec, r); err != nil {
				t.Fatal(err)
			}
			check(rec.Header(), -1, true)
			if rec.Header().Get("Cache-Control") != "no-store" {
				t.Error("a logout may be cached")
			}
		})
	}
}

// curl up to 7.88, reading and writing one file, brings the first of two deleted ones
// back: that is the refresh token's, whose session is over.
func TestTheAccessTokensCookieIsDeletedLast(t *testing.T) {
	w := newWorld(t, nil)
	rec := httptest.NewRecorder()
	if err := w.ClearTokenCookies(rec, httptest.NewRequest("POST", "/", nil)); err != nil {
		t.Fatal(err)
	}
	lines := rec.Header().Values("Set-Cookie")
	if len(lines) != 2 || !strings.HasPrefix(lines[1], "access_token=;") {
		t.Errorf("the cookies are deleted by %q", lines)
	}
}

func TestNoCookieLivesLongerThanBrowsersAllow(t *testing.T) {
	w := newWorld(t, func(c *core.Config) {
		withSessionCookie(c)
		c.RefreshTokenDuration = 1000 * 24 * time.Hour
	})
	rec := httptest.NewRecorder()
	if err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range setCookies(t, rec.Header()) {
		if c.MaxAge != 400*24*60*60 {
			t.Errorf("%s has Max-Age %d", c.Name, c.MaxAge)
		}
	}
}

func TestCookiesOfTheLastSecondAreNotDeleted(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	b.clock.Advance(7*24*time.Hour - 500*time.Millisecond)
	a := b.post("/refresh", nil)
	a.want(t, 204, "")
	for _, c := range setCookies(t, a.Header) {
		if c.MaxAge != 1 {
			t.Errorf("%s has Max-Age %d, want 1", c.Name, c.MaxAge)
		}
	}
}

func TestACookieIsNeverLongerThanBrowsersAllow(t *testing.T) {
	// The largest claim that fits, and one byte more.
	fits := func(n int) bool {
		w := newWorld(t, nil)
		rec := httptest.NewRecorder()
		err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", map[string]any{"x": strings.Repeat("x", n)})
		setCookies(t, rec.Header()) // fails the test where one is too long
		return err == nil
	}
	n := 1000
	for fits(n) {
		n += 100
	}
	for !fits(n) {
		n--
	}
	if n < 1000 || fits(n+2) {
		t.Errorf("claims of %d bytes fit, of %s do not", n, strconv.Itoa(n+2))
	}
}
