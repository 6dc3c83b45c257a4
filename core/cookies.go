package core

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The limits of RFC 6265bis §5.6 and §5.5: browsers drop larger cookies and
// shorten longer lifetimes.
const (
	maxCookieBytes    = 4096
	maxAttributeBytes = 1024
	maxCookieAge      = 400 * 24 * time.Hour
)

// Cookies says how the cookies look. Those of the two tokens are HttpOnly and live as
// long as the session, because a refresh needs the expired access token.
type Cookies struct {
	// AccessTokenName is the name of the access token's cookie. Default:
	// "access_token".
	AccessTokenName string
	// RefreshTokenName is the name of the refresh token's cookie. Default:
	// "refresh_token".
	RefreshTokenName string
	// SessionName is the name of a third cookie, which says which session the browser's
	// last login began, or that there was a logout since. Answers to a refresh leave it
	// alone, but for those that delete the cookies. Where it is sent, TokenRequired
	// refuses the access token of a cookie that is of any other session
	// (ErrInvalidAccessToken): without it an answer to a refresh that comes after
	// somebody else's login, or after a logout, makes the browser the old user's until
	// that access token expires. It holds a session's id, which lets
	// nobody in, and has the attributes of the access token's cookie. A login by a server
	// that does not know it looks to the others like a late answer: on servers that run,
	// turn it on, or off, together with a change of the other names by Previous, and else on
	// all of them at once. Where it was turned off, give it another name the next time.
	// Default: none.
	SessionName string
	// Prefix is put before all names: "__Secure-", or "__Host-" where there is no
	// Domain and RefreshPath is "/". Browsers hold such cookies to what the name
	// promises (RFC 6265bis §4.1.3): no plain HTTP can set a __Secure- one, and no
	// other host a __Host- one. New checks it, also in names that have such a prefix
	// of their own. Choose "__Host-" unless you need a Domain or a RefreshPath.
	// Default: none.
	Prefix string
	// Insecure leaves out Secure, so that browsers send the cookies over plain
	// HTTP too: for development. Default: false, they are Secure.
	Insecure bool
	// SameSite is Lax, Strict or None; None demands Secure. Default:
	// http.SameSiteLaxMode.
	SameSite http.SameSite
	// Domain shares the cookies with the subdomains of this domain. Default:
	// none, the cookies go to the host that set them alone.
	Domain string
	// RefreshPath limits the refresh token's cookie to this path and those
	// below it. A login or a logout at another path then knows the session that it ends
	// by the access token. Default: "/".
	//
	// To change the path, the domain or Partitioned of cookies in use, change their
	// names too (see Previous): browsers would send the old one beside the new one, and
	// of two cookies of one name none is accepted.
	RefreshPath string
	// Partitioned keeps the cookies apart for each top-level site that embeds
	// the application (CHIPS); it demands Secure. Default: false.
	Partitioned bool

	// Previous says how the cookies looked before, so that their names, and with them
	// all else, can change without logging anybody out. A request without a cookie of
	// the present name, or with an empty one, is judged by those of the previous
	// names, in this order, and every answer that sets or deletes the cookies deletes
	// the previous ones. No name occurs twice in all of them, and they have no
	// Previous of their own. Where servers start anew one after the other, let every
	// one know the new look as a previous one first, and then make it the present
	// one. What a weaker name let others plant they can plant until it goes: drop it
	// after a RefreshTokenDuration. Default: none.
	Previous []Cookies
}

func (c Cookies) withDefaults() (Cookies, error) {
	if c.AccessTokenName == "" {
		c.AccessTokenName = "access_token"
	}
	if c.RefreshTokenName == "" {
		c.RefreshTokenName = "refresh_token"
	}
	if c.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	if c.RefreshPath == "" {
		c.RefreshPath = "/"
	}
	switch c.SameSite {
	case http.SameSiteLaxMode, http.SameSiteStrictMode:
	case http.SameSiteNoneMode:
		if c.Insecure {
			return c, errors.New("Cookies: SameSite None demands Secure, and Insecure is set")
		}
	default:
		return c, errors.New("Cookies: SameSite must be Lax, Strict or None")
	}
	var err error
	if c.AccessTokenName, err = withPrefix(c.Prefix, c.AccessTokenName); err != nil {
		return c, err
	}
	if c.RefreshTokenName, err = withPrefix(c.Prefix, c.RefreshTokenName); err != nil {
		return c, err
	}
	if c.SessionName != "" {
		if c.SessionName, err = withPrefix(c.Prefix, c.SessionName); err != nil {
			return c, err
		}
	}
	c.Prefix = ""
	if !strings.HasPrefix(c.RefreshPath, "/") {
		return c, fmt.Errorf("Cookies: RefreshPath %q does not begin with a slash", c.RefreshPath)
	}
	cookies := []*http.Cookie{c.access("", 0), c.refresh(strings.Repeat("x", tokenLength), 0)}
	if c.SessionName != "" {
		cookies = append(cookies, c.session(strings.Repeat("x", idLength), 0))
	}
	for _, cookie := range cookies {
		if err := cookie.Valid(); err != nil {
			return c, fmt.Errorf("Cookies: %w", err)
		}
		if err := checkPrefix(cookie); err != nil {
			return c, fmt.Errorf("Cookies: %w", err)
		}
		if err := checkLengths(cookie); err != nil {
			return c, fmt.Errorf("Cookies: %w", err)
		}
	}
	if c.Previous, err = previousWithDefaults(c.Previous); err != nil {
		return c, err
	}
	return c, c.checkNames()
}

func (c Cookies) access(value string, maxAge int) *http.Cookie {
	return c.cookie(c.AccessTokenName, value, "/", maxAge)
}

func (c Cookies) refresh(value string, maxAge int) *http.Cookie {
	return c.cookie(c.RefreshTokenName, value, c.RefreshPath, maxAge)
}

func (c Cookies) cookie(name, value, path string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: path, Domain: c.Domain, MaxAge: maxAge,
		Secure: !c.Insecure, HttpOnly: true, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}
}

// checkLengths says whether browsers heed the cookie, whose value is as long as it gets.
func checkLengths(cookie *http.Cookie) error {
	if len(cookie.Path) > maxAttributeBytes { // net/http takes no domain that is as long
		return fmt.Errorf("browsers ignore a path of more than %d bytes", maxAttributeBytes)
	}
	cookie.MaxAge = int(maxCookieAge / time.Second)
	if n := len(cookie.String()); n > maxCookieBytes {
		return fmt.Errorf("a cookie of that name would be %d bytes long, and browsers drop those above %d", n, maxCookieBytes)
	}
	return nil
}

// checkSize says whether a cookie can carry the access token.
func (c Cookies) checkSize(accessToken string) error {
	longest := int(maxCookieAge / time.Second)
	if n := len(c.access(accessToken, longest).String()); n > maxCookieBytes {
		return fmt.Errorf("the access token's cookie would be %d bytes long, and browsers drop those above %d", n, maxCookieBytes)
	}
	return nil
}

// set adds the cookies of the pair to the response.
func (c Cookies) set(w http.ResponseWriter, t Tokens, now time.Time) {
	age := min(t.ExpiresAt.Sub(now), maxCookieAge)
	// A Max-Age of 0 would delete them, a MaxAge of 0 would keep them for the
	// browser's session.
	seconds := max(int(age/time.Second), 1)
	http.SetCookie(w, c.access(t.AccessToken, seconds))
	http.SetCookie(w, c.refresh(t.RefreshToken, seconds))
	for _, p := range c.Previous {
		p.clear(w)
	}
	w.Header().Set("Cache-Control", "no-store")
}

// clear makes the response delete both cookies, the access token's last: curl up to
// 7.88, reading and writing one file, brings the first of two deleted ones back.
func (c Cookies) clear(w http.ResponseWriter) {
	http.SetCookie(w, c.refresh("", -1))
	http.SetCookie(w, c.access("", -1))
	for _, p := range c.Previous {
		p.clear(w)
	}
	w.Header().Set("Cache-Control", "no-store")
}
