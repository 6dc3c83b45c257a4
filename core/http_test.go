package core_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestABrowsersDay(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.get("/me").want(t, 401, "missing_access_token")
	b.logIn("ada")
	if a := b.get("/me"); a.body != "ada" {
		t.Errorf("the page says %q", a.body)
	}
	a := b.post("/refresh", nil)
	a.want(t, 409, "access_token_not_expired")
	a.keepsCookies(t)

	b.expire()
	a = b.get("/me")
	a.want(t, 401, "access_token_expired")
	a.keepsCookies(t)
	old := b.cookie("refresh_token")
	a = b.post("/refresh", nil)
	a.want(t, 204, "")
	if cache := a.Header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control of a refresh is %q", cache)
	}
	if b.cookie("refresh_token") == old {
		t.Error("the refresh token did not change")
	}
	b.get("/me").want(t, 200, "")

	a = b.post("/logout", nil)
	a.want(t, 200, "")
	if b.cookie("access_token") != "" || b.cookie("refresh_token") != "" {
		t.Error("a logout left cookies")
	}
	b.get("/me").want(t, 401, "missing_access_token")
	a = b.post("/refresh", nil)
	a.want(t, 401, "missing_refresh_token")
	a.keepsCookies(t)
	b.post("/logout", nil).want(t, 200, "")
}

func TestRefreshGoesOnWithTheNewClaims(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	b.expire()
	if a := b.post("/refresh-and-go-on", nil); a.body != "ada" {
		t.Errorf("the handler behind the refresh answers %d %s", a.StatusCode, a.body)
	}
	b.expire()
	// The request still carries the expired token; what counts is the new one.
	b.get("/me").want(t, 401, "access_token_expired")
}

func TestAStolenCopyIsCaught(t *testing.T) {
	for _, test := range []struct {
		name          string
		first, second func(owner, thief *browser) *browser
	}{
		{"used before its owner refreshes", thiefOf, ownerOf},
		{"used after its owner refreshed", ownerOf, thiefOf},
	} {
		t.Run(test.name, func(t *testing.T) {
			owner := newSite(t, nil).newBrowser()
			owner.logIn("ada")
			thief := owner.copy()
			owner.expire()
			first, second := test.first(owner, thief), test.second(owner, thief)
			for range 2 {
				first.post("/refresh", nil).want(t, 204, "")
				first.expire()
			}
			a := second.post("/refresh", nil)
			a.want(t, 401, "refresh_token_compromised")
			// Just revoked: these answers may be overtaking a new login.
			a.keepsCookies(t)
			a = first.post("/refresh", nil)
			a.want(t, 401, "invalid_refresh_token")
			a.keepsCookies(t)

			owner.clock.Advance(10 * time.Second)
			first.post("/refresh", nil).want(t, 401, "invalid_refresh_token")
			if first.cookie("access_token") != "" || first.cookie("refresh_token") != "" {
				t.Error("cookies that are worth nothing were not deleted")
			}
			owner.logIn("ada")
			owner.expire()
			owner.post("/refresh", nil).want(t, 204, "")
		})
	}
}

func thiefOf(_, thief *browser) *browser { return thief }
func ownerOf(owner, _ *browser) *browser { return owner }

func TestTwoTabsOfABrowser(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	b.expire()
	tabs := []*browser{b.copy(), b.copy(), b.copy(), b.copy()}
	var wg sync.WaitGroup
	for _, tab := range tabs {
		wg.Go(func() { tab.post("/refresh", nil) })
	}
	wg.Wait()
	for _, tab := range tabs {
		if tab.cookie("access_token") != tabs[0].cookie("access_token") || tab.cookie("refresh_token") != tabs[0].cookie("refresh_token") {
			t.Error("two tabs have different pairs")
		}
	}
	b.expire()
	tabs[1].post("/refresh", nil).want(t, 204, "")
}

func TestALostAnswerIsRetried(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	b.expire()
	lost := b.copy()
	lost.post("/refresh", nil).want(t, 204, "")
	b.clock.Advance(9 * time.Second)
	b.post("/refresh", nil).want(t, 204, "")
	if b.cookie("refresh_token") != lost.cookie("refresh_token") {
		t.Error("the retry got another pair")
	}
}

func TestAStoreSetBackWhileBrowsersGoOn(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	earlier := b.store.snapshot()
	for range 3 {
		b.expire()
		b.post("/refresh", nil).want(t, 204, "")
	}
	b.store.restore(earlier)
	for range 3 {
		b.expire()
		b.post("/refresh", nil).want(t, 204, "")
	}
}

func TestOnlyPostRefreshesAndLogsOut(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	b.logIn("ada")
	b.expire()
	for _, method := range []string{"GET", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		for _, path := range []string{"/refresh", "/logout"} {
			a := b.do(b.request(method, path, nil))
			a.want(t, 405, "method_not_allowed")
			a.keepsCookies(t)
			if allow := a.Header.Get("Allow"); allow != "POST" {
				t.Errorf("Allow is %q", allow)
			}
		}
	}
	b.do(b.request("HEAD", "/refresh", nil)).want(t, 405, "")
	b.post("/refresh", nil).want(t, 204, "")
}

func TestCrossOriginRequestsAreRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"no browser", nil, 204},
		{"same origin", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 204},
		{"typed by the user", http.Header{"Sec-Fetch-Site": {"none"}}, 204},
		{"cross-site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"same site, another origin", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		{"an old browser, another origin", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"an opaque origin", http.Header{"Origin": {"null"}}, 403},
		{"a trusted origin", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://app.example.com"}}, 204},
		// Over plain HTTP browsers send nothing but the origin.
		{"its own origin, behind a proxy that changes Host", http.Header{"Origin": {"http://shop.example"}}, 204},
		{"another origin, behind that proxy", http.Header{"Origin": {"http://shop.example:8080"}}, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newSite(t, func(c *core.Config) {
				c.TrustedOrigins = []string{"https://app.example.com", "http://shop.example"}
			}).newBrowser()
			b.logIn("ada")
			b.expire()
			post := func(path string) answer {
				r := b.request("POST", path, nil)
				for name, values := range test.header {
					r.Header[name] = values
				}
				return b.do(r)
			}
			code := ""
			if test.status == 403 {
				code = "cross_origin"
			}
			post("/refresh").want(t, test.status, code)
			a := post("/logout")
			if test.status == 403 {
				a.want(t, 403, "cross_origin")
				a.keepsCookies(t)
				b.post("/refresh", nil).want(t, 204, "")
			} else {
				a.want(t, 200, "")
			}
		})
	}
}

func TestAStoreThatFailsKeepsTheCookies(t *testing.T) {
	for _, test := range []struct {
		grace time.Duration
		retry string
	}{{0, "5"}, {4 * time.Second, "2"}, {1999 * time.Millisecond, "1"}, {time.Second, "1"}, {time.Hour, "5"}, {-1, "1"}} {
		b := newSite(t, func(c *core.Config) { c.Grace = test.grace }).newBrowser()
		b.logIn("ada")
		b.expire()
		b.store.fail(errBroken)
		for _, path := range []string{"/refresh", "/logout", "/login"} {
			a := b.post(path, url.Values{"user": {"ada"}})
			a.want(t, 503, "store_unavailable")
			a.keepsCookies(t)
			if retry := a.Header.Get("Retry-After"); retry != test.retry {
				t.Errorf("Retry-After with a grace of %v is %q, want %q", test.grace, retry, test.retry)
			}
		}
		b.store.mend()
		b.post("/refresh", nil).want(t, 204, "")
	}
}

func TestAFailedRevocationKeepsTheCookies(t *testing.T) {
	owner := newSite(t, nil).newBrowser()
	owner.logIn("ada")
	thief := owner.copy()
	owner.expire()
	for range 2 {
		owner.post("/refresh", nil).want(t, 204, "")
		owner.expire()
	}
	owner.store.fail(errBroken, "Revoke")
	a := thief.post("/refresh", nil)
	a.want(t, 503, "store_unavailable")
	a.keepsCookies(t)
	owner.store.mend()
	thief.post("/refresh", nil).want(t, 401, "refresh_token_compromised")
	owner.post("/refresh", nil).want(t, 401, "invalid_refresh_token")
}

func TestMalformedCookiesAndHeaders(t *testing.T) {
	s := newSite(t, nil)
	b := s.newBrowser()
	b.logIn("ada")
	access, refresh := b.cookie("access_token"), b.cookie("refresh_token")
	s.expire()
	nobody := s.newBrowser()
	send := func(method, path string, header http.Header) answer {
		r := nobody.request(method, path, nil)
		r.Header = header
		return nobody.do(r)
	}
	for _, test := range []struct {
		name         string
		header       http.Header
		me, refreshs string
	}{
		{"two access tokens", http.Header{"Cookie": {"access_token=" + access + "; access_token=x; refresh_token=" + refresh}}, "invalid_access_token", "invalid_access_token"},
		{"two refresh tokens", http.Header{"Cookie": {"access_token=" + access + "; refresh_token=x; refresh_token=" + refresh}}, "access_token_expired", "invalid_refresh_token"},
		{"two equal access tokens", http.Header{"Cookie": {"access_token=" + access, "access_token=" + access + "; refresh_token=" + refresh}}, "invalid_access_token", "invalid_access_token"},
		{"an oversized access token", http.Header{"Cookie": {"access_token=" + strings.Repeat("a", 100_000) + "; refresh_token=" + refresh}}, "invalid_access_token", "invalid_access_token"},
		{"an oversized refresh token", http.Header{"Cookie": {"access_token=" + access + "; refresh_token=" + strings.Repeat("a", 100_000)}}, "access_token_expired", "invalid_refresh_token"},
		{"an access token of bytes no cookie has", http.Header{"Cookie": {"access_token=a\"b\\c,d; refresh_token=" + refresh}}, "invalid_access_token", "invalid_access_token"},
		{"a malformed cookie beside the right one", http.Header{"Cookie": {"access_token=a\"b; access_token=" + access + "; refresh_token=" + refresh}}, "invalid_access_token", "invalid_access_token"},
		{"a cookie without a value beside the right one", http.Header{"Cookie": {"access_token; access_token=" + access}}, "invalid_access_token", "missing_refresh_token"},
		{"the right cookie in quotes", http.Header{"Cookie": {"access_token=\"" + access + "\""}}, "invalid_access_token", "missing_refresh_token"},
		{"white space before the right cookie", http.Header{"Cookie": {"access_token=\t" + access}}, "invalid_access_token", "missing_refresh_token"},
		{"white space behind the right cookie", http.Header{"Cookie": {"access_token=" + access + " \t"}}, "access_token_expired", "missing_refresh_token"},
		{"white space around the right name", http.Header{"Cookie": {"a=b; \taccess_token \t=" + access}}, "access_token_expired", "missing_refresh_token"},
		{"a cookie whose name ends alike", http.Header{"Cookie": {"x_access_token=" + access}}, "missing_access_token", "missing_refresh_token"},
		{"no cookie at all", http.Header{"Cookie": {";;;=;"}}, "missing_access_token", "missing_refresh_token"},
		{"only a refresh token", http.Header{"Cookie": {"refresh_token=" + refresh}}, "missing_access_token", "missing_access_token"},
		{"only an access token", http.Header{"Cookie": {"access_token=" + access}}, "access_token_expired", "missing_refresh_token"},
		{"an empty bearer token", http.Header{"Authorization": {"Bearer "}, "Cookie": {"access_token=" + access}}, "missing_access_token", "missing_refresh_token"},
		{"the scheme alone", http.Header{"Authorization": {"Bearer"}, "Cookie": {"access_token=" + access}}, "missing_access_token", "missing_refresh_token"},
		{"two headers", http.Header{"Authorization": {"Bearer " + access, "Bearer " + access}}, "invalid_access_token", "missing_refresh_token"},
		{"two headers of two schemes", http.Header{"Authorization": {"Basic eA==", "Bearer " + access}}, "invalid_access_token", "missing_refresh_token"},
		{"a tab after the scheme", http.Header{"Authorization": {"Bearer\tjunk"}, "Cookie": {"access_token=" + access}}, "invalid_access_token", "missing_refresh_token"},
		{"a comma after the scheme", http.Header{"Authorization": {"bearer,junk"}, "Cookie": {"access_token=" + access}}, "invalid_access_token", "missing_refresh_token"},
		{"a scheme that begins alike", http.Header{"Authorization": {"Bearers junk"}, "Cookie": {"access_token=" + access}}, "access_token_expired", "missing_refresh_token"},
		{"two access tokens and no refresh token", http.Header{"Cookie": {"access_token=x; access_token=y"}}, "invalid_access_token", "missing_refresh_token"},
		{"junk in a header", http.Header{"Authorization": {"Bearer junk, junk"}}, "invalid_access_token", "missing_refresh_token"},
		{"an oversized header", http.Header{"Authorization": {"Bearer " + strings.Repeat("a", 100_000)}}, "invalid_access_token", "missing_refresh_token"},
		{"a header and the right cookie", http.Header{"Authorization": {"Bearer junk"}, "Cookie": {"access_token=" + access}}, "invalid_access_token", "missing_refresh_token"},
		{"a header of another scheme", http.Header{"Authorization": {"Basic eDp5"}, "Cookie": {"access_token=" + access}}, "access_token_expired", "missing_refresh_token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := send("GET", "/me", test.header)
			a.want(t, 401, test.me)
			a.keepsCookies(t)
			send("POST", "/refresh", test.header).want(t, 401, test.refreshs)
			if n := s.live("ada"); n != 1 {
				t.Fatalf("%d live sessions", n)
			}
		})
	}
	// Nothing of that harmed the session.
	b.post("/refresh", nil).want(t, 204, "")
}

func TestChallenges(t *testing.T) {
	s := newSite(t, nil)
	b := s.newBrowser()
	want := func(a answer, challenge string) {
		t.Helper()
		if got := a.Header.Get("WWW-Authenticate"); got != challenge {
			t.Errorf("WWW-Authenticate is %q, want %q", got, challenge)
		}
	}
	want(b.get("/me"), "Bearer")
	want(b.post("/refresh", nil), "Bearer")
	b.setCookie("access_token", "junk")
	want(b.get("/me"), `Bearer error="invalid_token"`)
	b.setCookie("refresh_token", "junk")
	want(b.post("/refresh", nil), `Bearer error="invalid_token"`)
	b.logIn("ada")
	want(b.get("/me"), "")
	b.expire()
	want(b.get("/me"), `Bearer error="invalid_token"`)
}

func TestBearerClients(t *testing.T) {
	s := newSite(t, nil)
	pair := s.login("ada")
	nobody := s.newBrowser()
	send := func(method, path, authorization string) answer {
		r := nobody.request(method, path, nil)
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Sec-Fetch-Site", "cross-site") // no browser sends the token by itself
		return nobody.do(r)
	}
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  "} {
		if a := send("GET", "/me", scheme+pair.AccessToken); a.body != "ada" {
			t.Errorf("with %q the page answers %d %s", scheme, a.StatusCode, a.body)
		}
	}
	send("POST", "/logout", "Bearer junk").want(t, 401, "invalid_access_token")
	send("POST", "/logout", "Bearer ").want(t, 401, "missing_access_token")
	send("POST", "/logout", "Bearer,x").want(t, 401, "invalid_access_token")
	s.store.fail(errBroken)
	send("POST", "/logout", "Bearer "+pair.AccessToken).want(t, 503, "store_unavailable")
	s.store.mend()
	a := send("POST", "/logout", "Bearer "+pair.AccessToken)
	a.want(t, 200, "")
	a.keepsCookies(t)
	s.expire()
	s.refused(pair, core.ErrInvalidRefreshToken)

	// With a cookie that browsers send by themselves it is no bearer client.
	b := s.newBrowser()
	b.logIn("ada")
	r := b.request("POST", "/logout", nil)
	r.Header.Set("Authorization", "Bearer "+b.cookie("access_token"))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.do(r).want(t, 403, "cross_origin")

	forgotten := s.login("ada")
	s.store.restore(map[string]core.Record{})
	send("POST", "/logout", "Bearer "+forgotten.AccessToken).want(t, 200, "")
}

func TestASchemaTrustsItsOwnClaimsOnly(t *testing.T) {
	admin, users := newWorld(t, nil), newWorld(t, nil)
	admin.tokens.key = []byte("another key")
	pair := users.login("ada")
	reached := false
	inner := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true })
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+pair.AccessToken)
	rec := httptest.NewRecorder()
	users.TokenRequired(admin.TokenRequired(inner)).ServeHTTP(rec, r)
	if reached || rec.Code != 401 {
		t.Errorf("a user's token opened the admin's door: %d", rec.Code)
	}
	users.TokenRequired(users.TokenRequired(inner)).ServeHTTP(httptest.NewRecorder(), r)
	if !reached {
		t.Error("a token was not accepted twice")
	}
}

func TestErrorHandlerWritesTheResponse(t *testing.T) {
	var got *core.Error
	b := newSite(t, func(c *core.Config) {
		c.ErrorHandler = func(w http.ResponseWriter, r *http.Request, e *core.Error) {
			got = e
			if e.Status == 401 {
				http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
				return
			}
			e.ServeHTTP(w, r)
		}
	}).newBrowser()
	a := b.do(b.request("DELETE", "/refresh", nil))
	a.want(t, 405, "method_not_allowed")
	r := httptest.NewRequest("GET", "/", nil)
	rec := httptest.NewRecorder()
	b.TokenRequired(nil).ServeHTTP(rec, r)
	if rec.Code != 303 || rec.Header().Get("Location") != "/sign-in" || rec.Header().Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("the handler's response is %d %v", rec.Code, rec.Header())
	}
	if got.Reason != "missing_access_token" || got.Status != 401 || !errors.Is(got, core.ErrMissingAccessToken) || !strings.Contains(got.Error(), string(got.Reason)) {
		t.Errorf("the handler was given %+v", got)
	}
}

func TestAnErrorOfTheApplicationIsA500(t *testing.T) {
	s := newSite(t, nil)
	rec := httptest.NewRecorder()
	s.WriteError(rec, httptest.NewRequest("POST", "/", nil), errBroken)
	answer{rec.Result(), rec.Body.String()}.wantBody(t, 500, "internal_error")
	b := s.newBrowser()
	b.post("/login", url.Values{"user": {""}}).want(t, 400, "invalid_login")
}

func (a answer) wantBody(t *testing.T, status int, code string) {
	t.Helper()
	a.Request = httptest.NewRequest("POST", "/", nil)
	a.want(t, status, code)
}

func TestAnErrorHandlerCanPrintEveryError(t *testing.T) {
	w := newWorld(t, func(c *core.Config) {
		c.ErrorHandler = func(rw http.ResponseWriter, _ *http.Request, e *core.Error) { http.Error(rw, e.Error(), e.Status) }
	})
	for _, err := range []error{nil, errBroken, core.ErrNoSession} {
		rec := httptest.NewRecorder()
		w.WriteError(rec, httptest.NewRequest("GET", "/", nil), err)
		if rec.Code == 200 || rec.Body.Len() == 0 {
			t.Errorf("%v is answered %d %s", err, rec.Code, rec.Body)
		}
	}
}

func TestTheDeviceIsTheUserAgent(t *testing.T) {
	for agent, want := range map[string]string{
		"Firefox":                      "Firefox",
		"":                             "Go-http-client/1.1",
		strings.Repeat("é", 300):       strings.Repeat("é", 256),
		"a" + strings.Repeat("é", 300): "a" + strings.Repeat("é", 255),
		"bad\xffbytes":                 "bad\uFFFDbytes",
	} {
		b := newSite(t, nil).newBrowser()
		r := b.request("POST", "/login", url.Values{"user": {"ada"}})
		if agent != "" {
			r.Header.Set("User-Agent", agent)
		}
		b.do(r).want(t, 200, "")
		if s, err := b.Sessions(b.ctx, "ada"); err != nil || s[0].Device != want {
			t.Errorf("the device of %q is %+v, %v", agent, s, err)
		}
	}
}

func TestClaimsFromNothing(t *testing.T) {
	if c, ok := core.ClaimsFrom(t.Context()); ok || c != (core.Claims{}) {
		t.Errorf("ClaimsFrom = %v, %v", c, ok)
	}
}

// As with http.Error.
func TestAnErrorIsNotSentUnderHeadersOfAnotherBody(t *testing.T) {
	w := newWorld(t, nil)
	rec := httptest.NewRecorder()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		rec.Header().Set(name, "3")
	}
	w.WriteError(rec, httptest.NewRequest("GET", "/", nil), core.ErrSessionEnded)
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		if rec.Header().Get(name) != "" {
			t.Errorf("the error goes out under the %s of what was to be the body", name)
		}
	}
}

// A login from another origin would make a browser the attacker's. The callback of an
// identity provider is a GET of another site.
func TestALoginIsHeldToTheOrigin(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.TrustedOrigins = []string{"https://id.example"} })
	for _, test := range []struct {
		name, method, origin, site string
		want                       error
	}{
		{"its own page", "POST", "https://example.com", "same-origin", nil},
		{"a page of another site", "POST", "https://evil.example", "cross-site", core.ErrCrossOrigin},
		{"a page of a sibling", "POST", "https://sibling.example.com", "same-site", core.ErrCrossOrigin},
		{"the callback of a provider", "GET", "", "cross-site", nil},
		{"a callback by form_post of a trusted provider", "POST", "https://id.example", "cross-site", nil},
		{"a client that is no browser", "POST", "", "", nil},
	} {
		r := httptest.NewRequest(test.method, "https://example.com/login", nil)
		for name, value := range map[string]string{"Origin": test.origin, "Sec-Fetch-Site": test.site} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		rec := httptest.NewRecorder()
		_, err := w.SetTokenCookies(rec, r, "ada", core.LoginOptions{})
		if !errors.Is(err, test.want) || (err != nil) != (len(rec.Header()) == 0) {
			t.Errorf("%s: %v, %v, want %v", test.name, err, rec.Header(), test.want)
		}
	}
}
