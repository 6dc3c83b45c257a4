package core_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// written returns what WriteTokens makes of the pair.
func (w *world) written(pair core.Tokens) map[string]any {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.WriteTokens(rec, pair)
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json", "Set-Cookie": "",
	} {
		if got := rec.Header().Get(name); got != want {
			w.t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if rec.Code != 200 {
		w.t.Errorf("the status is %d", rec.Code)
	}
	var body map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
		w.t.Fatalf("the body %q is no JSON: %v", rec.Body, err)
	}
	return body
}

func TestWriteTokensWritesThePair(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	body := w.written(pair)
	if body["access_token"] != pair.AccessToken || body["refresh_token"] != pair.RefreshToken ||
		body["token_type"] != "Bearer" || body["expires_in"] != 60.0 || len(body) != 4 {
		t.Errorf("the body is %v", body)
	}
	w.expire()
	w.refresh(core.Tokens{RefreshToken: body["refresh_token"].(string), AccessToken: body["access_token"].(string)})
}

func TestExpiresInIsRoundedDownAndNeverZero(t *testing.T) {
	for _, test := range []struct {
		later time.Duration
		want  float64
	}{
		{0, 60},
		{time.Millisecond, 59},
		{58*time.Second + time.Millisecond, 1},
		{59*time.Second + time.Millisecond, 1}, // 0 would be a token without an expiry to many a client
		{time.Minute, 1},
		{time.Hour, 1},
	} {
		w := newWorld(t, nil)
		pair := w.login("ada")
		w.clock.Advance(test.later)
		if got := w.written(pair)["expires_in"]; got != test.want {
			t.Errorf("%v later expires_in is %v, want %v", test.later, got, test.want)
		}
	}
}

func TestTheScopeOfTheClaimsIsTold(t *testing.T) {
	for _, test := range []struct {
		name   string
		claims map[string]any
		want   any
	}{
		{"none", nil, nil},
		{"a scope", map[string]any{"scope": "read write"}, "read write"},
		{"in other letters", map[string]any{"Scope": "read"}, nil},
		{"no string", map[string]any{"scope": []string{"read"}}, nil},
		{"empty", map[string]any{"scope": ""}, nil},
		{"of others", map[string]any{"role": "admin"}, nil},
	} {
		w := newWorld(t, nil)
		pair, err := w.Login(w.ctx, "ada", core.LoginOptions{Claims: test.claims})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.written(pair)["scope"]; got != test.want {
			t.Errorf("%s: scope is %v, want %v", test.name, got, test.want)
		}
	}
}

// Such as that of a compressor around the handler.
func TestASuccessKeepsItsHeaders(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Encoding", "gzip")
	w.WriteTokens(rec, pair)
	if rec.Header().Get("Content-Encoding") == "" {
		t.Error("a body that a compressor encodes goes out as if it were plain")
	}
}
