package core_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func withBearer(token string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func TestSessionRequiredHeedsARevocationAtOnce(t *testing.T) {
	for name, end := range map[string]func(w *world, pair core.Tokens) error{
		"logout":          func(w *world, pair core.Tokens) error { return w.Logout(w.ctx, pair.RefreshToken) },
		"RevokeSession":   func(w *world, pair core.Tokens) error { return w.RevokeSession(w.ctx, "ada", pair.Claims.SessionID) },
		"RevokeUser":      func(w *world, _ core.Tokens) error { return second(w.RevokeUser(w.ctx, "ada")) },
		"another login":   func(w *world, _ core.Tokens) error { w.login("ada"); return nil },
		"the store's own": func(w *world, _ core.Tokens) error { w.store.restore(map[string]core.Record{}); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			pair := w.login("ada")
			plain, sensitive := w.TokenRequired(ok), w.SessionRequired(ok)
			if rec := serve(sensitive, withBearer(pair.AccessToken)); rec.Code != 200 {
				t.Fatalf("while it is live: %d %s", rec.Code, rec.Body)
			}
			if err := end(w, pair); err != nil {
				t.Fatal(err)
			}
			if rec := serve(plain, withBearer(pair.AccessToken)); rec.Code != 200 {
				t.Errorf("TokenRequired asked: %d", rec.Code)
			}
			rec := serve(sensitive, withBearer(pair.AccessToken))
			a := answer{rec.Result(), rec.Body.String()}
			a.Request = withBearer("")
			a.want(t, 401, "session_ended")
			a.keepsCookies(t)
			if c := rec.Header().Get("WWW-Authenticate"); c != `Bearer error="invalid_token"` {
				t.Errorf("WWW-Authenticate is %q", c)
			}
			if e := w.events.last["rejection"]; !errors.Is(e.Err, core.ErrSessionEnded) || e.UserID != "ada" || e.SessionID != pair.Claims.SessionID {
				t.Errorf("the hook was told %+v", e)
			}
		})
	}
}

func TestSessionRequiredRefusesWhatTokenRequiredRefuses(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.store.total()
	w.expire()
	for token, code := range map[string]string{"": "missing_access_token", "junk": "invalid_access_token", pair.AccessToken: "access_token_expired"} {
		rec := serve(w.SessionRequired(ok), withBearer(token))
		a := answer{rec.Result(), rec.Body.String()}
		a.Request = withBearer("")
		a.want(t, 401, code)
	}
	if n := w.store.total(); n > 0 {
		t.Errorf("the store was called %d times", n)
	}
}

func TestSessionRequiredAnswers503WhileTheStoreIsDown(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.store.fail(errBroken)
	rec := serve(w.SessionRequired(ok), withBearer(pair.AccessToken))
	a := answer{rec.Result(), rec.Body.String()}
	a.Request = withBearer("")
	a.want(t, 503, "store_unavailable")
	a.keepsCookies(t)
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.store.mend()
	if rec := serve(w.SessionRequired(ok), withBearer(pair.AccessToken)); rec.Code != 200 {
		t.Errorf("after it is back: %d", rec.Code)
	}
}

func TestSessionFromTellsWhenTheUserLoggedIn(t *testing.T) {
	w := newWorld(t, nil)
	pair, err := w.Login(w.ctx, "ada", core.LoginOptions{Device: "phone"})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	pair = w.refresh(pair)
	see := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		session, ok := core.SessionFrom(r.Context())
		if !ok || session.ID != pair.Claims.SessionID || session.Device != "phone" || !session.IssuedAt.Equal(start) {
			t.Errorf("the session is %+v, %t", session, ok)
		}
		if claims, ok := core.ClaimsFrom(r.Context()); !ok || claims != pair.Claims {
			t.Errorf("the claims are %+v, %t", claims, ok)
		}
	})
	if rec := serve(w.SessionRequired(see), withBearer(pair.AccessToken)); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	for name, h := range map[string]func(http.Handler) http.Handler{
		"nothing": func(h http.Handler) http.Handler { return h }, "TokenRequired": w.TokenRequired,
	} {
		serve(h(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, ok := core.SessionFrom(r.Context()); ok {
				t.Errorf("there is a session inside %s", name)
			}
		})), withBearer(pair.AccessToken))
	}
}

func TestSessionRequiredAsksOnce(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the page") })
	for _, h := range []http.Handler{
		w.TokenRequired(w.SessionRequired(w.TokenRequired(page))),
		w.SessionRequired(w.SessionRequired(page)),
	} {
		w.store.total()
		if rec := serve(h, withBearer(pair.AccessToken)); rec.Code != 200 || rec.Body.String() != "the page" {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		if n := w.store.total(); n != 1 {
			t.Errorf("the store was called %d times", n)
		}
	}
}

// What one schema lets through says nothing to another.
func TestSessionRequiredOfAnotherSchemaAsksItsOwnStore(t *testing.T) {
	one, other := newWorld(t, nil), newWorld(t, nil)
	pair := one.login("ada")
	if rec := serve(one.SessionRequired(other.SessionRequired(ok)), withBearer(pair.AccessToken)); rec.Code != 401 {
		t.Errorf("%d", rec.Code)
	}
}

func TestVerifySessionLooksAtTheClock(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.Leeway = time.Minute; c.RefreshTokenDuration = 2 * time.Minute })
	pair := w.login("ada")
	w.expire()
	pair = w.refresh(pair)
	c, session, err := w.VerifySession(w.ctx, pair.AccessToken)
	if err != nil || c != pair.Claims || !session.ExpiresAt.Equal(start.Add(2*time.Minute)) {
		t.Errorf("VerifySession = %+v, %+v, %v", c, session, err)
	}
	w.expire()
	if _, _, err := w.VerifySession(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrSessionEnded) || !errors.Is(err, core.ErrInvalidAccessToken) {
		t.Errorf("VerifySession at the end of the session = %v", err)
	}
	if _, _, err := w.VerifySession(w.ctx, ""); !errors.Is(err, core.ErrMissingAccessToken) {
		t.Errorf("VerifySession of nothing = %v", err)
	}
}

func TestVerifySessionOfAnotherSignerIsEnded(t *testing.T) {
	w := newWorld(t, nil)
	c := w.login("ada").Claims
	c.SessionID = "x"
	text, err := w.tokens.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	w.store.total()
	if _, _, err := w.VerifySession(w.ctx, text); !errors.Is(err, core.ErrSessionEnded) {
		t.Errorf("VerifySession = %v", err)
	}
	if n := w.store.total(); n > 0 {
		t.Errorf("the store was asked for an id that it can't have, %d times", n)
	}
}
