package core_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestVerifyJudgesTimesByTheClock(t *testing.T) {
	for _, test := range []struct {
		name          string
		leeway, after time.Duration
		want          error
	}{
		{"new", 0, 0, nil},
		{"the last moment", 0, time.Minute - time.Nanosecond, nil},
		{"at exp", 0, time.Minute, core.ErrAccessTokenExpired},
		{"at exp with leeway", 5 * time.Second, time.Minute, nil},
		{"the last moment of the leeway", 5 * time.Second, 65*time.Second - time.Nanosecond, nil},
		{"past the leeway", 5 * time.Second, 65 * time.Second, core.ErrAccessTokenExpired},
	} {
		for _, cache := range []int{0, 10} {
			w := newWorld(t, func(c *core.Config) { c.Leeway, c.VerifiedCache = test.leeway, cache })
			pair := w.login("ada")
			if cache > 0 {
				w.Verify(w.ctx, pair.AccessToken)
			}
			w.clock.Advance(test.after)
			c, err := w.Verify(w.ctx, pair.AccessToken)
			if !errors.Is(err, test.want) {
				t.Errorf("%s, cache of %d: Verify = %v, want %v", test.name, cache, err, test.want)
			}
			if err != nil && c != (core.Claims{}) {
				t.Errorf("%s: claims came with the error", test.name)
			}
		}
	}
}

func TestVerifyNeverTouchesTheStore(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.store.total()
	w.Verify(w.ctx, pair.AccessToken)
	w.Verify(w.ctx, "junk")
	if n := w.store.total(); n != 0 {
		t.Errorf("the store was called %d times", n)
	}
}

func TestVerifyRefuses(t *testing.T) {
	w := newWorld(t, nil)
	for text, want := range map[string]error{
		"":                         core.ErrMissingAccessToken,
		"junk":                     core.ErrInvalidAccessToken,
		strings.Repeat("a", 1<<20): core.ErrInvalidAccessToken,
	} {
		if _, err := w.Verify(w.ctx, text); !errors.Is(err, want) {
			t.Errorf("Verify(%.10q) = %v, want %v", text, err, want)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error holds the token")
		}
	}
	if !errors.Is(core.ErrMissingAccessToken, core.ErrInvalidAccessToken) {
		t.Error("a missing token is not an invalid one")
	}
}

func TestATokenThatIsTooLongIsNotLookedAt(t *testing.T) {
	counting := &countingVerifier{TokenVerifier: &testTokens{}}
	v, err := core.NewVerifier(counting, core.VerifierConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), strings.Repeat("a", 8193)); !errors.Is(err, core.ErrInvalidAccessToken) || counting.calls.Load() != 0 {
		t.Errorf("Verify = %v, or the token was looked at", err)
	}
}

func TestAVerifierNeedsNoSecret(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	v, err := core.NewVerifier(w.tokens, core.VerifierConfig{Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Verify(w.ctx, pair.AccessToken); err != nil || c != pair.Claims {
		t.Errorf("Verify = %v, %v", c, err)
	}
	w.expire()
	if _, err := v.Verify(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrAccessTokenExpired) {
		t.Errorf("Verify of an expired token = %v", err)
	}
}

func TestARejectionTellsWhose(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	w.Verify(w.ctx, pair.AccessToken)
	e := w.events.last["rejection"]
	if e.UserID != "ada" || e.SessionID != pair.Claims.SessionID || e.Ref != pair.Claims.Ref || !errors.Is(e.Err, core.ErrAccessTokenExpired) || !e.At.Equal(w.clock.Now()) {
		t.Errorf("the hook was told %+v", e)
	}
}

// countingVerifier counts what gets past the cache.
type countingVerifier struct {
	core.TokenVerifier
	calls atomic.Int64
}

func (v *countingVerifier) Verify(token string) (core.Claims, error) {
	v.calls.Add(1)
	return v.TokenVerifier.Verify(token)
}

func TestVerifiedCacheRemembersUntilExpiry(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	counting := &countingVerifier{TokenVerifier: w.tokens}
	v, err := core.NewVerifier(counting, core.VerifierConfig{Clock: w.clock.Now, VerifiedCache: 100})
	if err != nil {
		t.Fatal(err)
	}
	pair := w.login("ada")
	for range 10 {
		if c, err := v.Verify(w.ctx, pair.AccessToken); err != nil || c != pair.Claims {
			t.Fatalf("Verify = %v, %v", c, err)
		}
	}
	if n := counting.calls.Load(); n != 1 {
		t.Errorf("10 verifications checked %d signatures, want 1", n)
	}
	if n := testing.AllocsPerRun(100, func() { v.Verify(w.ctx, pair.AccessToken) }); n != 0 {
		t.Errorf("a token seen before cost %v allocations, want 0", n)
	}
	w.expire()
	if _, err := v.Verify(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrAccessTokenExpired) {
		t.Errorf("Verify of an expired token = %v", err)
	}
}

func TestVerifiedCacheIsBounded(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	for _, size := range []int{1, 3, 16, 50} {
		counting := &countingVerifier{TokenVerifier: w.tokens}
		v, err := core.NewVerifier(counting, core.VerifierConfig{Clock: w.clock.Now, VerifiedCache: size})
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for range 4 * size {
			texts = append(texts, w.login("ada").AccessToken)
		}
		verifyAll := func() int {
			counting.calls.Store(0)
			for _, text := range texts {
				if _, err := v.Verify(w.ctx, text); err != nil {
					t.Fatal(err)
				}
			}
			return int(counting.calls.Load())
		}
		verifyAll()
		// Going round through more than it holds, it can remember size at most.
		if missed := verifyAll(); missed < len(texts)-size {
			t.Errorf("a cache of %d remembered %d tokens", size, len(texts)-missed)
		}
		// What it holds of the last ones it finds again.
		counting.calls.Store(0)
		v.Verify(w.ctx, texts[len(texts)-1])
		if n := counting.calls.Load(); n != 0 {
			t.Errorf("a cache of %d forgot the newest token", size)
		}
	}
}

func TestVerifiedCacheTakesOnlyWhatVerifies(t *testing.T) {
	w := newWorld(t, nil)
	counting := &countingVerifier{TokenVerifier: w.tokens}
	v, err := core.NewVerifier(counting, core.VerifierConfig{Clock: w.clock.Now, VerifiedCache: 1})
	if err != nil {
		t.Fatal(err)
	}
	good := w.login("ada").AccessToken
	v.Verify(w.ctx, good)
	for i := range 100 {
		v.Verify(w.ctx, good+strings.Repeat("x", i+1))
	}
	counting.calls.Store(0)
	if _, err := v.Verify(w.ctx, good); err != nil || counting.calls.Load() != 0 {
		t.Error("tokens that do not verify pushed one out that does")
	}
}

// addBearer adds an Authorization header.
func addBearer(r *http.Request, token string) *http.Request {
	r.Header.Add("Authorization", "Bearer "+token)
	return r
}

func TestAcceptSaysWhereTokensAreTakenFrom(t *testing.T) {
	for _, test := range []struct {
		name                            string
		accept                          core.Accept
		header, cookie, foreign, nobody int // the status by what is presented
	}{
		{"header, then cookies", core.HeaderThenCookies, 200, 200, 401, 401},
		{"cookies only", core.CookiesOnly, 401, 200, 200, 401},
		{"header only", core.HeaderOnly, 200, 401, 401, 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.Accept = test.accept })
			pair := w.login("ada")
			get := func() *http.Request { return httptest.NewRequest("GET", "/", nil) }
			for name, check := range map[string]struct {
				r    *http.Request
				want int
			}{
				"the header":                        {addBearer(get(), pair.AccessToken), test.header},
				"the cookie":                        {withCookies("GET", pair), test.cookie},
				"the cookie and a token of a proxy": {addBearer(withCookies("GET", pair), "of-a-proxy"), test.foreign},
				"nothing":                           {get(), test.nobody},
			} {
				if rec := serve(w.TokenRequired(ok), check.r); rec.Code != check.want {
					t.Errorf("%s: %d %s, want %d", name, rec.Code, rec.Body, check.want)
				}
			}
			// A logout looks where the requests are looked at.
			err := w.ClearTokenCookies(httptest.NewRecorder(), addBearer(httptest.NewRequest("POST", "/", nil), pair.AccessToken))
			if ended := w.live("ada") == 0; err != nil || ended != (test.header == 200) {
				t.Errorf("a logout with the header alone: %v, and the session has ended: %v", err, ended)
			}
		})
	}
	if _, err := core.New(newStore(), &testTokens{}, core.Config{Secret: secret, Accept: 3}); err == nil || !strings.Contains(err.Error(), "Accept") {
		t.Errorf("New with an unknown Accept = %v", err)
	}
}

// The handshake of a WebSocket is a GET, which a page of another site can send.
func TestAnUpgradeThatACookieAuthorizesIsHeldToTheOrigin(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.TrustedOrigins = []string{"https://trusted.example"} })
	pair := w.login("ada")
	handshake := func(header ...string) *http.Request {
		r := httptest.NewRequest("GET", "https://example.com/ws", nil)
		r.Header.Set("Upgrade", "websocket")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
	cookies := func(r *http.Request) *http.Request {
		r.AddCookie(&http.Cookie{Name: "access_token", Value: pair.AccessToken})
		return r
	}
	plain := cookies(handshake("Origin", "https://evil.example"))
	plain.Header.Del("Upgrade")
	connect := cookies(handshake("Origin", "https://sibling.example.com"))
	connect.Method = http.MethodConnect
	connect.Header.Del("Upgrade")
	for _, test := range []struct {
		name string
		r    *http.Request
		want int
	}{
		{"the server's own page", cookies(handshake("Origin", "https://example.com", "Sec-Fetch-Site", "same-origin")), 200},
		{"its own page in a browser without Sec-Fetch-Site", cookies(handshake("Origin", "https://example.com")), 200},
		{"a trusted page", cookies(handshake("Origin", "https://trusted.example", "Sec-Fetch-Site", "cross-site")), 200},
		{"a program", cookies(handshake()), 200},
		{"a page of a sibling", cookies(handshake("Origin", "https://sibling.example.com", "Sec-Fetch-Site", "same-site")), 403},
		{"a page of another site", cookies(handshake("Origin", "https://evil.example")), 403},
		{"the same over HTTP/2", connect, 403},
		{"the same with a bearer token", addBearer(handshake("Origin", "https://evil.example"), pair.AccessToken), 200},
		{"the same without a token", handshake("Origin", "https://evil.example"), 401},
		{"the same without an upgrade", plain, 200},
	} {
		if rec := serve(w.TokenRequired(ok), test.r); rec.Code != test.want {
			t.Errorf("%s: %d %s, want %d", test.name, rec.Code, rec.Body, test.want)
		}
	}
	if _, err := core.NewVerifier(w.tokens, core.VerifierConfig{TrustedOrigins: []string{"example.com"}}); err == nil || !strings.Contains(err.Error(), "TrustedOrigins") {
		t.Errorf("NewVerifier with an origin without a scheme = %v", err)
	}
}

// What a router that takes no handlers does by hand is what TokenRequired does.
func TestVerifyRequestSaysWhatTokenRequiredSays(t *testing.T) {
	w := newWorld(t, func(c *core.Config) {
		c.Cookies = core.Cookies{Prefix: "__Host-", SessionName: "session", Previous: []core.Cookies{{}}}
	})
	pair, other := w.login("ada"), w.login("bob")
	cookies := func(values ...string) *http.Request {
		r := httptest.NewRequest("GET", "/", nil)
		for i := 0; i < len(values); i += 2 {
			r.AddCookie(&http.Cookie{Name: values[i], Value: values[i+1]})
		}
		return r
	}
	for name, r := range map[string]*http.Request{
		"a cookie":                    cookies("__Host-access_token", pair.AccessToken),
		"a cookie of a previous name": cookies("access_token", pair.AccessToken),
		"a bearer token":              addBearer(cookies(), pair.AccessToken),
		"nothing":                     cookies(),
		"a planted cookie first":      cookies("__Host-access_token", other.AccessToken, "__Host-access_token", pair.AccessToken),
		"another login's session":     cookies("__Host-access_token", pair.AccessToken, "__Host-session", other.Claims.SessionID),
	} {
		rec := serve(w.TokenRequired(ok), r.Clone(w.ctx))
		told := w.events.count("rejection")
		c, err := w.VerifyRequest(r)
		if core.StatusOf(err) != rec.Code {
			t.Errorf("%s: VerifyRequest = %v, TokenRequired answers %d", name, err, rec.Code)
		}
		if (err == nil) != (c == pair.Claims) || w.events.count("rejection")-told != min(1, rec.Code-200) {
			t.Errorf("%s: the claims are %+v, and the hook was told %d times", name, c, w.events.count("rejection")-told)
		}
	}
}

func TestContextWithClaims(t *testing.T) {
	w := newWorld(t, nil)
	claims := core.Claims{UserID: "ada", SessionID: "s"}
	ctx := core.ContextWithClaims(w.ctx, claims)
	if got, ok := core.ClaimsFrom(ctx); !ok || got != claims {
		t.Errorf("ClaimsFrom = %+v, %v", got, ok)
	}
	if _, ok := core.SessionFrom(ctx); ok {
		t.Error("there is a session")
	}
	// They authorize nothing: anybody can make such a context.
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	if rec := serve(w.TokenRequired(ok), r); rec.Code != 401 {
		t.Errorf("TokenRequired: %d", rec.Code)
	}
}

// A header of another scheme says nothing of an access token, however alike the names.
func TestWhatTheSchemeOfAHeaderIs(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	others := []string{"", "B", "Beare", "Digest junk", "Basic junk"}
	for _, c := range "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" {
		others = append(others, "Bearer"+string(c)+" junk")
	}
	bearers := []string{}
	for c := range 256 {
		if header := "Bearer" + string([]byte{byte(c)}) + " junk"; !slices.Contains(others, header) {
			bearers = append(bearers, header)
		}
	}
	for want, headers := range map[int][]string{200: others, 401: bearers} {
		for _, header := range headers {
			r := withCookies("GET", pair)
			r.Header["Authorization"] = []string{header}
			if rec := serve(w.TokenRequired(ok), r); rec.Code != want {
				t.Errorf("Authorization: %q beside a cookie: %d, want %d", header, rec.Code, want)
			}
		}
	}
}

func TestARequestOfThousandsOfCookiesIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	for n, want := range map[int]error{2999: nil, 3000: core.ErrInvalidAccessToken} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", strings.Repeat("a;", n)+"access_token="+pair.AccessToken)
		if _, err := w.VerifyRequest(r); !errors.Is(err, want) || errors.Is(err, core.ErrMissingAccessToken) {
			t.Errorf("beside %d others: %v, want %v", n, err, want)
		}
	}
}
