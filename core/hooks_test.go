package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// audit is a world whose hooks are written down as text.
type audit struct {
	*world
	told []string
	// names are those of sessions and references, in the order they came: s1, r1, r2.
	names map[string]string
}

// presented is what looks like a part of a token, or is the text that stands for one.
var presented = regexp.MustCompile(`[A-Za-z0-9_-]{41,}|junk`)

func newAudit(t *testing.T, change func(*core.Config)) *audit {
	a := &audit{names: map[string]string{}}
	a.world = newWorld(t, func(c *core.Config) {
		c.MaxSessions = -1
		c.Hooks = core.Hooks{
			Login: a.hook("login"), Refresh: a.hook("refresh"), Retry: a.hook("retry"),
			Compromise: a.hook("compromise"), Revocation: a.hook("revocation"), Rejection: a.hook("rejection"),
		}
		if change != nil {
			change(c)
		}
	})
	return a
}

func (a *audit) hook(name string) func(context.Context, core.Event) {
	return func(_ context.Context, e core.Event) {
		text := name
		for _, attr := range e.LogValue().Group() {
			switch attr.Key {
			case "at", "err":
				continue
			case "session":
				attr.Value = slog.StringValue(a.name("s", e.SessionID))
			case "ref":
				attr.Value = slog.StringValue(a.name("r", e.Ref.String()))
			}
			text += " " + attr.String()
		}
		a.told = append(a.told, text)
		if all := fmt.Sprintf("%+v %v", e, e.LogValue()); presented.MatchString(all) {
			a.t.Errorf("%s holds a part of what was presented: %s", text, all)
		}
		if !e.At.Equal(a.clock.Now()) || e.At.Location() != time.UTC {
			a.t.Errorf("%s at %v, and it is %v", text, e.At, a.clock.Now())
		}
	}
}

func (a *audit) name(kind, id string) string {
	if a.names[id] == "" {
		n := 1
		for _, name := range a.names {
			if strings.HasPrefix(name, kind) {
				n++
			}
		}
		a.names[id] = fmt.Sprint(kind, n)
	}
	return a.names[id]
}

// begin logs ada in, and expires her access token.
func (a *audit) begin() core.Tokens {
	a.t.Helper()
	pair, err := a.Login(a.ctx, "ada", core.LoginOptions{Device: "laptop"})
	if err != nil {
		a.t.Fatal(err)
	}
	a.expire()
	return pair
}

// exchanged is begin and two refreshes. It returns the pair that is stale then.
func (a *audit) exchanged() (stale core.Tokens) {
	a.t.Helper()
	stale = a.begin()
	a.outdate(stale)
	return stale
}

// request asks a handler with these cookies, where they are not empty.
func (a *audit) request(h http.Handler, method, access, refresh string, header ...string) {
	r := httptest.NewRequestWithContext(a.ctx, method, "/", nil)
	for name, value := range map[string]string{"access_token": access, "refresh_token": refresh} {
		if value != "" {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// post sends a handler a form.
func (a *audit) post(h http.Handler, form string) {
	r := httptest.NewRequestWithContext(a.ctx, "POST", "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func (a *audit) logout() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.ClearTokenCookies(w, r) })
}

// failedLogin is a login that fails.
func (a *audit) failedLogin() {
	a.t.Helper()
	if _, err := a.Login(a.ctx, "ada", core.LoginOptions{Device: "laptop"}); err == nil {
		a.t.Fatal("the login succeeded")
	}
}

// loginAgain logs ada in from another device.
func (a *audit) loginAgain(replaces string) {
	a.Login(a.ctx, "ada", core.LoginOptions{Device: "phone", Replaces: replaces})
}

const begun = "login user=ada session=s1 ref=r1 device=laptop"

// Every outcome is told to one hook, once, with all that is known.
func TestEveryOutcomeIsToldOnce(t *testing.T) {
	const (
		refreshed   = "refresh user=ada session=s1 ref=r2 device=laptop"
		again       = "refresh user=ada session=s1 ref=r3 device=laptop"
		compromised = "compromise user=ada session=s1 ref=r1 device=laptop sessions=1 reason=refresh_token_compromised"
		endedByIt   = "revocation user=ada session=s1 device=laptop reason=refresh_token_compromised"
	)
	crossOrigin := []string{"Sec-Fetch-Site", "cross-site"}
	for _, test := range []struct {
		name   string
		config func(*core.Config)
		do     func(a *audit)
		want   []string
	}{
		{"a login", nil, func(a *audit) { a.begin() }, []string{begun}},
		{"a login in the place of a session", nil, func(a *audit) { a.loginAgain(a.begin().RefreshToken) },
			[]string{begun, "revocation user=ada session=s1 device=laptop reason=login", "login user=ada session=s2 ref=r2 device=phone"}},
		{"a login beyond the limit", func(c *core.Config) { c.MaxSessions = 1 }, func(a *audit) { a.begin(); a.loginAgain("") },
			[]string{begun, "login user=ada session=s2 ref=r2 device=phone", "revocation user=ada session=s1 device=laptop reason=max_sessions"}},
		{"a login in the place of the one session", func(c *core.Config) { c.MaxSessions = 1 }, func(a *audit) { a.loginAgain(a.begin().RefreshToken) },
			[]string{begun, "revocation user=ada session=s1 device=laptop reason=login", "login user=ada session=s2 ref=r2 device=phone"}},
		{"a login below the limit", func(c *core.Config) { c.MaxSessions = 2 }, func(a *audit) { a.begin(); a.loginAgain("") },
			[]string{begun, "login user=ada session=s2 ref=r2 device=phone"}},
		{"a login in the place of nothing", nil, func(a *audit) { a.loginAgain("junk") },
			[]string{"login user=ada session=s1 ref=r1 device=phone"}},
		{"a login that can't be recorded", nil, func(a *audit) { a.Login(a.ctx, "", core.LoginOptions{}) }, nil},
		{"a login that the store fails", nil, func(a *audit) { a.store.fail(errBroken); a.failedLogin() },
			[]string{"rejection user=ada reason=store_unavailable"}},
		{"a login that fails to end the session it replaces", nil, func(a *audit) {
			old := a.begin()
			a.store.fail(errBroken, "Revoke")
			a.loginAgain(old.RefreshToken)
		}, []string{begun, "rejection session=s1 reason=store_unavailable"}},
		{"a login whose token can't be signed", nil, func(a *audit) { a.tokens.signErr = errBroken; a.failedLogin() },
			[]string{"rejection user=ada reason=claims_unavailable"}},

		{"a refresh", nil, func(a *audit) { a.refresh(a.begin()) }, []string{begun, refreshed}},
		{"a refresh without an access token", nil, func(a *audit) { a.Refresh(a.ctx, a.begin().RefreshToken, "") },
			[]string{begun, refreshed}},
		{"a refresh with computed claims", computed(nil), func(a *audit) { a.refresh(a.begin()) }, []string{begun, refreshed}},
		{"a retry", nil, func(a *audit) { pair := a.begin(); a.refresh(pair); a.refresh(pair) },
			[]string{begun, refreshed, "retry user=ada session=s1 ref=r2 device=laptop"}},
		{"a young token's own pair again", nil, func(a *audit) { pair := a.refresh(a.begin()); a.Refresh(a.ctx, pair.RefreshToken, "") },
			[]string{begun, refreshed, "retry user=ada session=s1 ref=r2 device=laptop"}},
		{"a compromise", nil, func(a *audit) { stale := a.exchanged(); a.refused(stale, core.ErrCompromised) },
			[]string{begun, refreshed, again, compromised, endedByIt}},
		{"a compromise that is presented again", nil, func(a *audit) {
			stale := a.exchanged()
			a.refused(stale, core.ErrCompromised)
			a.refused(stale, core.ErrInvalidRefreshToken)
		}, []string{begun, refreshed, again, compromised, endedByIt,
			"rejection user=ada session=s1 ref=r1 device=laptop reason=invalid_refresh_token"}},
		{"a compromise whose sessions the store failed to end", nil, func(a *audit) {
			stale := a.exchanged()
			a.store.fail(errBroken, "Revoke")
			a.refused(stale, core.ErrStoreUnavailable)
		}, []string{begun, refreshed, again, "rejection user=ada session=s1 ref=r1 device=laptop reason=store_unavailable"}},
		{"a compromise of sessions that have ended meanwhile", nil, func(a *audit) {
			stale := a.exchanged()
			a.store.before = func(method string) error {
				if method == "Revoke" {
					a.store.mend()
					a.Logout(a.ctx, stale.RefreshToken)
				}
				return nil
			}
			a.refused(stale, core.ErrCompromised)
		}, []string{begun, refreshed, again, "revocation user=ada session=s1 device=laptop reason=logout",
			"rejection user=ada session=s1 ref=r1 device=laptop reason=refresh_token_compromised"}},

		{"a forged refresh token", nil, func(a *audit) { a.Refresh(a.ctx, "junk", "") }, []string{"rejection reason=invalid_refresh_token"}},
		{"no refresh token", nil, func(a *audit) { a.Refresh(a.ctx, "", "") }, []string{"rejection reason=missing_refresh_token"}},
		{"an overdue refresh token", nil, func(a *audit) {
			pair := a.begin()
			a.clock.Advance(7 * 24 * time.Hour)
			a.refused(pair, core.ErrInvalidRefreshToken)
		}, []string{begun, "rejection session=s1 ref=r1 reason=invalid_refresh_token"}},
		{"a session that was idle", func(c *core.Config) { c.IdleTimeout = time.Hour }, func(a *audit) {
			pair := a.begin()
			a.clock.Advance(time.Hour)
			a.refused(pair, core.ErrInvalidRefreshToken)
		}, []string{begun, "rejection user=ada session=s1 ref=r1 device=laptop reason=invalid_refresh_token"}},
		{"a session that is not in the store", nil, func(a *audit) {
			pair := a.begin()
			a.store.restore(map[string]core.Record{})
			a.refused(pair, core.ErrInvalidRefreshToken)
		}, []string{begun, "rejection user=ada session=s1 ref=r1 reason=invalid_refresh_token"}},
		{"a junk access token", nil, func(a *audit) { a.Refresh(a.ctx, a.begin().RefreshToken, "junk") },
			[]string{begun, "rejection user=ada session=s1 ref=r1 device=laptop reason=invalid_access_token"}},
		{"an access token that has not expired", nil, func(a *audit) {
			pair := a.refresh(a.begin())
			a.refused(pair, core.ErrAccessTokenNotExpired)
		}, []string{begun, refreshed, "rejection user=ada session=s1 ref=r2 device=laptop reason=access_token_not_expired"}},
		{"a refresh that the store fails", nil, func(a *audit) {
			pair := a.begin()
			a.store.fail(errBroken)
			a.refused(pair, core.ErrStoreUnavailable)
		}, []string{begun, "rejection user=ada session=s1 ref=r1 reason=store_unavailable"}},
		{"a refresh that the store fails after its first answer", computed(nil), func(a *audit) {
			pair := a.begin()
			a.store.fail(errBroken, "Exchange")
			a.refused(pair, core.ErrStoreUnavailable)
		}, []string{begun, "rejection user=ada session=s1 ref=r1 device=laptop reason=store_unavailable"}},
		{"claims that can't be computed", computed(errBroken), func(a *audit) { a.refused(a.begin(), core.ErrClaims) },
			[]string{begun, "rejection user=ada session=s1 ref=r1 device=laptop reason=claims_unavailable"}},
		{"an access token that can't be signed", nil, func(a *audit) {
			pair := a.begin()
			a.tokens.signErr = errBroken
			a.refused(pair, core.ErrClaims)
		}, []string{begun, "rejection user=ada session=s1 ref=r1 device=laptop reason=claims_unavailable"}},

		{"a logout", nil, func(a *audit) { a.Logout(a.ctx, a.begin().RefreshToken) }, []string{begun, "revocation user=ada session=s1 device=laptop reason=logout"}},
		{"a logout of a session that is not in the store", nil, func(a *audit) {
			pair := a.begin()
			a.store.restore(map[string]core.Record{})
			a.Logout(a.ctx, pair.RefreshToken)
		}, []string{begun}},
		{"a logout with a forged token", nil, func(a *audit) { a.Logout(a.ctx, "junk") }, []string{"rejection reason=invalid_refresh_token"}},
		{"a logout with an overdue token", nil, func(a *audit) {
			pair := a.begin()
			a.clock.Advance(7 * 24 * time.Hour)
			a.Logout(a.ctx, pair.RefreshToken)
		}, []string{begun, "rejection session=s1 ref=r1 reason=invalid_refresh_token"}},
		{"a logout that the store fails", nil, func(a *audit) {
			pair := a.begin()
			a.store.fail(errBroken)
			a.Logout(a.ctx, pair.RefreshToken)
		}, []string{begun, "rejection session=s1 reason=store_unavailable"}},
		{"the end of all sessions", nil, func(a *audit) { a.begin(); a.loginAgain(""); a.RevokeUser(a.ctx, "ada") },
			[]string{begun, "login user=ada session=s2 ref=r2 device=phone", "revocation user=ada session=s2 device=phone reason=revoked", "revocation user=ada session=s1 device=laptop reason=revoked"}},
		{"the end of no session", nil, func(a *audit) { a.RevokeUser(a.ctx, "ada") }, nil},
		{"the end of all sessions that the store fails", nil, func(a *audit) { a.store.fail(errBroken); a.RevokeUser(a.ctx, "ada") },
			[]string{"rejection user=ada reason=store_unavailable"}},
		{"the end of all sessions by a token", nil, func(a *audit) { a.RevokeUserOf(a.ctx, a.begin().RefreshToken) },
			[]string{begun, "revocation user=ada session=s1 device=laptop reason=revoked"}},
		{"the end of all sessions by a revoked token", nil, func(a *audit) {
			pair := a.begin()
			a.Logout(a.ctx, pair.RefreshToken)
			a.RevokeUserOf(a.ctx, pair.RefreshToken)
		}, []string{begun, "revocation user=ada session=s1 device=laptop reason=logout", "rejection user=ada session=s1 ref=r1 device=laptop reason=invalid_refresh_token"}},
		{"the end of all sessions by a forged token", nil, func(a *audit) { a.RevokeUserOf(a.ctx, "junk") },
			[]string{"rejection reason=invalid_refresh_token"}},
		{"the end of one session", nil, func(a *audit) { a.RevokeSession(a.ctx, "ada", a.begin().Claims.SessionID) },
			[]string{begun, "revocation user=ada session=s1 device=laptop reason=revoked"}},
		{"the end of a session that is over", nil, func(a *audit) {
			pair := a.begin()
			a.Logout(a.ctx, pair.RefreshToken)
			a.RevokeSession(a.ctx, "ada", pair.Claims.SessionID)
		}, []string{begun, "revocation user=ada session=s1 device=laptop reason=logout"}},
		{"the end of somebody else's session", nil, func(a *audit) { a.RevokeSession(a.ctx, "bob", a.begin().Claims.SessionID) },
			[]string{begun, "rejection user=bob reason=no_such_session"}},
		{"the end of one session that the store fails", nil, func(a *audit) {
			pair := a.begin()
			a.store.fail(errBroken)
			a.RevokeSession(a.ctx, "ada", pair.Claims.SessionID)
		}, []string{begun, "rejection user=ada session=s1 reason=store_unavailable"}},
		{"the end of all other sessions", nil, func(a *audit) {
			pair := a.begin()
			a.loginAgain("")
			a.RevokeOtherSessions(a.ctx, "ada", pair.Claims.SessionID)
		}, []string{begun, "login user=ada session=s2 ref=r2 device=phone", "revocation user=ada session=s2 device=phone reason=revoked"}},
		{"a list of sessions that the store fails", nil, func(a *audit) { a.store.fail(errBroken); a.HasSessions(a.ctx, "ada") },
			[]string{"rejection user=ada reason=store_unavailable"}},
		{"looks at a stale token", nil, func(a *audit) {
			stale := a.exchanged()
			a.Compromised(a.ctx, stale.RefreshToken, "")
			a.VerifyRefreshToken(a.ctx, stale.RefreshToken)
		}, []string{begun, refreshed, again}},

		{"an access token that has expired", nil, func(a *audit) { a.Verify(a.ctx, a.begin().AccessToken) },
			[]string{begun, "rejection user=ada session=s1 ref=r1 reason=access_token_expired"}},
		{"an access token that is not genuine", nil, func(a *audit) { a.Verify(a.ctx, "junk") }, []string{"rejection reason=invalid_access_token"}},
		{"a valid access token", nil, func(a *audit) { a.Verify(a.ctx, a.refresh(a.begin()).AccessToken) }, []string{begun, refreshed}},
		{"a request without an access token", nil, func(a *audit) { a.request(a.TokenRequired(nothing), "GET", "", "") },
			[]string{"rejection reason=missing_access_token"}},
		{"a request with an expired access token", nil, func(a *audit) { a.request(a.TokenRequired(nothing), "GET", a.begin().AccessToken, "") },
			[]string{begun, "rejection user=ada session=s1 ref=r1 reason=access_token_expired"}},
		{"a request that two handlers ask for a token", nil, func(a *audit) {
			a.request(a.TokenRequired(a.TokenRequired(nothing)), "GET", "junk", "")
		}, []string{"rejection reason=invalid_access_token"}},

		{"a sensitive request", nil, func(a *audit) {
			a.request(a.SessionRequired(nothing), "GET", a.refresh(a.begin()).AccessToken, "")
		}, []string{begun, refreshed}},
		{"a sensitive request of a session that is over", nil, func(a *audit) {
			pair := a.refresh(a.begin())
			a.Logout(a.ctx, pair.RefreshToken)
			a.request(a.SessionRequired(nothing), "GET", pair.AccessToken, "")
		}, []string{begun, refreshed, "revocation user=ada session=s1 device=laptop reason=logout",
			"rejection user=ada session=s1 ref=r2 device=laptop reason=session_ended"}},
		{"a sensitive request with an expired access token", nil, func(a *audit) {
			a.request(a.SessionRequired(nothing), "GET", a.begin().AccessToken, "")
		}, []string{begun, "rejection user=ada session=s1 ref=r1 reason=access_token_expired"}},
		{"a sensitive request that the store fails", nil, func(a *audit) {
			pair := a.refresh(a.begin())
			a.store.fail(errBroken)
			a.VerifySession(a.ctx, pair.AccessToken)
		}, []string{begun, refreshed, "rejection user=ada session=s1 ref=r2 reason=store_unavailable"}},

		{"a refresh of cookies", nil, func(a *audit) {
			pair := a.begin()
			a.request(a.RefreshAccessToken(nothing), "POST", pair.AccessToken, pair.RefreshToken)
		}, []string{begun, refreshed}},
		{"a refresh by GET", nil, func(a *audit) { a.request(a.RefreshAccessToken(nothing), "GET", "", "") },
			[]string{"rejection reason=method_not_allowed"}},
		{"a refresh from another origin", nil, func(a *audit) { a.request(a.RefreshAccessToken(nothing), "POST", "", "", crossOrigin...) },
			[]string{"rejection reason=cross_origin"}},
		{"a refresh without cookies", nil, func(a *audit) { a.request(a.RefreshAccessToken(nothing), "POST", "", "") },
			[]string{"rejection reason=missing_refresh_token"}},
		{"a refresh with two refresh tokens", nil, func(a *audit) {
			a.request(a.RefreshAccessToken(nothing), "POST", "", "one", "Cookie", "refresh_token=two")
		}, []string{"rejection reason=invalid_refresh_token"}},
		{"a refresh of cookies without an access token", nil, func(a *audit) {
			a.request(a.RefreshAccessToken(nothing), "POST", "", a.begin().RefreshToken)
		}, []string{begun, "rejection user=ada session=s1 ref=r1 device=laptop reason=missing_access_token"}},

		{"a logout of cookies", nil, func(a *audit) { pair := a.begin(); a.request(a.logout(), "POST", pair.AccessToken, pair.RefreshToken) },
			[]string{begun, "revocation user=ada session=s1 device=laptop reason=logout"}},
		{"a logout by an access token", nil, func(a *audit) {
			pair := a.refresh(a.begin())
			a.request(a.logout(), "POST", "", "", "Authorization", "Bearer "+pair.AccessToken)
		}, []string{begun, refreshed, "revocation user=ada session=s1 device=laptop reason=logout"}},
		{"a logout without a session", nil, func(a *audit) { a.request(a.logout(), "POST", "", "") }, nil},
		{"a logout by GET", nil, func(a *audit) { a.request(a.logout(), "GET", "", "") }, []string{"rejection reason=method_not_allowed"}},
		{"a logout from another origin", nil, func(a *audit) { a.request(a.logout(), "POST", "", "", crossOrigin...) },
			[]string{"rejection reason=cross_origin"}},
		{"a logout by a forged access token", nil, func(a *audit) { a.request(a.logout(), "POST", "", "", "Authorization", "Bearer junk") },
			[]string{"rejection reason=invalid_access_token"}},
		{"a logout by two access tokens", nil, func(a *audit) {
			a.request(a.logout(), "POST", "", "", "Authorization", "Bearer one", "Authorization", "Bearer two")
		}, []string{"rejection reason=invalid_access_token"}},

		{"a token request that is no form", nil, func(a *audit) { a.request(a.TokenEndpoint(), "POST", "", "") }, nil},
		{"a token request by GET", nil, func(a *audit) { a.request(a.TokenEndpoint(), "GET", "", "") }, nil},
		{"a token request", nil, func(a *audit) {
			a.post(a.TokenEndpoint(), "grant_type=refresh_token&refresh_token="+a.begin().RefreshToken)
		}, []string{begun, refreshed}},
		{"a token request with a forged token", nil, func(a *audit) {
			a.post(a.TokenEndpoint(), "grant_type=refresh_token&refresh_token=junk")
		}, []string{"rejection reason=invalid_refresh_token"}},
		{"a revocation request with a refresh token", nil, func(a *audit) {
			a.post(a.RevocationEndpoint(), "token="+a.begin().RefreshToken)
		}, []string{begun, "revocation user=ada session=s1 device=laptop reason=logout"}},
		{"a revocation request with an access token", nil, func(a *audit) {
			a.post(a.RevocationEndpoint(), "token="+a.begin().AccessToken)
		}, []string{begun, "revocation user=ada session=s1 device=laptop reason=logout"}},
		{"a revocation request with a forged token", nil, func(a *audit) { a.post(a.RevocationEndpoint(), "token=junk") },
			[]string{"rejection reason=invalid_refresh_token"}},
		{"a revocation request with an overdue token", nil, func(a *audit) {
			pair := a.begin()
			a.clock.Advance(7 * 24 * time.Hour)
			a.post(a.RevocationEndpoint(), "token="+pair.RefreshToken)
		}, []string{begun, "rejection session=s1 ref=r1 reason=invalid_refresh_token"}},
		{"a revocation request that is no form", nil, func(a *audit) { a.request(a.RevocationEndpoint(), "POST", "", "") }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAudit(t, test.config)
			if test.do(a); !slices.Equal(a.told, test.want) {
				t.Errorf("the hooks were told\n%s\nwant\n%s", strings.Join(a.told, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

var nothing = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// computed has the claims computed at each refresh, or fail with err.
func computed(err error) func(*core.Config) {
	return func(c *core.Config) {
		c.RefreshClaims = func(_ context.Context, _ string, login map[string]any) (map[string]any, error) { return login, err }
	}
}

// The caller must not take a compromise for a verdict while the sessions go on, but an
// alarm can know of it.
func TestACompromiseThatEndedNothingReachesAlarms(t *testing.T) {
	w, stale, _ := stolen(t, nil)
	w.store.fail(errBroken, "Revoke")
	if _, err := w.Refresh(w.ctx, stale.RefreshToken, ""); !errors.Is(err, core.ErrStoreUnavailable) || errors.Is(err, core.ErrCompromised) {
		t.Errorf("Refresh = %v", err)
	}
	if err := w.events.last["rejection"].Err; !errors.Is(err, core.ErrStoreUnavailable) || !errors.Is(err, core.ErrCompromised) {
		t.Errorf("the hook was told %v", err)
	}
}

func TestJoinedHooksAreToldInOrder(t *testing.T) {
	var told []string
	tell := func(name string) func(context.Context, core.Event) {
		return func(_ context.Context, e core.Event) { told = append(told, name+" of "+e.UserID) }
	}
	joined := core.JoinHooks(
		core.Hooks{Login: tell("login 1")},
		core.Hooks{},
		core.Hooks{Login: tell("login 2"), Rejection: tell("rejection 2")},
		core.Hooks{Login: tell("login 3")},
	)
	joined.Login(t.Context(), core.Event{UserID: "ada"})
	joined.Rejection(t.Context(), core.Event{UserID: "bob"})
	want := []string{"login 1 of ada", "login 2 of ada", "login 3 of ada", "rejection 2 of bob"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	if joined.Refresh != nil || joined.Retry != nil || joined.Compromise != nil || joined.Revocation != nil {
		t.Error("a hook that nobody has is not nil")
	}
}

func TestJoinHooksJoinsEveryHook(t *testing.T) {
	a, b := &events{}, &events{}
	h := core.JoinHooks(a.hooks(), b.hooks())
	for _, hook := range []func(context.Context, core.Event){h.Login, h.Refresh, h.Retry, h.Compromise, h.Revocation, h.Rejection} {
		hook(t.Context(), core.Event{})
	}
	want := []string{"login", "refresh", "retry", "compromise", "revocation", "rejection"}
	if !slices.Equal(a.seen, want) || !slices.Equal(b.seen, want) {
		t.Errorf("told %q and %q", a.seen, b.seen)
	}
}

// Two logins within one millisecond, and one that overtakes another: each end of a
// session is told exactly once, by the login that the store tells of it.
func TestEveryEvictionIsToldOnce(t *testing.T) {
	var ended []string
	w := newWorld(t, func(c *core.Config) {
		c.Hooks.Revocation = func(_ context.Context, e core.Event) {
			if e.Reason != core.ReasonMaxSessions || e.UserID != "ada" || e.Device != "laptop" {
				t.Errorf("the hook was told %+v", e)
			}
			ended = append(ended, e.SessionID)
		}
	})
	var begun []string
	login := func() {
		pair, err := w.Login(w.ctx, "ada", core.LoginOptions{Device: "laptop"})
		if err != nil {
			t.Fatal(err)
		}
		begun = append(begun, pair.Claims.SessionID)
	}
	for range 3 {
		login()
	}
	w.store.before = func(method string) error {
		if method == "Create" {
			w.store.mend()
			w.clock.Advance(time.Second)
			login() // overtakes the one below
		}
		return nil
	}
	login()
	live, err := w.Sessions(w.ctx, "ada")
	if err != nil || len(live) != 1 {
		t.Fatalf("Sessions = %v, %v", live, err)
	}
	begun = slices.DeleteFunc(begun, func(id string) bool { return id == live[0].ID })
	slices.Sort(begun)
	slices.Sort(ended)
	if !slices.Equal(ended, begun) {
		t.Errorf("told of the end of %q, want %q", ended, begun)
	}
}
