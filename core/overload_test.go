package core_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// blankStore counts its calls, keeps nothing and has nothing.
type blankStore struct {
	created, others atomic.Int64
}

func (s *blankStore) Create(context.Context, core.Record, int) ([]core.Record, error) {
	s.created.Add(1)
	return nil, nil
}

func (s *blankStore) other() error {
	s.others.Add(1)
	return core.ErrNotFound
}

func (s *blankStore) Get(context.Context, string) (core.Record, error) {
	return core.Record{}, s.other()
}

func (s *blankStore) Exchange(context.Context, core.Exchange) (core.Record, error) {
	return core.Record{}, s.other()
}

func (s *blankStore) Revoke(context.Context, core.Revocation) ([]core.Record, error) {
	s.others.Add(1)
	return nil, nil
}

func (s *blankStore) ListUser(context.Context, string, time.Time) ([]core.Record, error) {
	return nil, s.other()
}

func (s *blankStore) DeleteExpired(context.Context, time.Time, int) (int, error) {
	return 0, s.other()
}

// blank returns a schema on a store that has nothing.
func blank(t testing.TB, cfg core.Config) (*core.Schema, *blankStore) {
	t.Helper()
	store := &blankStore{}
	if cfg.Secret == nil {
		cfg.Secret = secret
	}
	cfg.Clock = newClock().Now
	s, err := core.New(store, &testTokens{key: []byte("signing")}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, store
}

// allocated returns how many bytes a call allocates, and how many times, at the least of
// some: what runs beside it, and pools that are empty, can only add to it.
func allocated(times int, call func()) (bytes, allocations uint64) {
	bytes, allocations = ^uint64(0), ^uint64(0)
	for range times {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		call()
		runtime.ReadMemStats(&after)
		bytes = min(bytes, after.TotalAlloc-before.TotalAlloc)
		allocations = min(allocations, after.Mallocs-before.Mallocs)
	}
	return bytes, allocations
}

// slack is what may be allocated beside a call: a thousand times the token costs the
// same.
const slack = 2 << 10

// handlers are the schema's, and those that an application makes of its calls.
func handlers(s *core.Schema) map[string]http.Handler {
	answer := func(f func(w http.ResponseWriter, r *http.Request) error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				s.WriteError(w, r, err)
			}
		})
	}
	return map[string]http.Handler{
		"TokenRequired":      s.TokenRequired(ok),
		"SessionRequired":    s.SessionRequired(ok),
		"RefreshAccessToken": s.RefreshAccessToken(ok),
		"TokenEndpoint":      s.TokenEndpoint(),
		"RevocationEndpoint": s.RevocationEndpoint(),
		"ClearTokenCookies":  answer(s.ClearTokenCookies),
		"SetTokenCookies": answer(func(w http.ResponseWriter, r *http.Request) error {
			return second(s.SetTokenCookies(w, r, "ada", core.LoginOptions{}))
		}),
	}
}

// calls are those that take the text of a token and are no handlers.
func calls(t testing.TB, s *core.Schema, genuine string) map[string]func(text string) error {
	ctx := t.Context()
	calls := entrances(t, s)
	calls["Verify"] = func(text string) error { return second(s.Verify(ctx, text)) }
	calls["VerifySession"] = func(text string) error { _, _, err := s.VerifySession(ctx, text); return err }
	calls["Login"] = func(text string) error {
		return second(s.Login(ctx, "ada", core.LoginOptions{Replaces: text}))
	}
	calls["Refresh with a genuine refresh token"] = func(text string) error { return second(s.Refresh(ctx, genuine, text)) }
	return calls
}

func TestALongTokenCostsNoMemory(t *testing.T) {
	s, _ := blank(t, core.Config{VerifiedCache: 100})
	pair, err := s.Login(t.Context(), "ada", core.LoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range calls(t, s, pair.RefreshToken) {
		cost := func(n int) uint64 {
			text := strings.Repeat("a", n)
			bytes, _ := allocated(3, func() { call(text) })
			return bytes
		}
		if short, long := cost(1<<10), cost(1<<20); long > short+slack {
			t.Errorf("%s: a token of 1 KiB costs %d bytes, one of 1 MiB %d", name, short, long)
		}
	}
	for name, header := range map[string]func(n int) (name, value string){
		"a bearer token":  func(n int) (string, string) { return "Authorization", "Bearer " + strings.Repeat("a", n) },
		"another scheme":  func(n int) (string, string) { return "Authorization", strings.Repeat("a", n) },
		"long cookies":    func(n int) (string, string) { return "Cookie", cookieText(strings.Repeat("a", n/2)) },
		"a cookie's name": func(n int) (string, string) { return "Cookie", strings.Repeat("a", n) + "=b" },
		"empty cookies":   func(n int) (string, string) { return "Cookie", strings.Repeat("refresh_token=;access_token=;", n/29) },
		"equal cookies":   func(n int) (string, string) { return "Cookie", strings.Repeat(cookieText(pair.AccessToken), n/1024) },
		"short cookies":   func(n int) (string, string) { return "Cookie", strings.Repeat("refresh_token=a;", n/16) },
		"an origin":       func(n int) (string, string) { return "Origin", "https://%41" + strings.Repeat("%41", n/3) + "/" },
		"a site":          func(n int) (string, string) { return "Sec-Fetch-Site", strings.Repeat("a", n) },
		"a user agent":    func(n int) (string, string) { return "User-Agent", strings.Repeat("\xffé", n/3) },
	} {
		for handler, h := range handlers(s) {
			cost := func(n int) uint64 {
				r := httptest.NewRequest("POST", "/", nil)
				r.Header.Set(header(n))
				bytes, _ := allocated(3, func() { h.ServeHTTP(httptest.NewRecorder(), r) })
				return bytes
			}
			if short, long := cost(4<<10), cost(1<<20); long > short+slack {
				t.Errorf("%s with %s: 4 KiB cost %d bytes, 1 MiB costs %d", handler, name, short, long)
			}
		}
	}
}

func cookieText(value string) string {
	return "access_token=" + value + "; refresh_token=" + value + ";"
}

func TestALongFormCostsNoMemory(t *testing.T) {
	s, _ := blank(t, core.Config{})
	for name, h := range map[string]http.Handler{"TokenEndpoint": s.TokenEndpoint(), "RevocationEndpoint": s.RevocationEndpoint()} {
		for _, form := range []string{"refresh_token=", "token=", "%", "%41", "a&", "aa&ba&ca&", "&", "="} {
			cost := func(n int) uint64 {
				body := strings.Repeat(form, n/len(form))
				bytes, _ := allocated(3, func() { h.ServeHTTP(httptest.NewRecorder(), post("", plainType, body)) })
				return bytes
			}
			// What is read is kept, and decoded once; what is too long is not read.
			short, longest, long := cost(1<<10), cost(16<<10), cost(1<<20)
			if longest > short+6*16<<10 || long > short+6*16<<10 {
				t.Errorf("%s with %q again and again: 1 KiB costs %d bytes, 16 KiB %d, 1 MiB %d", name, form, short, longest, long)
			}
		}
		cost := func(n int) uint64 {
			query := strings.Repeat("a=b&", n/4)
			bytes, _ := allocated(3, func() { h.ServeHTTP(httptest.NewRecorder(), post(query, plainType, "")) })
			return bytes
		}
		if short, long := cost(1<<10), cost(1<<20); long > short+4096 {
			t.Errorf("%s: a query of 1 KiB costs %d bytes, one of 1 MiB %d", name, short, long)
		}
		var parameters strings.Builder
		for i := range 110_000 {
			fmt.Fprintf(&parameters, "; a%d=b", i)
		}
		for _, kind := range []string{plainType + parameters.String(), strings.Repeat("A", 1<<20)} {
			cost := func(n int) uint64 {
				bytes, _ := allocated(3, func() { h.ServeHTTP(httptest.NewRecorder(), post("", kind[:n], "")) })
				return bytes
			}
			if short, long := cost(1<<10), cost(1<<20); long > short+4096 {
				t.Errorf("%s: a content type of 1 KiB costs %d bytes, one of 1 MiB %d", name, short, long)
			}
		}
	}
}

// forgeries returns texts as long as refresh tokens, no two the same, that name sessions
// there are and sessions there are not.
func forgeries(t testing.TB, n int) []string {
	t.Helper()
	stranger, _ := blank(t, core.Config{Secret: otherKey})
	own, _ := blank(t, core.Config{})
	var texts []string
	for i := range n {
		pair, err := stranger.Login(t.Context(), fmt.Sprint("user ", i), core.LoginOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			if pair, err = own.Login(t.Context(), "ada", core.LoginOptions{}); err != nil {
				t.Fatal(err)
			}
			sealed, err := base64.RawURLEncoding.DecodeString(pair.RefreshToken)
			if err != nil {
				t.Fatal(err)
			}
			sealed[i%len(sealed)] ^= 1
			pair.RefreshToken = base64.RawURLEncoding.EncodeToString(sealed)
		}
		texts = append(texts, pair.RefreshToken)
	}
	return texts
}

// A header of a megabyte holds thousands of texts as long as a refresh token. Those that
// a browser would keep of a site are worth a MAC; those behind them are nobody's.
func TestManyForgedCookiesCostNoMoreThanAFew(t *testing.T) {
	s, store := blank(t, core.Config{Cookies: core.Cookies{Previous: []core.Cookies{{AccessTokenName: "a", RefreshTokenName: "r"}}}})
	texts := forgeries(t, 2000)
	for name, h := range handlers(s) {
		cost := func(texts []string) uint64 {
			r := httptest.NewRequest("POST", "/", nil)
			for i, text := range texts {
				r.Header.Add("Cookie", []string{"refresh_token=", "r="}[i%2]+text)
			}
			bytes, _ := allocated(3, func() { h.ServeHTTP(httptest.NewRecorder(), r) })
			return bytes
		}
		if few, many := cost(texts[:250]), cost(texts); many > few+slack {
			t.Errorf("%s: %d bytes for 250 cookies, %d for %d", name, few, many, len(texts))
		}
	}
	if n := store.others.Load(); n > 0 {
		t.Errorf("the store was called %d times", n)
	}
}

// A browser sends what other hosts of the domain planted, and may send it first.
func TestPlantedCookiesHideNoSessionFromALogout(t *testing.T) {
	w := newWorld(t, nil)
	r := httptest.NewRequest("POST", "/", nil)
	for _, text := range forgeries(t, 170) {
		r.Header.Add("Cookie", "refresh_token="+text)
	}
	r.Header.Add("Cookie", "refresh_token="+w.login("ada").RefreshToken)
	if err := w.ClearTokenCookies(httptest.NewRecorder(), r); err != nil {
		t.Fatal(err)
	}
	if n := w.live("ada"); n != 0 {
		t.Errorf("%d sessions are live", n)
	}
}

func TestAFloodOfForgedRefreshTokensNeverReachesTheStore(t *testing.T) {
	s, store := blank(t, core.Config{PreviousSecrets: [][]byte{[]byte("a secret before it, of 32 bytes.")}})
	pair, err := s.Login(t.Context(), "ada", core.LoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	store.created.Store(0)
	texts := append(forgeries(t, 200), "", "junk", pair.AccessToken, pair.RefreshToken+"=", strings.Repeat("A", 131))
	direct := calls(t, s, "")
	delete(direct, "Refresh with a genuine refresh token")
	handlers := handlers(s)
	var flood sync.WaitGroup
	for _, text := range texts {
		flood.Go(func() {
			for name, call := range direct {
				if err := call(text); err == nil && name != "Login" && !(text == pair.AccessToken && name == "Verify") {
					t.Errorf("%s takes a forgery", name)
				}
			}
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {text}, "token": {text}}.Encode()
			for _, h := range handlers {
				r := post("", plainType, form)
				r.AddCookie(&http.Cookie{Name: "refresh_token", Value: text})
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
	flood.Wait()
	// Each text came with two logins, which begin sessions of their own, and the access
	// token is one: its session was looked for, and was to end.
	if created, others := store.created.Load(), store.others.Load(); created != int64(2*len(texts)) || others > 2 {
		t.Errorf("beside %d logins the store was called %d times", created, others)
	}
}

// BenchmarkTooManyCookies sends a megabyte of cookies, side by side with none.
func BenchmarkTooManyCookies(b *testing.B) {
	s, _ := blank(b, core.Config{})
	for name, h := range handlers(s) {
		for cookies, header := range map[string]string{"None": "", "Megabyte": strings.Repeat(";", 1<<20)} {
			b.Run(name+"/"+cookies, func(b *testing.B) {
				r := httptest.NewRequest("POST", "/", nil)
				r.Header.Set("Cookie", header)
				for b.Loop() {
					h.ServeHTTP(httptest.NewRecorder(), r)
				}
			})
		}
	}
}
