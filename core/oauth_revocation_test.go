package core_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// revoke posts a token to the revocation endpoint; more are further parameters.
func (w *world) revoke(token string, more ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	form := url.Values{"token": {token}}
	for i := 0; i < len(more); i += 2 {
		form.Add(more[i], more[i+1])
	}
	return answerOf(w.RevocationEndpoint(), "POST", "/revoke", form.Encode(), nil)
}

// ended fails the test unless the answer is that of RFC 7009 §2.2.
func ended(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	if rec.Code != 200 || rec.Body.Len() != 0 || rec.Header().Get("Cache-Control") != "no-store" || len(rec.Header()["Set-Cookie"]) > 0 {
		t.Errorf("the answer is %d %q, %v", rec.Code, rec.Body, rec.Header())
	}
}

func TestRevocationEndsTheSessionOfTheToken(t *testing.T) {
	for _, test := range []struct {
		name  string
		token func(w *world) string
	}{
		{"a refresh token", func(w *world) string { return w.login("ada").RefreshToken }},
		{"a refresh token that was exchanged", func(w *world) string {
			old := w.login("ada")
			w.expire()
			w.refresh(old)
			w.expire()
			return old.RefreshToken
		}},
		{"an access token", func(w *world) string { return w.login("ada").AccessToken }},
		{"an access token that has expired", func(w *world) string {
			pair := w.login("ada")
			w.clock.Advance(time.Hour)
			return pair.AccessToken
		}},
	} {
		for _, hint := range []string{"", "refresh_token", "access_token", "carrier_pigeon"} {
			t.Run(test.name+", hint "+hint, func(t *testing.T) {
				w := newWorld(t, manySessions)
				other := w.login("ada")
				token := test.token(w)
				w.store.total()
				if hint == "" {
					ended(t, w.revoke(token))
				} else {
					ended(t, w.revoke(token, "token_type_hint", hint))
				}
				if n := w.store.total(); n != 1 {
					t.Errorf("the store was called %d times", n)
				}
				if n := w.live("ada"); n != 1 {
					t.Errorf("%d sessions are live, want the other one", n)
				}
				if e := w.events.last["revocation"]; w.events.count("revocation") != 1 || e.SessionID == "" || e.UserID != "ada" || e.Reason != core.ReasonLogout {
					t.Errorf("the hook was told %+v", e)
				}
				if n := w.events.count("compromise") + w.events.count("rejection"); n != 0 {
					t.Errorf("other hooks were told %d times", n)
				}
				w.expire()
				w.refresh(other)
				ended(t, w.revoke(token)) // again
			})
		}
	}
}

func TestRevocationOfWhatIsNoTokenSucceedsAndDoesNothing(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	forger := newWorld(t, func(c *core.Config) { c.Secret = otherKey })
	forger.tokens.key = otherKey
	forged := forger.login("ada")
	old := newWorldOn(t, newStore(), newClock(), nil).login("ada") // of a session that is not in the store
	w.store.total()
	for name, token := range map[string]string{
		"junk": "junk", "spaces": " ", "a forged refresh token": forged.RefreshToken, "a forged access token": forged.AccessToken,
		"a damaged one": pair.RefreshToken[:len(pair.RefreshToken)-1], "a padded one": pair.RefreshToken + "=",
	} {
		ended(t, w.revoke(token))
		if n := w.store.total(); n != 0 {
			t.Errorf("%s: the store was called %d times", name, n)
		}
		if e := w.events.last["rejection"]; !errors.Is(e.Err, core.ErrInvalidRefreshToken) || e.SessionID != "" {
			t.Errorf("%s: the hook was told %+v", name, e)
		}
	}
	if n := w.events.count("rejection"); n != 6 {
		t.Errorf("the hook was told %d times", n)
	}
	ended(t, w.revoke(old.RefreshToken))
	ended(t, w.revoke(old.AccessToken))
	if n := w.events.count("revocation"); n != 0 {
		t.Errorf("%d revocations", n)
	}
	w.expire()
	pair = w.refresh(pair)
	w.clock.Advance(8 * 24 * time.Hour)
	w.store.total()
	ended(t, w.revoke(pair.RefreshToken)) // past its deadline
	if n := w.store.total(); n != 0 {
		t.Errorf("an overdue token: the store was called %d times", n)
	}
}

func TestRevocationWantsOneToken(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	for name, body := range map[string]string{
		"no token":         "token_type_hint=refresh_token",
		"an empty token":   "token=",
		"two tokens":       "token=" + pair.RefreshToken + "&token=" + pair.RefreshToken,
		"two hints":        "token=" + pair.RefreshToken + "&token_type_hint=a&token_type_hint=b",
		"a token of JSONP": "callback=f",
	} {
		rec := answerOf(w.RevocationEndpoint(), "POST", "/revoke?token="+pair.RefreshToken, body, nil)
		if want := `{"error":"invalid_request","error_description":`; rec.Code != 400 || rec.Body.String()[:len(want)] != want {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if n := w.live("ada"); n != 1 {
		t.Errorf("%d live sessions", n)
	}
}

func TestRevocationNeedsTheStore(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	for _, token := range []string{pair.RefreshToken, pair.AccessToken} {
		w.store.fail(errBroken)
		rec := w.revoke(token)
		if rec.Code != 503 || rec.Header().Get("Retry-After") != "5" || rec.Body.String() != `{"error":"store_unavailable","error_description":"The session could not be looked up. Try again."}`+"\n" {
			t.Errorf("%d %s %v", rec.Code, rec.Body, rec.Header())
		}
		if e := w.events.last["rejection"]; !errors.Is(e.Err, core.ErrStoreUnavailable) || e.SessionID != pair.Claims.SessionID {
			t.Errorf("the hook was told %+v", e)
		}
		w.store.mend()
	}
	ended(t, w.revoke(pair.AccessToken))
	if n := w.live("ada"); n != 0 {
		t.Errorf("%d live sessions", n)
	}
}

func TestRevocationGoesOnWhenItsRequestIsGone(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", "/revoke", nil)
	r.PostForm = url.Values{"token": {pair.RefreshToken}}
	r.Header.Set("Content-Type", formType)
	rec := httptest.NewRecorder()
	w.RevocationEndpoint().ServeHTTP(rec, r)
	ended(t, rec)
	if n := w.live("ada"); n != 0 {
		t.Errorf("%d live sessions", n)
	}
}

// A revocation counts at once where the store is asked.
func TestARevokedAccessTokenIsRefusedWhereItsSessionIsAsked(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	ended(t, w.revoke(pair.AccessToken))
	if _, _, err := w.VerifySession(w.ctx, pair.AccessToken); !errors.Is(err, core.ErrSessionEnded) {
		t.Errorf("VerifySession = %v", err)
	}
}

// A signer that shares the key may know no sessions, and a store is never asked for
// what can't be one.
func TestNoStoreIsAskedForASessionThatCannotBe(t *testing.T) {
	w := newWorld(t, nil)
	for _, id := range []string{"", "1", "a\x00b", string(make([]byte, 300))} {
		token, err := w.tokens.Sign(core.Claims{UserID: "ada", SessionID: id, IssuedAt: start, ExpiresAt: start.Add(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		ended(t, w.revoke(token))
		r := httptest.NewRequest("POST", "/logout", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		if err := w.ClearTokenCookies(httptest.NewRecorder(), r); err != nil {
			t.Errorf("a session id %q: ClearTokenCookies = %v", id, err)
		}
	}
	if n := w.store.total(); n != 0 {
		t.Errorf("the store was called %d times", n)
	}
}
