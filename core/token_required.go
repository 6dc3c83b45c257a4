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
// a malformed one, are ErrInvalidAccessToken: it never guesses. What it refuses
// goes to Config.ErrorHandler: ErrMissingAccessToken, ErrInvalidAccessToken,
// ErrAccessTokenExpired. It leaves cookies alone. Inside another TokenRequired or
// RefreshAccessToken of the same schema it accepts the claims found there.
func (v *Verifier) TokenRequired(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if a, ok := ctx.Value(authorizedKey{}).(*authorized); ok && a.by == v {
			next.ServeHTTP(w, r)
			return
		}
		text, err := v.presented(r)
		a := &authorized{Context: ctx, by: v}
		if err == nil {
			a.claims, err = v.verify(text, v.cfg.Clock())
		}
		if err != nil {
			e := Event{UserID: a.claims.UserID, SessionID: a.claims.SessionID, Ref: a.claims.Ref}
			v.writeError(w, r, v.reject(ctx, err, e))
			return
		}
		next.ServeHTTP(w, r.WithContext(a))
	})
}

// presented returns the one access token of a request.
func (v *Verifier) presented(r *http.Request) (string, error) {
	text, bearer, err := bearerToken(r)
	if bearer || err != nil {
		return text, err
	}
	text, ok := onlyCookie(r, v.cfg.Cookies.AccessTokenName)
	switch {
	case !ok:
		return "", fmt.Errorf("%w: more than one cookie", ErrInvalidAccessToken)
	case text == "":
		return "", ErrMissingAccessToken
	}
	return text, nil
}

// bearerToken returns the token of the Authorization header (RFC 6750 §2.1) and
// whether there is one. A header of another scheme is none.
func bearerToken(r *http.Request) (text string, bearer bool, err error) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", false, nil
	}
	for _, value := range values {
		scheme, rest, _ := strings.Cut(value, " ")
		if strings.EqualFold(scheme, "Bearer") {
			text, bearer = strings.TrimLeft(rest, " "), true
		}
	}
	switch {
	case bearer && len(values) > 1:
		return "", false, fmt.Errorf("%w: more than one Authorization header", ErrInvalidAccessToken)
	case bearer && text == "":
		return "", false, fmt.Errorf("%w: an empty Authorization header", ErrInvalidAccessToken)
	}
	return text, bearer, nil
}

// onlyCookie returns the value of the cookie of that name, empty where there is
// none. Of two it can't tell which is ours.
func onlyCookie(r *http.Request, name string) (value string, ok bool) {
	switch cookies := r.CookiesNamed(name); len(cookies) {
	case 0:
		return "", true
	case 1:
		return cookies[0].Value, true
	default:
		return "", false
	}
}
