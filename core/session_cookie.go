package core

import (
	"fmt"
	"net/http"
	"time"
)

// loggedOut is what the session's cookie says after a logout. It is no session's id.
const loggedOut = "none"

var errAnotherLogin = fmt.Errorf("%w: of another session than the browser's last login", ErrInvalidAccessToken)

func (c Cookies) session(value string, maxAge int) *http.Cookie {
	return c.cookie(c.SessionName, value, "/", maxAge)
}

// setSession says in a cookie which session a login has begun, for as long as that
// can last, or loggedOut for as long as an answer that is still on its way is good.
// Answers to a refresh leave it alone, whatever the names are: a late one must not
// pass for the last login.
func (c Cookies) setSession(w http.ResponseWriter, id string, lasts time.Duration) {
	for _, p := range c.Previous {
		if p.SessionName != "" {
			http.SetCookie(w, p.session("", -1))
		}
	}
	if c.SessionName != "" {
		lasts = min(lasts, maxCookieAge)
		http.SetCookie(w, c.session(id, int((lasts+time.Second-1)/time.Second)))
	}
}

// clearCookies makes the response delete the cookies, and refuse the access token that
// an answer which is still on its way would set, for as long as any Verifier takes it.
func (s *Schema) clearCookies(w http.ResponseWriter) {
	s.cfg.Cookies.setSession(w, loggedOut, s.cfg.AccessTokenDuration+maxLeeway+s.cfg.Grace)
	s.cfg.Cookies.clear(w)
}

// checkSession holds the access token of a cookie against the session that the
// browser's last login began, where a cookie says so.
func (c *Cookies) checkSession(r *http.Request, id string) error {
	if c.SessionName != "" && namesAnother(r, c.SessionName, id) {
		return errAnotherLogin
	}
	for i := range c.Previous {
		if name := c.Previous[i].SessionName; name != "" && namesAnother(r, name, id) {
			return errAnotherLogin
		}
	}
	return nil
}

func namesAnother(r *http.Request, name, id string) bool {
	for value := range cookiesNamed(r, name) {
		if value != id {
			return true
		}
	}
	return false
}
