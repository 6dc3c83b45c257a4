package core

import (
	"fmt"
	"net/http"
	"strings"
)

// TokenRequired returns a handler that lets only requests with a valid access token
// through to next, which sees the claims by ClaimsFrom. It never touches storage.
//
// The token is taken from the header "Authorization: Bearer …" (RFC 6750 §2.1)
// where there is one, else from the cookie. Several such headers or cookies, and
// a malformed one, are ErrInvalidAccessToken: it never guesses. Browsers send the
// cookie with requests of other sites too, as far as its SameSite lets them:
// protect what changes state, as with [http.CrossOriginProtection]. Where the cookie
// of Cookies.SessionName is sent, that of the access token must be of its session. What
// it refuses goes to Config.ErrorHandler: ErrMissingAccessToken, ErrInvalidAccessToken,
// ErrAccessTokenExpired. It leaves cookies alone. Inside another TokenRequired or
// RefreshAccessToken of the same schema it accepts the claims found there.
func (v *Verifier) TokenRequired(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if a, ok := ctx.Value(authorizedKey{}).(*authorized); ok && a.by == v {
			next.ServeHTTP(w, r)
			return
		}
		text, bearer, err := v.presented(r)
		a := &authorized{Context: ctx, by: v}
		if err == nil {
			a.claims, err = v.verify(text, v.cfg.Clock())
		}
		if err == nil && !bearer {
			err = v.cfg.Cookies.checkSession(r, a.claims.SessionID)
		}
		if err != nil {
			e := Event{UserID: a.claims.UserID, SessionID: a.claims.SessionID, Ref: a.claims.Ref}
			v.writeError(w, r, v.reject(ctx, err, e))
			return
		}
		next.ServeHTTP(w, r.WithContext(a))
	})
}

// presented returns the one access token of a request, and whether it is a bearer
// token.
func (v *Verifier) presented(r *http.Request) (text string, bearer bool, err error) {
	text, bearer, err = bearerToken(r)
	if bearer || err != nil {
		return text, bearer, err
	}
	text, ok := v.cfg.Cookies.accessToken(r)
	switch {
	case !ok:
		return "", false, errTwoAccessTokens
	case text == "":
		return "", false, ErrMissingAccessToken
	}
	return text, false, nil
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
