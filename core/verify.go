package core

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/cache"
)

const (
	// maxLeeway is the "few minutes" that RFC 7519 §4.1.4 grants.
	maxLeeway = 5 * time.Minute
	// maxVerifiedCache is far beyond what is worth its memory.
	maxVerifiedCache = 1 << 24
)

// Verifier verifies access tokens and does nothing else: it is for a resource
// server, which has no store and, with asymmetric keys, no secret. NewVerifier
// makes one. It is safe for concurrent use. It prints as "core.Verifier{redacted}".
type Verifier struct {
	cfg     VerifierConfig // defaults filled in
	tokens  TokenVerifier
	cache   *cache.Cache[Claims] // nil if there is none
	origins *http.CrossOriginProtection
}

// Accept says where access tokens are taken from.
type Accept int

const (
	// HeaderThenCookies takes the bearer token of the Authorization header (RFC 6750
	// §2.1) if there is one, else the cookie.
	HeaderThenCookies Accept = iota
	// CookiesOnly does not look at the Authorization header.
	CookiesOnly
	// HeaderOnly does not look at cookies.
	HeaderOnly
)

// VerifierConfig says how a [Verifier] behaves. The zero value of every field is its
// default, and means the same as the field of that name in [Config].
type VerifierConfig struct {
	// Leeway is how long after its expiry an access token is still accepted, for
	// clocks that differ; at most 5 minutes. Default: 0.
	Leeway time.Duration
	// VerifiedCache is how many verified access tokens are remembered until they
	// expire. See Config.VerifiedCache. Default: 0, none.
	VerifiedCache int
	// Accept says where access tokens are taken from. Default: HeaderThenCookies.
	Accept Accept
	// Cookies says where the access token is. Default: see [Cookies].
	Cookies Cookies
	// TrustedOrigins are other origins whose pages may open WebSockets with the cookie.
	// See Config.TrustedOrigins. Default: none, only the server's own.
	TrustedOrigins []string
	// ErrorHandler writes the status and the body of a refused request. See
	// Config.ErrorHandler. Default: e.ServeHTTP(w, r).
	ErrorHandler func(w http.ResponseWriter, r *http.Request, e *Error)
	// Rejection is told of each token that was refused. See Hooks.Rejection. Default: none.
	Rejection func(ctx context.Context, e Event)
	// Clock tells the time. It is called by many goroutines at once. Default: time.Now.
	Clock func() time.Time
}

// NewVerifier returns a verifier of the access tokens whose format is that of verifier. If
// the config cannot work, the error names the field. A nil verifier is an error too.
func NewVerifier(verifier TokenVerifier, cfg VerifierConfig) (*Verifier, error) {
	if isNil(verifier) {
		return nil, errors.New("core: the token verifier must not be nil")
	}
	v, err := newVerifier(verifier, cfg)
	if err != nil {
		return nil, fmt.Errorf("core: %w", err)
	}
	return v, nil
}

func newVerifier(tokens TokenVerifier, cfg VerifierConfig) (*Verifier, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.ErrorHandler == nil {
		cfg.ErrorHandler = func(w http.ResponseWriter, r *http.Request, e *Error) { e.ServeHTTP(w, r) }
	}
	var err error
	if cfg.Cookies, err = cfg.Cookies.withDefaults(); err != nil {
		return nil, err
	}
	switch {
	case cfg.Leeway < 0 || cfg.Leeway > maxLeeway:
		return nil, fmt.Errorf("Leeway is %v: it must be from 0 to %v", cfg.Leeway, maxLeeway)
	case cfg.Accept < HeaderThenCookies || cfg.Accept > HeaderOnly:
		return nil, fmt.Errorf("Accept is %d: it must be HeaderThenCookies, CookiesOnly or HeaderOnly", cfg.Accept)
	case cfg.VerifiedCache < 0 || cfg.VerifiedCache > maxVerifiedCache:
		return nil, fmt.Errorf("VerifiedCache is %d: it must be from 0 to %d", cfg.VerifiedCache, maxVerifiedCache)
	}
	origins := http.NewCrossOriginProtection()
	for _, origin := range cfg.TrustedOrigins {
		if err := origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("TrustedOrigins: %w", err)
		}
	}
	return &Verifier{cfg: cfg, tokens: tokens, cache: cache.New[Claims](cfg.VerifiedCache), origins: origins}, nil
}

// Verify returns the claims of an access token that is genuine and has not
// expired. It never touches storage. Any other text is ErrInvalidAccessToken,
// an empty one ErrMissingAccessToken; a genuine token is ErrAccessTokenExpired
// from its exp (plus Config.Leeway) on. ctx is for hooks alone.
func (v *Verifier) Verify(ctx context.Context, accessToken string) (Claims, error) {
	c, err := v.verify(accessToken, v.cfg.Clock())
	if err != nil {
		return Claims{}, v.reject(ctx, err, Event{UserID: c.UserID, SessionID: c.SessionID, Ref: c.Ref})
	}
	return c, nil
}

// verify returns the claims together with ErrAccessTokenExpired.
func (v *Verifier) verify(text string, now time.Time) (Claims, error) {
	if len(text) > maxAccessTokenBytes {
		return Claims{}, errTooLong
	}
	c, cached := v.cache.Get(text)
	if !cached {
		var err error
		if c, err = v.genuine(text); err != nil {
			return Claims{}, err
		}
	}
	if !now.Before(c.ExpiresAt.Add(v.cfg.Leeway)) {
		return c, ErrAccessTokenExpired
	}
	if !cached {
		v.cache.Add(text, c, c.ExpiresAt, now)
	}
	return c, nil
}

var errTooLong = fmt.Errorf("%w: longer than %d bytes", ErrInvalidAccessToken, maxAccessTokenBytes)

// genuine returns the claims of a genuine access token, expired or not.
func (v *Verifier) genuine(text string) (Claims, error) {
	switch {
	case text == "":
		return Claims{}, ErrMissingAccessToken
	case len(text) > maxAccessTokenBytes:
		return Claims{}, errTooLong
	}
	c, err := v.tokens.Verify(text)
	switch {
	case errors.Is(err, ErrKeysUnavailable):
		return Claims{}, err
	case err != nil:
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalidAccessToken, err)
	}
	return c, nil
}

// reject tells the Rejection hook of an error and returns it.
func (v *Verifier) reject(ctx context.Context, err error, e Event) error {
	if v.cfg.Rejection != nil {
		e.At, e.Reason, e.Err = v.cfg.Clock().UTC().Truncate(time.Millisecond), ReasonOf(err), err
		v.cfg.Rejection(ctx, e)
	}
	return err
}

// Verify returns the claims of an access token that is genuine and has not
// expired. It never touches storage. Any other text is ErrInvalidAccessToken,
// an empty one ErrMissingAccessToken; a genuine token is ErrAccessTokenExpired
// from its exp (plus Config.Leeway) on. ctx is for hooks alone.
func (s *Schema) Verify(ctx context.Context, accessToken string) (Claims, error) {
	return s.verifier.Verify(ctx, accessToken)
}

// VerifyRequest returns the claims of the access token that authorizes the request, with
// the errors of TokenRequired. It is for routers that do not take handlers: put the
// claims into the context with [ContextWithClaims].
func (s *Schema) VerifyRequest(r *http.Request) (Claims, error) {
	return s.verifier.VerifyRequest(r)
}

// TokenRequired returns a handler that lets only requests with a valid access token
// through to next, which sees the claims by ClaimsFrom. See [Verifier.TokenRequired].
func (s *Schema) TokenRequired(next http.Handler) http.Handler {
	return s.verifier.required(next, s.WriteError)
}

// TokenOptional returns a handler that calls next for every request. See
// [Verifier.TokenOptional].
func (s *Schema) TokenOptional(next http.Handler) http.Handler {
	return s.verifier.TokenOptional(next)
}

// VerifyRequest returns the claims of the access token that authorizes the request, with
// the errors of TokenRequired. It is for routers that do not take handlers: put the
// claims into the context with [ContextWithClaims].
func (v *Verifier) VerifyRequest(r *http.Request) (Claims, error) {
	if a := v.authorizedIn(r.Context()); a != nil {
		return a.claims, a.refused // which KeepFresh has told already
	}
	return v.admit(r)
}

// admit is authorize, and tells the Rejection hook.
func (v *Verifier) admit(r *http.Request) (Claims, error) {
	c, err := v.authorize(r)
	if err != nil {
		return Claims{}, v.reject(r.Context(), err, Event{UserID: c.UserID, SessionID: c.SessionID, Ref: c.Ref})
	}
	return c, nil
}

// TokenRequired returns a handler that lets only requests with a valid access token
// through to next, which sees the claims by ClaimsFrom. It never touches storage.
//
// The token is taken from the header "Authorization: Bearer …" (RFC 6750 §2.1) if there
// is one, else from the cookie: see [Accept]. Several such headers or cookies, and a
// malformed one, are ErrInvalidAccessToken: it never guesses. If the cookie of
// Cookies.SessionName is sent, the access token of a cookie must be of its session.
//
// Browsers send cookies with requests of other sites too, as far as SameSite lets them.
// Protect what changes state, as with [http.CrossOriginProtection]. That lets every
// WebSocket through, because its handshake is a GET. So a request that a cookie authorizes
// and that asks for an Upgrade must be of the server's origin or one of
// TrustedOrigins.
//
// Refusals go to the ErrorHandler: ErrMissingAccessToken, ErrInvalidAccessToken,
// ErrAccessTokenExpired and ErrCrossOrigin. It leaves cookies alone. Inside another
// TokenRequired, or RefreshAccessToken or KeepFresh of the same schema, it accepts the
// claims found there. If KeepFresh could not refresh them, it answers with that refusal.
func (v *Verifier) TokenRequired(next http.Handler) http.Handler {
	return v.required(next, v.writeError)
}

// required is TokenRequired with a function that answers refused requests.
func (v *Verifier) required(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		outside := v.authorizedIn(ctx)
		if outside == nil {
			c, err := v.admit(r)
			if err != nil {
				refuse(w, r, err)
				return
			}
			r = r.WithContext(&authorized{Context: ctx, claims: c, by: v})
		} else if outside.refused != nil {
			refuse(w, r, outside.refused)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// TokenOptional returns a handler that calls next for every request: for pages that
// everybody may see. If there is a valid access token, as TokenRequired accepts it, next sees
// its claims by ClaimsFrom. Any other request is that of a visitor, and no hook is told.
// Put KeepFresh outside of it, or a user is a visitor from the expiry of the access token on.
// A page that shows who the user is must not be in a shared cache: set Cache-Control private.
func (v *Verifier) TokenOptional(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if v.authorizedIn(ctx) == nil {
			if c, err := v.authorize(r); err == nil {
				r = r.WithContext(&authorized{Context: ctx, claims: c, by: v})
			}
		}
		next.ServeHTTP(w, r)
	})
}

// authorize returns the claims of the access token that authorizes the request. With an
// error it returns what is known of the token.
func (v *Verifier) authorize(r *http.Request) (Claims, error) {
	text, bearer, err := v.presented(r)
	if err != nil {
		return Claims{}, err
	}
	c, err := v.verify(text, v.cfg.Clock())
	if err == nil && !bearer {
		err = v.checkCookieUse(r, c)
	}
	return c, err
}

// checkCookieUse returns an error if the access token, which comes in a cookie, must not
// authorize this request.
func (v *Verifier) checkCookieUse(r *http.Request, c Claims) error {
	if err := v.cfg.Cookies.checkSession(r, c.SessionID); err != nil {
		return err
	}
	if asksForUpgrade(r) { // a handshake is held to the rules of a POST
		post := *r
		post.Method = http.MethodPost
		return v.checkOrigin(&post)
	}
	return nil
}

// presented returns the one access token of a request, empty if there is none, and
// whether it is a bearer token.
func (v *Verifier) presented(r *http.Request) (text string, bearer bool, err error) {
	text, bearer, err = v.bearer(r)
	if bearer || err != nil {
		return text, bearer, err
	}
	ok := true
	if v.cfg.Accept != HeaderOnly {
		text, ok = v.cfg.Cookies.accessToken(r)
	}
	if !ok {
		return "", false, errTwoAccessTokens
	}
	return text, false, nil
}

// bearer is bearerToken, if the header is looked at.
func (v *Verifier) bearer(r *http.Request) (text string, bearer bool, err error) {
	if v.cfg.Accept == CookiesOnly {
		return "", false, nil
	}
	return bearerToken(r)
}

var errTwoAccessTokens = fmt.Errorf("%w: more than one cookie", ErrInvalidAccessToken)

// bearerToken returns the token of the Authorization header (RFC 6750 §2.1) and
// whether there is one. A header of another scheme is none.
func bearerToken(r *http.Request) (text string, bearer bool, err error) {
	values := r.Header["Authorization"]
	for _, value := range values {
		if rest, ok := cutScheme(value, "Bearer"); ok {
			text, bearer = rest, true
		}
	}
	text = strings.TrimLeft(text, " ")
	switch {
	case !bearer:
		return "", false, nil
	case len(values) > 1:
		return "", false, fmt.Errorf("%w: more than one Authorization header", ErrInvalidAccessToken)
	case text == "":
		return "", false, ErrMissingAccessToken
	default:
		return text, true, nil
	}
}

// cutScheme returns what follows the scheme in the value of an Authorization
// header, and whether the value is of that scheme, in any case (RFC 9110 §11.1).
func cutScheme(value, scheme string) (rest string, ok bool) {
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	rest = value[len(scheme):]
	return rest, rest == "" || !isTokenChar(rest[0])
}

// isTokenChar reports whether the character can be part of a scheme's name (RFC
// 9110 §5.6.2).
func isTokenChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
