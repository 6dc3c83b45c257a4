package core

import (
	"encoding/json"
	"net/http"
	"time"
)

// WriteTokens answers a request with a pair of tokens, in the form of RFC 6749 §5.1: it
// is the login of a client without cookies. The handler of such a login makes certain
// who the user is, calls [Schema.Login], and has WriteError answer where that fails:
//
//	pair, err := schema.Login(r.Context(), userID, core.LoginOptions{Device: r.UserAgent()})
//	if err != nil {
//		schema.WriteError(w, r, err)
//		return
//	}
//	schema.WriteTokens(w, pair)
//
// An x/oauth2 client takes it by Config.PasswordCredentialsToken, with the login's address
// as its TokenURL. The client refreshes at the [Schema.TokenEndpoint], which answers in
// the same form, and logs out at the [Schema.RevocationEndpoint]. The status is 200, and
// the body a JSON object of access_token, token_type, expires_in and refresh_token, with
// Cache-Control no-store and Pragma no-cache, as RFC 6749 §5.1 demands. It also holds
// scope, where the application's claims have a string of that name (RFC 9068 §2.2.3).
// expires_in is in seconds, rounded down, and at least 1, because clients take 0 for
// a token that never expires.
//
// There is no error to return: a client that is gone is not told. It sets no cookie
// and calls no hook.
func (s *Schema) WriteTokens(w http.ResponseWriter, t Tokens) {
	forbidStoring(w)
	left := t.Claims.ExpiresAt.Sub(s.now())
	writeJSON(w, http.StatusOK, tokensBody{
		AccessToken:  t.AccessToken,
		TokenType:    "Bearer",
		ExpiresIn:    max(int64(left/time.Second), 1),
		RefreshToken: t.RefreshToken,
		Scope:        scopeOf(t.Claims),
	})
}

type tokensBody struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope,omitempty"`
}

// scopeOf returns the scope that the application's claims name, if they do. A client
// that has asked for another one must be told (RFC 6749 §3.3).
func scopeOf(c Claims) string {
	// A map, because a struct would take names in other cases too.
	var claims map[string]json.RawMessage
	var scope string
	if c.Decode(&claims) != nil || json.Unmarshal(claims["scope"], &scope) != nil {
		return "" // no string: a claim of another meaning
	}
	return scope
}

// forbidStoring sets the headers that RFC 6749 §5.1 asks for. The second is for caches
// of HTTP/1.0.
func forbidStoring(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}
