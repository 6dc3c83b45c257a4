package core_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

func TestRefreshIssuesTheNextPair(t *testing.T) {
	w := newWorld(t, nil)
	first := w.login("ada")
	w.expire()
	w.store.total()
	next := w.refresh(first)
	if n := w.store.total(); n != 1 {
		t.Errorf("a refresh cost %d calls of the store, want 1", n)
	}
	if next.Claims.Ref == first.Claims.Ref || next.RefreshToken == first.RefreshToken {
		t.Error("the pair did not change")
	}
	if next.Claims.SessionID != first.Claims.SessionID || next.Claims.UserID != "ada" {
		t.Errorf("claims %+v are of another session than %+v", next.Claims, first.Claims)
	}
	if next.Claims.Ref[6]>>4 != 4 || next.Claims.Ref[8]>>6 != 2 {
		t.Errorf("the reference %v is not a UUIDv4", next.Claims.Ref)
	}
	if !next.Claims.IssuedAt.Equal(start.Add(time.Minute)) || !next.Claims.ExpiresAt.Equal(start.Add(2*time.Minute)) {
		t.Errorf("claims %+v, want times from the clock", next.Claims)
	}
	if c, err := w.Verify(w.ctx, next.AccessToken); err != nil || c != next.Claims {
		t.Errorf("Verify = %v, %v", c, err)
	}
	if e := w.events.last["refresh"]; e.UserID != "ada" || e.SessionID != next.Claims.SessionID || e.Ref != next.Claims.Ref {
		t.Errorf("the hook was told %+v", e)
	}
}

// countingTokens counts the tokens that are signed.
type countingTokens struct {
	*testTokens
	signed int
}

func (c *countingTokens) Sign(claims core.Claims) (string, error) {
	c.signed++
	return c.testTokens.Sign(claims)
}

// A signature may cost more than everything else.
func TestALoginAndARefreshCostOneSignatureEach(t *testing.T) {
	c, tokens := newClock(), &countingTokens{testTokens: &testTokens{key: []byte("signing")}}
	s, err := core.New(newStore(), tokens, core.Config{Secret: secret, Clock: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := s.Login(t.Context(), "ada", core.LoginOptions{})
	if err != nil || tokens.signed != 1 {
		t.Errorf("a login signs %d tokens: %v", tokens.signed, err)
	}
	tokens.signed = 0
	c.Advance(time.Minute)
	if _, err := s.Refresh(t.Context(), pair.RefreshToken, pair.AccessToken); err != nil || tokens.signed != 1 {
		t.Errorf("a refresh signs %d tokens: %v", tokens.signed, err)
	}
}

func TestRefreshGoesOnForTheWholeSession(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	end := pair.ExpiresAt
	for w.clock.Now().Add(time.Hour).Before(end) {
		w.clock.Advance(time.Hour)
		pair = w.refresh(pair)
		if !pair.ExpiresAt.Equal(end) {
			t.Fatalf("the end of the session moved from %v to %v", end, pair.ExpiresAt)
		}
	}
	w.clock.Advance(end.Sub(w.clock.Now()))
	w.store.total()
	w.refused(pair, core.ErrInvalidRefreshToken)
	if n := w.store.total(); n != 0 {
		t.Errorf("an overdue token cost %d calls of the store", n)
	}
}

func TestNoAccessTokenOutlivesItsSession(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.clock.Advance(pair.ExpiresAt.Sub(start) - 10*time.Second)
	if next := w.refresh(pair); !next.Claims.ExpiresAt.Equal(pair.ExpiresAt) {
		t.Errorf("the access token expires at %v, the session at %v", next.Claims.ExpiresAt, pair.ExpiresAt)
	}
}

func TestIdleTimeoutSlides(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.IdleTimeout, c.RefreshTokenDuration = time.Hour, 3*time.Hour })
	pair := w.login("ada")
	for range 3 {
		w.clock.Advance(59 * time.Minute)
		pair = w.refresh(pair)
	}
	if s, _ := w.VerifyRefreshToken(w.ctx, pair.RefreshToken); !s.ExpiresAt.Equal(pair.ExpiresAt) {
		t.Errorf("the session expires at %v, past its end at %v", s.ExpiresAt, pair.ExpiresAt)
	}

	idle := w.login("bob")
	w.clock.Advance(30 * time.Minute)
	idle = w.refresh(idle)
	w.clock.Advance(time.Hour)
	w.refused(idle, core.ErrInvalidRefreshToken)
	if n := w.events.count("compromise"); n != 0 {
		t.Error("an idle session was taken for a compromise")
	}
}

// What stands against a refresh, and what the session is like afterwards: as it
// was, so that the true pair still refreshes.
func TestRefreshRefuses(t *testing.T) {
	forge := func(text string) string {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		raw[40] ^= 1
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	for _, test := range []struct {
		name    string
		advance time.Duration
		present func(w *world, pair core.Tokens) core.Tokens
		want    error
		calls   int
	}{
		{"no refresh token", time.Minute, func(_ *world, p core.Tokens) core.Tokens { p.RefreshToken = ""; return p }, core.ErrMissingRefreshToken, 0},
		{"junk for a refresh token", time.Minute, func(_ *world, p core.Tokens) core.Tokens { p.RefreshToken = "junk"; return p }, core.ErrInvalidRefreshToken, 0},
		{"a forged refresh token", time.Minute, func(_ *world, p core.Tokens) core.Tokens { p.RefreshToken = forge(p.RefreshToken); return p }, core.ErrInvalidRefreshToken, 0},
		{"a refresh token with a line break", time.Minute, func(_ *world, p core.Tokens) core.Tokens {
			p.RefreshToken = p.RefreshToken[:len(p.RefreshToken)-1] + "\n"
			return p
		}, core.ErrInvalidRefreshToken, 0},
		{"a long text for a refresh token", time.Minute, func(_ *world, p core.Tokens) core.Tokens {
			p.RefreshToken = strings.Repeat("A", 1<<20)
			return p
		}, core.ErrInvalidRefreshToken, 0},
		{"an unknown refresh token", time.Minute, func(w *world, p core.Tokens) core.Tokens {
			other := newWorldOn(w.t, newStore(), w.clock, nil)
			return other.login("ada")
		}, core.ErrInvalidRefreshToken, 1},
		{"junk for an access token", time.Minute, func(_ *world, p core.Tokens) core.Tokens { p.AccessToken = "junk"; return p }, core.ErrInvalidAccessToken, 1},
		{"a long text for an access token", time.Minute, func(_ *world, p core.Tokens) core.Tokens {
			p.AccessToken = strings.Repeat("a", 8193)
			return p
		}, core.ErrInvalidAccessToken, 1},
		{"another session's access token", time.Minute, func(w *world, p core.Tokens) core.Tokens {
			p.AccessToken = w.login("bob").AccessToken
			return p
		}, core.ErrInvalidAccessToken, 1},
		{"an access token that has not expired", 50*time.Second - time.Millisecond, func(_ *world, p core.Tokens) core.Tokens { return p }, core.ErrAccessTokenNotExpired, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, nil)
			pair := w.login("ada")
			w.clock.Advance(test.advance)
			presented := test.present(w, pair)
			w.store.total()
			w.refused(presented, test.want)
			if n := w.store.total(); n != test.calls {
				t.Errorf("the refusal cost %d calls of the store, want %d", n, test.calls)
			}
			if n := w.events.count("rejection"); n != 1 || !errors.Is(w.events.last["rejection"].Err, test.want) {
				t.Errorf("the hook was told %d times, at last %+v", n, w.events.last["rejection"])
			}
			if n := w.live("ada"); n != 1 {
				t.Fatalf("%d live sessions, want 1", n)
			}
			w.expire()
			w.refresh(pair)
		})
	}
}

func TestRefreshWithoutAnAccessToken(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	pair.AccessToken = ""
	w.clock.Advance(30 * time.Second)
	if next := w.refresh(pair); next.Claims.Ref == pair.Claims.Ref {
		t.Error("the pair did not change")
	}
}

// The refusal of another user's access token moves no mapping: long after it the
// owner still refreshes.
func TestAnotherUsersAccessTokenMovesNothing(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	claims := pair.Claims
	claims.UserID = "bob"
	forged, err := w.tokens.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	w.expire()
	w.refused(core.Tokens{RefreshToken: pair.RefreshToken, AccessToken: forged}, core.ErrInvalidAccessToken)
	w.expire()
	w.refresh(pair)
}

// With RefreshBefore a client may refresh early, but not for the last access token
// of the session over and over.
func TestTheLastAccessTokenIsNotRefreshedEarly(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.RefreshBefore = 30 * time.Second })
	pair := w.login("ada")
	w.clock.Advance(7*24*time.Hour - 20*time.Second)
	pair = w.refresh(pair)
	w.clock.Advance(15 * time.Second)
	w.refused(pair, core.ErrAccessTokenNotExpired)
}

func TestASessionEndsInAWholeSecond(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.RefreshTokenDuration = time.Hour + 12345678 })
	w.clock.Advance(900 * time.Millisecond)
	pair := w.login("ada")
	if pair.ExpiresAt.Nanosecond() != 0 {
		t.Errorf("the session ends at %v", pair.ExpiresAt)
	}
	w.clock.Advance(pair.ExpiresAt.Sub(w.clock.Now()) - time.Millisecond)
	next := w.refresh(pair)
	if !next.Claims.ExpiresAt.Equal(pair.ExpiresAt) || !next.ExpiresAt.Equal(pair.ExpiresAt) {
		t.Errorf("the last access token expires at %v, the session ends at %v", next.Claims.ExpiresAt, pair.ExpiresAt)
	}
	if _, err := w.Verify(w.ctx, next.AccessToken); err != nil {
		t.Errorf("the last access token is born dead: %v", err)
	}
}

// Two users whose shards are equal, found by search.
const shardUser, shardTwin = "user-184128", "user-1114608"

func TestRefreshRefusesTheAccessTokenOfAUserInTheSameShard(t *testing.T) {
	if core.UserShard(shardUser) != core.UserShard(shardTwin) {
		t.Fatal("the users don't share a shard")
	}
	for name, change := range map[string]func(*core.Config){
		"exchange first": nil,
		"look first":     func(c *core.Config) { c.RefreshClaims = keepClaims },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change)
			pair := w.login(shardUser)
			claims := pair.Claims
			claims.UserID = shardTwin
			forged, err := w.tokens.Sign(claims)
			if err != nil {
				t.Fatal(err)
			}
			w.expire()
			w.refused(core.Tokens{RefreshToken: pair.RefreshToken, AccessToken: forged}, core.ErrInvalidAccessToken)
			if e := w.events.last["rejection"]; e.UserID != shardUser {
				t.Errorf("the hook was told of %q, and it is the session of %q", e.UserID, shardUser)
			}
			if n := w.live(shardUser); n != 1 {
				t.Errorf("%d live sessions, want 1", n)
			}
			w.refresh(pair)
			// In the grace window it buys no repetition either.
			w.refused(core.Tokens{RefreshToken: pair.RefreshToken, AccessToken: forged}, core.ErrInvalidAccessToken)
			if compromised, err := w.Compromised(w.ctx, pair.RefreshToken, forged); compromised || !errors.Is(err, core.ErrInvalidAccessToken) {
				t.Errorf("Compromised = %v, %v", compromised, err)
			}
		})
	}
}

func keepClaims(_ context.Context, _ string, login map[string]any) (map[string]any, error) {
	return login, nil
}

func TestRefreshBefore(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.RefreshBefore = 20 * time.Second })
	pair := w.login("ada")
	w.clock.Advance(40*time.Second - time.Millisecond)
	w.refused(pair, core.ErrAccessTokenNotExpired)
	w.clock.Advance(time.Millisecond)
	w.refresh(pair)
}

func TestLeewayIsNotForRefreshes(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Leeway = 30 * time.Second })
	pair := w.login("ada")
	w.expire()
	w.refresh(pair)
}

func TestAReplayAfterTheEndIsNoCompromise(t *testing.T) {
	for name, end := range map[string]func(*world, core.Tokens){
		"logout": func(w *world, p core.Tokens) {
			if err := w.Logout(w.ctx, p.RefreshToken); err != nil {
				w.t.Fatal(err)
			}
		},
		"expiry":     func(w *world, p core.Tokens) { w.clock.Advance(8 * 24 * time.Hour) },
		"revocation": func(w *world, p core.Tokens) { w.RevokeUser(w.ctx, "ada") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			first := w.login("ada")
			w.expire()
			second := w.refresh(first)
			end(w, second)
			w.clock.Advance(time.Millisecond)
			again := w.login("ada")
			w.refused(first, core.ErrInvalidRefreshToken)
			w.refused(second, core.ErrInvalidRefreshToken)
			if n := w.events.count("compromise"); n != 0 {
				t.Error("taken for a compromise")
			}
			w.expire()
			w.refresh(again)
		})
	}
}

func TestRefreshFailsWithTheStoreAndLosesNothing(t *testing.T) {
	broken := errors.New("broken")
	for name, change := range map[string]func(*core.Config){
		"exchange first": nil,
		"look first":     func(c *core.Config) { c.RefreshClaims = keepClaims },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change)
			pair := w.login("ada")
			w.expire()
			w.store.fail(broken)
			w.refused(pair, core.ErrStoreUnavailable)
			w.refused(pair, broken)
			w.store.mend()

			// The exchange takes effect, and its outcome gets lost.
			w.store.after = func(method string) error {
				if method == "Exchange" {
					return broken
				}
				return nil
			}
			w.refused(pair, core.ErrStoreUnavailable)
			w.store.mend()
			w.clock.Advance(5 * time.Second)
			next := w.refresh(pair)
			w.expire()
			w.refresh(next)
		})
	}
}

func TestRefreshStopsWithItsContext(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Refresh(ctx, pair.RefreshToken, pair.AccessToken)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("Refresh = %v", err)
	}
	if w.log.Len() != 0 {
		t.Errorf("a caller that gave up was logged as a failure: %s", w.log)
	}
	w.refresh(pair)

	// A deadline that passes is how a store that hangs shows.
	ctx, cancel = context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	w.expire()
	if _, err := w.Refresh(ctx, pair.RefreshToken, pair.AccessToken); !errors.Is(err, context.DeadlineExceeded) || w.log.Len() == 0 {
		t.Errorf("Refresh = %v, and the log is %q", err, w.log)
	}
}

// A store that refuses what its own record allows is broken: that is no verdict
// on the token.
func TestRefreshDoesNotBlameTheTokenForABrokenStore(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	broken, err := core.New(refusingStore{w.store}, w.tokens, core.Config{Secret: secret, Clock: w.clock.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := broken.Refresh(w.ctx, pair.RefreshToken, pair.AccessToken); !errors.Is(err, core.ErrStoreUnavailable) {
		t.Errorf("Refresh = %v, want ErrStoreUnavailable", err)
	}
	w.refresh(pair)
}

// A store that gives another record than it was asked for is broken too.
func TestRefreshBelievesOnlyTheRecordItAskedFor(t *testing.T) {
	for name, change := range map[string]func(*core.Config){
		"exchange first": func(*core.Config) {},
		"look first":     func(c *core.Config) { c.RefreshClaims = keepClaims },
	} {
		w := newWorld(t, nil)
		pair := w.login("ada")
		w.expire()
		cfg := core.Config{Secret: secret, Clock: w.clock.Now, Logger: slog.New(slog.DiscardHandler)}
		change(&cfg)
		broken, err := core.New(mixedUpStore{w.store}, w.tokens, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := broken.Refresh(w.ctx, pair.RefreshToken, pair.AccessToken); !errors.Is(err, core.ErrStoreUnavailable) {
			t.Errorf("%s: Refresh = %v, want ErrStoreUnavailable", name, err)
		}
	}
}

type mixedUpStore struct{ *testStore }

func (s mixedUpStore) Get(context.Context, string) (core.Record, error) {
	return core.Record{}, nil
}

func (s mixedUpStore) Exchange(context.Context, core.Exchange) (core.Record, error) {
	return core.Record{}, core.ErrConflict
}

type refusingStore struct{ *testStore }

func (s refusingStore) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r, _ := s.Get(ctx, x.ID)
	return r, core.ErrConflict
}

// A server of a later version may bind a token to a key. A copy of it must not be refreshed
// by one that does not ask for the key.
func TestABoundTokenIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	keys, err := sealed.NewRing("", secret)
	if err != nil {
		t.Fatal(err)
	}
	token, _, genuine := keys.Open(pair.RefreshToken)
	if !genuine {
		t.Fatal("the token is not genuine")
	}
	token.Binding[0] = 1
	bound := pair
	bound.RefreshToken = keys.Seal(token)
	w.expire()
	w.store.total()
	w.refused(bound, core.ErrInvalidRefreshToken)
	if n := w.store.total(); n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
	// To end the session needs no key.
	login := core.LoginOptions{Replaces: bound.RefreshToken}
	if _, err := w.Login(w.ctx, "bob", login); err != nil || w.live("ada") != 0 {
		t.Errorf("Login in its place: %v, and %d sessions", err, w.live("ada"))
	}
}
