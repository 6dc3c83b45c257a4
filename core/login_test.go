package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestLoginIssuesAPair(t *testing.T) {
	w := newWorld(t, nil)
	pair, err := w.Login(w.ctx, "ada", core.LoginOptions{
		Device: "Firefox on Linux",
		Claims: map[string]any{"role": "admin", "n": json.Number("9007199254740993")},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Verify(w.ctx, pair.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if c != pair.Claims {
		t.Errorf("Verify = %+v, want the claims of the pair, %+v", c, pair.Claims)
	}
	if c.UserID != "ada" || !c.IssuedAt.Equal(start) || c.ExpiresAt.Sub(c.IssuedAt) != time.Minute {
		t.Errorf("claims %+v: want user ada, issued at %v for a minute", c, start)
	}
	if c.Ref[6]>>4 != 4 || c.Ref[8]>>6 != 2 {
		t.Errorf("the reference %v is not a UUIDv4", c.Ref)
	}
	if want := start.Add(7 * 24 * time.Hour); !pair.ExpiresAt.Equal(want) {
		t.Errorf("the session ends at %v, want %v", pair.ExpiresAt, want)
	}
	var app struct {
		Role string
		N    any
	}
	if err := c.Decode(&app); err != nil || app.Role != "admin" || app.N != json.Number("9007199254740993") {
		t.Errorf("the application's claims are %+v, %v", app, err)
	}

	sessions, err := w.Sessions(w.ctx, "ada")
	if err != nil || len(sessions) != 1 {
		t.Fatalf("Sessions = %v, %v", sessions, err)
	}
	want := core.Session{
		ID: c.SessionID, UserID: "ada", Device: "Firefox on Linux",
		IssuedAt: start, ExchangedAt: start, ExpiresAt: pair.ExpiresAt,
	}
	if sessions[0] != want {
		t.Errorf("Sessions = %+v, want %+v", sessions[0], want)
	}
	if got, err := w.VerifyRefreshToken(w.ctx, pair.RefreshToken); got != want || err != nil {
		t.Errorf("VerifyRefreshToken = %+v, %v, want %+v", got, err, want)
	}
}

func TestRecordsHoldWholeMilliseconds(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.IdleTimeout = time.Hour + time.Nanosecond })
	w.clock.Advance(123456789)
	pair := w.login("ada")
	w.clock.Advance(time.Minute + 7)
	next := w.refresh(pair)
	samePair(t, w.refresh(pair), next)
	r := w.store.of("ada")[0]
	for _, at := range []time.Time{r.IssuedAt, r.ExchangedAt, r.ExpiresAt, pair.ExpiresAt} {
		if at.Nanosecond()%1e6 != 0 || at.Location() != time.UTC {
			t.Errorf("%v is not a whole millisecond in UTC", at)
		}
	}
	if r.ExchangedAt.Nanosecond() == 0 {
		t.Error("milliseconds were lost")
	}
}

func TestLoginsAreRandom(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
	a, b := w.login("ada"), w.login("ada")
	if a.Claims.Ref == b.Claims.Ref || a.Claims.SessionID == b.Claims.SessionID {
		t.Error("two logins share a reference or an id")
	}
}

func TestLoginEndsSessionsBeyondMaxSessions(t *testing.T) {
	for _, test := range []struct {
		name        string
		maxSessions int
		want        int
	}{
		{"default", 0, 1}, {"one", 1, 1}, {"three", 3, 3}, {"no limit", -1, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.MaxSessions = test.maxSessions })
			var pairs []core.Tokens
			for range 5 {
				pairs = append(pairs, w.login("ada"))
				w.clock.Advance(time.Second)
			}
			w.login("bob")
			if n := w.live("ada"); n != test.want {
				t.Fatalf("%d live sessions, want %d", n, test.want)
			}
			w.expire()
			for i, pair := range pairs {
				if len(pairs)-i <= test.want {
					w.refresh(pair)
				} else {
					w.refused(pair, core.ErrInvalidRefreshToken)
				}
			}
		})
	}
}

func TestLoginEndsTheSessionItReplaces(t *testing.T) {
	for name, login := range map[string]func(*world, core.LoginOptions) (core.Tokens, error){
		"Login": func(w *world, opts core.LoginOptions) (core.Tokens, error) { return w.Login(w.ctx, "bob", opts) },
		"SetTokenCookies": func(w *world, opts core.LoginOptions) (core.Tokens, error) {
			return w.SetTokenCookies(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), "bob", opts)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.MaxSessions = -1 })
			old, other := w.login("ada"), w.login("ada")
			if _, err := login(w, core.LoginOptions{Replaces: old.RefreshToken}); err != nil {
				t.Fatal(err)
			}
			w.expire()
			w.refused(old, core.ErrInvalidRefreshToken)
			w.refresh(other)
			if e := w.events.last["revocation"]; e.SessionID != old.Claims.SessionID || e.UserID != "ada" || e.Reason != core.ReasonLogin {
				t.Errorf("the hook was told %+v", e)
			}
		})
	}
}

func TestLoginIgnoresWhatIsNoSessionToReplace(t *testing.T) {
	w := newWorld(t, manySessions)
	forgotten := w.login("eve")
	w.store.restore(map[string]core.Record{})
	for _, text := range []string{"junk", strings.Repeat("A", 131), forgotten.RefreshToken} {
		if _, err := w.Login(w.ctx, "ada", core.LoginOptions{Replaces: text}); err != nil {
			t.Errorf("Login in the place of %q: %v", text, err)
		}
	}
	w.clock.Advance(8 * 24 * time.Hour)
	w.store.total()
	if _, err := w.Login(w.ctx, "ada", core.LoginOptions{Replaces: forgotten.RefreshToken}); err != nil || w.store.total() != 1 {
		t.Errorf("Login in the place of an overdue session: %v, or the store was asked for it", err)
	}
}

func TestLoginRefusesWhatNoSessionCanHold(t *testing.T) {
	for _, test := range []struct {
		name, user string
		opts       core.LoginOptions
	}{
		{"empty user", "", core.LoginOptions{}},
		{"long user", strings.Repeat("u", 256), core.LoginOptions{}},
		{"user not UTF-8", "ada\xff", core.LoginOptions{}},
		{"reserved claim", "ada", core.LoginOptions{Claims: map[string]any{"exp": 1}}},
		{"reserved claim in another case", "ada", core.LoginOptions{Claims: map[string]any{"USER_id": "bob"}}},
		{"reserved claim by folding", "ada", core.LoginOptions{Claims: map[string]any{"ſid": "x"}}},
		{"claims that differ in case alone", "ada", core.LoginOptions{Claims: map[string]any{"role": 1, "Role": 2}}},
		{"claims that are one by folding", "ada", core.LoginOptions{Claims: map[string]any{"k": 1, "\u212a": 2}}},
		{"claims that are one when encoded", "ada", core.LoginOptions{Claims: map[string]any{"\xff": 1, "\xfe": 2}}},
		{"claim that is no JSON", "ada", core.LoginOptions{Claims: map[string]any{"f": func() {}}}},
		{"claims beyond a record", "ada", core.LoginOptions{Claims: map[string]any{"x": strings.Repeat("x", 4097-len(`{"x":""}`))}}},
		{"negative duration", "ada", core.LoginOptions{Duration: -time.Hour}},
		{"duration of less than two seconds", "ada", core.LoginOptions{Duration: 2*time.Second - 1}},
		{"duration beyond that of refresh tokens", "ada", core.LoginOptions{Duration: 7*24*time.Hour + 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, nil)
			if _, err := w.Login(w.ctx, test.user, test.opts); !errors.Is(err, core.ErrInvalidLogin) {
				t.Errorf("Login = %v, want ErrInvalidLogin", err)
			}
			if n := w.store.total(); n != 0 {
				t.Errorf("the store was called %d times", n)
			}
		})
	}
}

func TestLoginMakesADeviceOfWhatAClientSent(t *testing.T) {
	for sent, want := range map[string]string{
		"phone":                              "phone",
		"a\x00b\xffc":                        "ab\uFFFDc",
		strings.Repeat("d", 513):             strings.Repeat("d", 512),
		strings.Repeat("é", 300):             strings.Repeat("é", 256),
		"x" + strings.Repeat("é", 300) + "y": "x" + strings.Repeat("é", 255),
		// A stray byte after the cut is part of no character before it.
		strings.Repeat("d", 508) + "😀\x80\x80": strings.Repeat("d", 508) + "😀",
	} {
		w := newWorld(t, nil)
		if _, err := w.Login(w.ctx, "ada", core.LoginOptions{Device: sent}); err != nil {
			t.Fatalf("a device of %d bytes: %v", len(sent), err)
		}
		sessions, err := w.Sessions(w.ctx, "ada")
		if err != nil || len(sessions) != 1 || sessions[0].Device != want {
			t.Errorf("the device is %+v, want %q, %v", sessions, want, err)
		}
	}
}

// The end of a session is a whole second, so the shortest session lasts for more than one.
func TestTheShortestSessionLastsASecond(t *testing.T) {
	w := newWorld(t, nil)
	w.clock.Advance(999 * time.Millisecond)
	pair, err := w.Login(w.ctx, "ada", core.LoginOptions{Duration: 2 * time.Second})
	if err != nil || !pair.ExpiresAt.Equal(start.Add(2*time.Second)) {
		t.Errorf("Login = %v, %v", pair.ExpiresAt, err)
	}
}

func TestLoginTakesTheLargestOfEverything(t *testing.T) {
	w := newWorld(t, nil)
	user := strings.Repeat("é", 127) + "\x00"
	pair, err := w.Login(w.ctx, user, core.LoginOptions{
		Device: strings.Repeat("d", 512), Claims: map[string]any{"x": strings.Repeat("x", 1500)},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.expire()
	if next := w.refresh(pair); next.Claims.UserID != user || next.Claims.Extra != pair.Claims.Extra {
		t.Errorf("user or claims changed in a refresh: %+v", next.Claims)
	}
}

// It is the format's affair how long the token of such claims is.
func TestLoginTakesClaimsOfAsManyBytesAsARecordHolds(t *testing.T) {
	for more, want := range []error{nil, core.ErrInvalidLogin} {
		s, err := core.New(newStore(), tokensOfLength{length: 100}, core.Config{Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		claim := strings.Repeat("x", core.MaxDataBytes-len(`{"x":""}`)+more)
		if _, err := s.Login(t.Context(), "ada", core.LoginOptions{Claims: map[string]any{"x": claim}}); !errors.Is(err, want) {
			t.Errorf("%d bytes more than a record holds: %v, want %v", more, err, want)
		}
	}
}

func TestLoginFailsWithTheStore(t *testing.T) {
	broken := errors.New("broken")
	for _, method := range []string{"Create", "Revoke"} {
		t.Run(method, func(t *testing.T) {
			w := newWorld(t, nil)
			old := w.login("ada")
			w.store.fail(broken, method)
			_, err := w.Login(w.ctx, "bob", core.LoginOptions{Replaces: old.RefreshToken})
			if !errors.Is(err, core.ErrStoreUnavailable) || !errors.Is(err, broken) {
				t.Fatalf("Login = %v", err)
			}
			w.store.mend()
			if n := w.live("bob"); n != 0 {
				t.Errorf("bob has %d sessions", n)
			}
			if !strings.Contains(w.log.String(), "store unavailable") {
				t.Error("nothing was logged")
			}
		})
	}
}

func TestLoginFailsWithTheSigner(t *testing.T) {
	w := newWorld(t, nil)
	w.tokens.signErr = errors.New("no key")
	if _, err := w.Login(w.ctx, "ada", core.LoginOptions{}); !errors.Is(err, w.tokens.signErr) || w.store.total() != 0 {
		t.Errorf("Login = %v, or the store was called", err)
	}
}

// maxAges returns the Max-Age of every cookie that the response sets, none where a
// cookie has none.
func maxAges(t *testing.T, header http.Header) map[string]int {
	t.Helper()
	ages := map[string]int{}
	for _, c := range (&http.Response{Header: header}).Cookies() {
		ages[c.Name] = c.MaxAge
		if !c.Expires.IsZero() {
			t.Errorf("the cookie %s has Expires", c.Name)
		}
	}
	return ages
}

func TestHowLongASessionAndItsCookiesLive(t *testing.T) {
	const week, day, hour = 7 * 24 * 3600, 24 * 3600, 3600
	for _, test := range []struct {
		name          string
		opts          core.LoginOptions
		lives         time.Duration
		first, second int // the Max-Age at the login and at a refresh a minute later
	}{
		{"by default", core.LoginOptions{}, 7 * 24 * time.Hour, week, week - 60},
		{"a day", core.LoginOptions{Duration: 24 * time.Hour}, 24 * time.Hour, day, day - 60},
		{"until the browser ends", core.LoginOptions{BrowserSession: true}, 7 * 24 * time.Hour, 0, 0},
		{"an hour, or until the browser ends", core.LoginOptions{Duration: time.Hour, BrowserSession: true}, time.Hour, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *core.Config) { c.Cookies.SessionName = "session" })
			rec := httptest.NewRecorder()
			pair, err := w.SetTokenCookies(rec, httptest.NewRequest("POST", "/", nil), "ada", test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if !pair.ExpiresAt.Equal(start.Add(test.lives)) || pair.BrowserSession != test.opts.BrowserSession {
				t.Errorf("the session ends at %v, with the browser: %v", pair.ExpiresAt, pair.BrowserSession)
			}
			if ages, want := maxAges(t, rec.Header()), (map[string]int{"access_token": test.first, "refresh_token": test.first, "session": test.first}); !maps.Equal(ages, want) {
				t.Errorf("at the login Max-Age is %v, want %v", ages, want)
			}
			w.expire()
			rec = serve(w.RefreshAccessToken(nil), withCookies("POST", pair))
			if ages, want := maxAges(t, rec.Header()), (map[string]int{"access_token": test.second, "refresh_token": test.second}); !maps.Equal(ages, want) {
				t.Errorf("at a refresh Max-Age is %v, want %v", ages, want)
			}
			for range 3 { // no refresh prolongs it
				if pair = w.refresh(pair); !pair.ExpiresAt.Equal(start.Add(test.lives)) {
					t.Errorf("after a refresh the session ends at %v", pair.ExpiresAt)
				}
				w.expire()
			}
			w.clock.Advance(start.Add(test.lives).Sub(w.clock.Now()))
			w.refused(pair, core.ErrInvalidRefreshToken)
		})
	}
}

func TestASessionCanBeShorterThanAnAccessToken(t *testing.T) {
	w := newWorld(t, nil)
	pair, err := w.Login(w.ctx, "ada", core.LoginOptions{Duration: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if !pair.Claims.ExpiresAt.Equal(start.Add(20 * time.Second)) {
		t.Errorf("the access token expires at %v", pair.Claims.ExpiresAt)
	}
	w.clock.Advance(20 * time.Second)
	if _, err := w.Verify(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrAccessTokenExpired) {
		t.Errorf("Verify = %v", err)
	}
	w.refused(pair, core.ErrInvalidRefreshToken)
}

// evictingStore says that a login has evicted what it never could.
type evictingStore struct {
	*testStore
	evicted core.Record
}

func (s evictingStore) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	_, err := s.testStore.Create(ctx, r, limit)
	if s.evicted.ID == "" {
		return []core.Record{r}, err
	}
	return []core.Record{s.evicted}, err
}

func TestLoginBelievesNoEvictionOfOthers(t *testing.T) {
	for name, evicted := range map[string]core.Record{"another user": record("bob"), "itself": {}} {
		e := &events{}
		cfg := core.Config{Secret: secret, Hooks: e.hooks(), Logger: slog.New(slog.DiscardHandler)}
		s, err := core.New(evictingStore{newStore(), evicted}, &testTokens{}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Login(t.Context(), "ada", core.LoginOptions{}); !errors.Is(err, core.ErrStoreUnavailable) {
			t.Errorf("%s: Login = %v, want ErrStoreUnavailable", name, err)
		}
		if n := e.count("revocation") + e.count("login"); n != 0 {
			t.Errorf("%s: %v is told", name, e.seen)
		}
	}
}
