package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// TokenEndpoint returns a handler for clients without cookies: the refresh_token
// grant of OAuth 2.0 (RFC 6749 §6). It takes a POST whose form holds grant_type
// and refresh_token and, optionally, access_token: see [Schema.Refresh]. Most clients
// leave that out. A parameter without a value counts as left out. Others are ignored, and
// so is scope: it cannot extend what the session has.
//
// It answers as [Schema.WriteTokens] does (§5.1), or with an error of §5.2:
// invalid_request, unsupported_grant_type or invalid_grant, with status 400. An access
// token that is wrong, or has not expired, is invalid_request. A request that is not a
// POST is 405. If the store could not answer, the status is 503 with Retry-After. After
// that, and if a response is lost, the client sends the same again, at any time.
//
// It looks at no cookie, so it needs no cross-origin check. It does not authenticate the
// client: the refresh token is the credential. CORS headers, for clients in pages of other
// origins, are up to the application. Config.ErrorHandler is not called. A request that
// is not such a form is told to no hook.
func (s *Schema) TokenEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := readForm(w, r, "grant_type", "refresh_token", "access_token", "scope", "client_id", "client_secret")
		if !ok {
			return
		}
		refused := func(code, description string) {
			writeOAuthError(w, http.StatusBadRequest, code, description)
		}
		refresh := form["refresh_token"]
		switch kind := form["grant_type"]; {
		case kind == "":
			refused("invalid_request", "grant_type is required.")
			return
		case kind != "refresh_token":
			refused("unsupported_grant_type", "Only the grant type refresh_token is supported.")
			return
		case refresh == "":
			refused("invalid_request", "refresh_token is required.")
			return
		}
		pair, err := s.Refresh(r.Context(), refresh, form["access_token"])
		switch {
		case err == nil:
			s.WriteTokens(w, pair)
		case isOurs(err):
			s.writeOurs(w, err)
		case errors.Is(err, ErrInvalidRefreshToken), errors.Is(err, ErrCompromised):
			refused("invalid_grant", asError(err).Description)
		default: // of the access token
			refused("invalid_request", asError(err).Description)
		}
	})
}

// WriteTokens answers a request with a pair of tokens, in the form of RFC 6749 §5.1: it
// is the login of a client without cookies. The handler of such a login makes certain
// who the user is, calls [Schema.Login], and lets WriteError answer if that fails:
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
// the same form, and logs out at the [Schema.RevocationEndpoint].
//
// The status is 200, with Cache-Control no-store and Pragma no-cache, and the body is a
// JSON object of access_token, token_type, expires_in and refresh_token. expires_in is in
// seconds, rounded down, and at least 1, because clients take 0 for a token that never
// expires. If the application's claims have a string named scope, the body has it too
// (RFC 9068 §2.2.3).
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

// RevocationEndpoint returns a handler for clients without cookies that log out: the
// token revocation of RFC 7009. It takes a POST whose form holds token, and ends the
// session of that token:
//
//   - of a refresh token, current or not, as [Schema.Logout] does;
//   - of an access token, expired or not. The revocation of an access token is that of
//     its refresh token, as RFC 7009 §2.1 allows.
//
// token_type_hint is ignored: the token itself shows its type. Access
// tokens of the session stay valid until they expire, except where SessionRequired asks.
//
// The response is 200 with an empty body, also if the token is not genuine or its
// session has ended (RFC 7009 §2.2). A request that is not such a form, or that repeats
// one of these parameters, is invalid_request with status 400. A request that is not a
// POST is 405. If the store could not answer, the status is 503 with Retry-After: the
// session may not have ended, and the client tries again (§2.2.1). Errors have the form of
// RFC 6749 §5.2. Config.ErrorHandler is not called.
//
// The store is not asked for a token that is not genuine. Hooks.Revocation is told of a
// session that ended, and Hooks.Rejection of a token that is not genuine and of a store that
// could not answer. It looks at no cookie, so it needs no cross-origin check. It does not authenticate the client: the token is
// the credential. CORS headers are up to the application.
func (s *Schema) RevocationEndpoint() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, ok := readForm(w, r, "token", "token_type_hint", "client_id", "client_secret")
		if !ok {
			return
		}
		token := form["token"]
		if token == "" {
			writeOAuthError(w, http.StatusBadRequest, "invalid_request", "token is required.")
			return
		}
		if err := s.revokeToken(r.Context(), token); isOurs(err) {
			s.writeOurs(w, err)
		}
	})
}

// revokeToken is Logout for a token of either kind.
func (s *Schema) revokeToken(ctx context.Context, text string) error {
	a, err := s.attempt(text, refreshOptions{})
	if err == nil {
		return s.revokeEach(ctx, []string{a.recordID()}, ReasonLogout, a.now)
	}
	c, notAccess := s.verifier.genuine(text)
	if notAccess != nil {
		return s.reject(ctx, err, a.event())
	}
	return s.revokeOf(ctx, c)
}

// maxFormBytes is the longest body that the endpoints of OAuth 2.0 read: both tokens
// and room for what else clients send.
const maxFormBytes = 16 << 10

// maxTypeBytes is the longest Content-Type that is looked at: parsing one costs memory
// many times its length.
const maxTypeBytes = 256

// maxParameters is how many parameters a form can have.
const maxParameters = 100

// readForm returns the parameters of those names of a request to an endpoint of OAuth
// 2.0. It answers a request that is not a form and returns false. None of the names may be
// repeated (RFC 6749 §3.2). Other parameters are ignored, however often they come:
// extensions repeat some (RFC 8707 §2).
func readForm(w http.ResponseWriter, r *http.Request, names ...string) (map[string]string, bool) {
	forbidStoring(w)
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeOAuthError(w, http.StatusMethodNotAllowed, "invalid_request", "Only POST is allowed.")
		return nil, false
	}
	form, wrong := parseForm(w, r, names)
	if wrong != "" {
		writeOAuthError(w, http.StatusBadRequest, "invalid_request", wrong)
		return nil, false
	}
	return form, true
}

// parseForm returns the parameters of those names in the body, or what is wrong. The URL
// does not count. If another handler has parsed the form, it takes that. Otherwise only
// the parameters of those names are kept, so that a form of many others costs little.
func parseForm(w http.ResponseWriter, r *http.Request, names []string) (form map[string]string, wrong string) {
	const noForm, repeated = "The body must be a form.", "A parameter is repeated."
	contentType := r.Header.Get("Content-Type")
	if len(contentType) > maxTypeBytes {
		return nil, noForm
	}
	if kind, _, err := mime.ParseMediaType(contentType); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, noForm
	}
	form = make(map[string]string, len(names))
	if r.PostForm != nil {
		for _, name := range names {
			if len(r.PostForm[name]) > 1 {
				return nil, repeated
			}
			form[name] = r.PostForm.Get(name)
		}
		return form, ""
	}
	if r.Body == nil {
		return nil, noForm
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFormBytes))
	if err != nil || bytes.IndexByte(body, ';') >= 0 || bytes.Count(body, []byte("&")) >= maxParameters {
		return nil, noForm
	}
	for parameter := range strings.SplitSeq(string(body), "&") {
		key, value, _ := strings.Cut(parameter, "=")
		key, badKey := url.QueryUnescape(key)
		value, badValue := url.QueryUnescape(value)
		if badKey != nil || badValue != nil {
			return nil, noForm
		}
		if !slices.Contains(names, key) {
			continue
		}
		if _, twice := form[key]; twice {
			return nil, repeated
		}
		form[key] = value
	}
	return form, ""
}

// writeOAuthError answers in the form of RFC 6749 §5.2.
func writeOAuthError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, errorBody{code, description})
}

// writeOurs answers in that form where the failure is the server's.
func (s *Schema) writeOurs(w http.ResponseWriter, err error) {
	e := asError(err)
	if e.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", s.retryAfter())
	}
	writeOAuthError(w, e.Status, string(e.Reason), e.Description)
}
