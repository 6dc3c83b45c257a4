package core_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// grant posts a form to the token endpoint.
func (b *browser) grant(form url.Values) (answer, map[string]any) {
	b.t.Helper()
	a := b.post("/token", form)
	for name, want := range map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json"} {
		if got := a.Header.Get(name); got != want {
			b.t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	a.keepsCookies(b.t)
	var body map[string]any
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		b.t.Fatalf("the body %q is no JSON: %v", a.body, err)
	}
	return a, body
}

func TestTokenEndpointRefreshes(t *testing.T) {
	b := newSite(t, nil).newBrowser()
	pair := b.login("ada")
	refresh := pair.RefreshToken
	for _, access := range []string{"", pair.AccessToken} {
		b.expire()
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {"ignored"}}
		if access != "" {
			form.Set("access_token", access)
		}
		a, body := b.grant(form)
		a.want(t, 200, "")
		if body["token_type"] != "Bearer" || body["expires_in"] != 60.0 || len(body) != 4 {
			t.Errorf("the body is %s", a.body)
		}
		if c, err := b.Verify(b.ctx, body["access_token"].(string)); err != nil || c.UserID != "ada" {
			t.Errorf("Verify = %v, %v", c, err)
		}
		refresh = body["refresh_token"].(string)
	}
}

func TestTokenEndpointRefuses(t *testing.T) {
	s := newSite(t, nil)
	b := s.newBrowser()
	pair := s.login("ada")
	good := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {pair.RefreshToken}}
	with := func(name string, values ...string) url.Values {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form[name] = values
		return form
	}
	s.clock.Advance(30 * time.Second)
	for _, test := range []struct {
		name string
		form url.Values
		code string
	}{
		{"no grant type", with("grant_type"), "invalid_request"},
		{"another grant type", with("grant_type", "password"), "unsupported_grant_type"},
		{"no refresh token", with("refresh_token"), "invalid_request"},
		{"an empty grant type", with("grant_type", ""), "invalid_request"},
		{"an empty refresh token", with("refresh_token", ""), "invalid_request"},
		{"a repeated parameter", with("refresh_token", pair.RefreshToken, pair.RefreshToken), "invalid_request"},
		{"a repeated parameter, once empty", with("refresh_token", "", pair.RefreshToken), "invalid_request"},
		{"a repeated scope", with("scope", "a", "b"), "invalid_request"},
		{"junk", with("refresh_token", "junk"), "invalid_grant"},
		{"an access token that has not expired", with("access_token", pair.AccessToken), "invalid_request"},
		{"junk for an access token", with("access_token", "junk"), "invalid_request"},
		{"a body too large", with("x", strings.Repeat("x", 20<<10)), "invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, _ := b.grant(test.form)
			a.want(t, 400, test.code)
		})
	}

	a := b.do(b.request("GET", "/token?"+good.Encode(), nil))
	a.want(t, 405, "invalid_request")
	if allow := a.Header.Get("Allow"); allow != "POST" {
		t.Errorf("Allow is %q", allow)
	}
	r := b.request("POST", "/token?"+good.Encode(), url.Values{})
	b.do(r).want(t, 400, "invalid_request")
	r = b.request("POST", "/token", good)
	r.Header.Set("Content-Type", "text/plain")
	b.do(r).want(t, 400, "invalid_request")
	r = b.request("POST", "/token", good)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	b.do(r).want(t, 400, "invalid_request")

	s.store.fail(errBroken)
	a, _ = b.grant(good)
	a.want(t, 503, "store_unavailable")
	if a.Header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
	}
	s.store.mend()
	a, _ = b.grant(good)
	a.want(t, 200, "")
}

func TestTokenEndpointCatchesAThief(t *testing.T) {
	s := newSite(t, nil)
	b := s.newBrowser()
	pair := s.login("ada")
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {pair.RefreshToken}}
	s.outdate(pair)
	a, _ := b.grant(form)
	a.want(t, 400, "invalid_grant")
	if n := s.live("ada"); n != 0 {
		t.Errorf("%d live sessions", n)
	}
}

func TestTokenEndpointReportsClaimsThatFail(t *testing.T) {
	s := newSite(t, func(c *core.Config) { c.RefreshClaims = keepClaims })
	pair := s.login("ada")
	s.expire()
	s.tokens.signErr = errBroken
	a, _ := s.newBrowser().grant(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {pair.RefreshToken}})
	a.want(t, 503, "claims_unavailable")
}
