package core_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
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
	places := map[string]bool{}
	for _, line := range header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if before := cookies[c.Name]; before != nil && before.MaxAge != -1 {
			t.Errorf("the cookie %s is set twice", c.Name)
		}
		if place := fmt.Sprint(c.Name, " ", c.Domain, " ", c.Path, " ", c.Partitioned); places[place] {
			t.Errorf("the cookie %s is set twice", place)
		} else {
			places[place] = true
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
			w := newWorld(t, func(c *core.Config) {
				c.Cookies = test.cookies
				withoutSessionCookie(c)
			})
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
			if _, err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", core.LoginOptions{}); err != nil {
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
	if len(lines) != 3 || !strings.HasPrefix(lines[2], "access_token=;") {
		t.Errorf("the cookies are deleted by %q", lines)
	}
}

func TestNoCookieLivesLongerThanBrowsersAllow(t *testing.T) {
	w := newWorld(t, func(c *core.Config) {
		withSessionCookie(c)
		c.RefreshTokenDuration = 1000 * 24 * time.Hour
	})
	rec := httptest.NewRecorder()
	if _, err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", core.LoginOptions{}); err != nil {
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
		_, err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", core.LoginOptions{Claims: map[string]any{"x": strings.Repeat("x", n)}})
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

// A domain or a path that was configured later leaves old cookies of the same names in
// browsers. Of two none is accepted, so a login and a logout delete those that can be known.
func TestALoginAndALogoutDeleteTheVariantsOfTheirCookies(t *testing.T) {
	for _, test := range []struct {
		name    string
		cookies core.Cookies
		want    []string
	}{
		{"as they come", core.Cookies{}, nil},
		{"__Host-", core.Cookies{Prefix: "__Host-"}, nil},
		{"a domain", core.Cookies{Domain: "example.com", SessionName: "s"}, []string{
			"access_token=; Path=/;", "refresh_token=; Path=/;", "s=; Path=/;",
		}},
		{"a path", core.Cookies{RefreshPath: "/auth/refresh", SessionName: "-"}, []string{"refresh_token=; Path=/;", "refresh_token=; Path=/auth;"}},
		{"a domain and a path", core.Cookies{Domain: "example.com", RefreshPath: "/auth", SessionName: "-"}, []string{
			"access_token=; Path=/;", "refresh_token=; Path=/;", "refresh_token=; Path=/; Domain=example.com;", "refresh_token=; Path=/auth;",
		}},
		{"partitioned", core.Cookies{Partitioned: true}, []string{"access_token=; Path=/;", "refresh_token=; Path=/;", "token_session=; Path=/;"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.Cookies = test.cookies })
			login, logout := httptest.NewRecorder(), httptest.NewRecorder()
			if _, err := w.SetTokenCookies(login, httptest.NewRequest("POST", "/", nil), "ada", core.LoginOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := w.ClearTokenCookies(logout, httptest.NewRequest("POST", "/", nil)); err != nil {
				t.Fatal(err)
			}
			for name, rec := range map[string]*httptest.ResponseRecorder{"login": login, "logout": logout} {
				last := setCookies(t, rec.Header())
				var deleted []string
				for _, line := range rec.Header()["Set-Cookie"] {
					c, err := http.ParseSetCookie(line)
					if err != nil {
						t.Fatal(err)
					}
					if last[c.Name].String() != c.String() {
						place, deletion, _ := strings.Cut(line, " Max-Age=0")
						deleted = append(deleted, place)
						if deletion != "; HttpOnly; Secure; SameSite=Lax" {
							t.Errorf("%s: %s", name, line)
						}
					}
				}
				slices.Sort(deleted)
				if !slices.Equal(deleted, test.want) {
					t.Errorf("the %s deletes %q, want %q", name, deleted, test.want)
				}
			}
		})
	}
}

// tokensOfLength signs access tokens of a length.
type tokensOfLength struct {
	core.TokenVerifier
	length int
}

func (l tokensOfLength) Sign(core.Claims) (string, error) { return strings.Repeat("x", l.length), nil }

// loginLines returns the Set-Cookie lines of a login with an access token of that length.
// The session lasts for longer than any cookie.
func loginLines(accessToken int, cookies core.Cookies) ([]string, error) {
	s, err := core.New(newStore(), tokensOfLength{length: accessToken}, core.Config{
		Secret: secret, RefreshTokenDuration: 2 * 365 * 24 * time.Hour, Cookies: cookies,
	})
	if err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	_, err = s.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", core.LoginOptions{})
	return rec.Header()["Set-Cookie"], err
}

func TestTheCookiesEndWithTheSessionHoweverLongTheStoreTook(t *testing.T) {
	w := newWorld(t, nil)
	w.store.after = func(string) error {
		w.clock.Advance(3 * time.Second)
		return nil
	}
	rec := httptest.NewRecorder()
	if _, err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", core.LoginOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range setCookies(t, rec.Header()) {
		if want := 7*24*60*60 - 3; c.MaxAge != want {
			t.Errorf("the cookie %s has Max-Age %d, want %d", name, c.MaxAge, want)
		}
	}
}

// Browsers drop a longer cookie without a word.
func TestTheLongestCookieHas4096Bytes(t *testing.T) {
	for _, test := range []struct {
		cookie string
		lines  func(more int) ([]string, error)
	}{
		{"session", func(more int) ([]string, error) {
			return loginLines(100, core.Cookies{SessionName: "session" + strings.Repeat("s", more), MaxBytes: 1 << 20})
		}},
		{"access_token", func(more int) ([]string, error) {
			return loginLines(100+more, core.Cookies{MaxBytes: 1 << 20})
		}},
	} {
		length := func(more int) (n int) {
			t.Helper()
			lines, err := test.lines(more)
			if err != nil {
				t.Error(err)
			}
			for _, line := range lines {
				if strings.HasPrefix(line, test.cookie) {
					n = max(n, len(line))
				}
			}
			return n
		}
		room := 4096 - length(0)
		if n := length(room); n != 4096 {
			t.Errorf("the cookie %s has %d bytes, want 4096", test.cookie, n)
		}
		if _, err := test.lines(room + 1); err == nil || !strings.Contains(err.Error(), "4096") {
			t.Errorf("a cookie %s of 4097 bytes: %v", test.cookie, err)
		}
	}
}

func TestTheLeastMaxBytesLeavesRoomForAnAccessTokenOf300(t *testing.T) {
	for _, cookies := range []core.Cookies{
		{},
		{Domain: "example.com", SessionName: "session", RefreshPath: "/a/path/of/many/parts/has/many/variants/to/be/deleted"},
	} {
		cookies.MaxBytes = 1
		_, err := loginLines(300, cookies)
		if err == nil {
			t.Fatal("New with no room for any cookie: no error")
		}
		message := err.Error()
		if cookies.MaxBytes, err = strconv.Atoi(message[strings.LastIndex(message, " ")+1:]); err != nil {
			t.Fatal(err)
		}
		lines, err := loginLines(300, cookies)
		if err != nil {
			t.Errorf("MaxBytes %d, an access token of 300 bytes: %v", cookies.MaxBytes, err)
		}
		n := 0
		for _, line := range lines {
			n += len("Set-Cookie: \r\n") + len(line)
		}
		if n > cookies.MaxBytes || n < cookies.MaxBytes-100 {
			t.Errorf("MaxBytes %d: the login's cookies have %d bytes", cookies.MaxBytes, n)
		}
		if _, err := loginLines(301, cookies); !errors.Is(err, core.ErrInvalidLogin) {
			t.Errorf("MaxBytes %d, an access token of 301 bytes: %v", cookies.MaxBytes, err)
		}
		cookies.MaxBytes--
		if _, err := loginLines(300, cookies); err == nil {
			t.Errorf("New with MaxBytes %d: no error", cookies.MaxBytes)
		}
	}
}

// A proxy as it comes has room for four kilobytes of headers. Both cookies share it.
func TestTheCookiesOfAResponseFitTheBufferOfAProxy(t *testing.T) {
	login := func(w *world, claim int) (*httptest.ResponseRecorder, error) {
		rec := httptest.NewRecorder()
		_, err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", core.LoginOptions{Claims: map[string]any{"x": strings.Repeat("x", claim)}})
		return rec, err
	}
	for _, most := range []int{0, 2000, 6000} {
		w := newWorld(t, func(c *core.Config) {
			c.MaxSessions, c.Cookies = -1, core.Cookies{MaxBytes: most, SessionName: "session", Domain: "example.com"}
		})
		if most == 0 {
			most = 3072
		}
		longest, refused := 0, false
		for claim := 0; claim < 3000; claim += 7 {
			rec, err := login(w, claim)
			if refused = err != nil; refused {
				if !errors.Is(err, core.ErrInvalidLogin) || len(rec.Header()) > 0 {
					t.Errorf("MaxBytes %d: %v, %v", most, err, rec.Header())
				}
				break
			}
			n := 0
			for _, line := range rec.Header()["Set-Cookie"] {
				n += len("Set-Cookie: \r\n") + len(line)
			}
			longest = max(longest, n)
		}
		if !refused || longest > most || longest < most-600 && most != 6000 {
			t.Errorf("MaxBytes %d: the longest response has %d bytes of cookies, or no login was refused", most, longest)
		}
	}
	if _, err := core.New(newStore(), &testTokens{}, core.Config{Secret: secret, Cookies: core.Cookies{MaxBytes: 500}}); err == nil || !strings.Contains(err.Error(), "MaxBytes") {
		t.Errorf("New with no room for an access token = %v", err)
	}
}

// A script can't see the cookies, and wants to refresh before they expire.
func TestAResponseSaysWhenItsTokensExpire(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	expires := func(a answer, want string) {
		t.Helper()
		if got := a.Header.Get("Token-Expires"); got != want {
			t.Errorf("%s: Token-Expires is %q, want %q", a.Request.URL.Path, got, want)
		}
	}
	expires(b.post("/login", map[string][]string{"user": {"ada"}}), "access=60, session=604800")
	b.clock.Advance(55 * time.Second)
	late := b.copy()
	expires(b.post("/refresh", nil), "access=60, session=604745")
	b.clock.Advance(5 * time.Second)
	expires(late.post("/refresh", nil), "access=55, session=604740") // a retry
	expires(b.post("/refresh", nil), "")                             // too early
	expires(b.post("/logout", nil), "")
}
