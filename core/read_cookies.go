package core

import (
	"iter"
	"net/http"
	"strings"
)

// cookiesNamed yields the values of all cookies of that name, as they stand in
// the header (RFC 6265 §4.2.1). [http.Request.CookiesNamed] passes over what is
// malformed, so that one of two cookies of a name can count as the only one; here
// whatever has the name counts, and is refused in its turn. A value that it reads
// otherwise, or not at all, is none of ours: white space before it stays.
func cookiesNamed(r *http.Request, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range r.Header["Cookie"] {
			for part := range strings.SplitSeq(line, ";") {
				key, value, _ := strings.Cut(part, "=")
				if strings.Trim(key, " \t") == name && !yield(strings.TrimRight(value, " \t")) {
					return
				}
			}
		}
	}
}

// onlyCookie returns the value of the cookie of that name, empty where there is
// none. Of two it can't tell which is ours.
func onlyCookie(r *http.Request, name string) (value string, ok bool) {
	n := 0
	for v := range cookiesNamed(r, name) {
		value = v
		n++
	}
	return value, n <= 1
}

// accessToken returns the access token in the request's cookies, empty where there
// is none, and whether there is no more than one.
func (c *Cookies) accessToken(r *http.Request) (value string, ok bool) {
	value, ok = onlyCookie(r, c.AccessTokenName)
	for i := 0; ok && value == "" && i < len(c.Previous); i++ {
		value, ok = onlyCookie(r, c.Previous[i].AccessTokenName)
	}
	return value, ok
}

// refreshToken does the same for the refresh token.
func (c *Cookies) refreshToken(r *http.Request) (value string, ok bool) {
	value, ok = onlyCookie(r, c.RefreshTokenName)
	for i := 0; ok && value == "" && i < len(c.Previous); i++ {
		value, ok = onlyCookie(r, c.Previous[i].RefreshTokenName)
	}
	return value, ok
}

// accessTokens yields all access tokens in the request's cookies.
func (c *Cookies) accessTokens(r *http.Request) iter.Seq[string] {
	names := []string{c.AccessTokenName}
	for _, p := range c.Previous {
		names = append(names, p.AccessTokenName)
	}
	return cookiesOf(r, names)
}

// refreshTokens yields all refresh tokens in the request's cookies.
func (c *Cookies) refreshTokens(r *http.Request) iter.Seq[string] {
	names := []string{c.RefreshTokenName}
	for _, p := range c.Previous {
		names = append(names, p.RefreshTokenName)
	}
	return cookiesOf(r, names)
}

// cookiesOf yields the values of all cookies of those names, name by name.
func cookiesOf(r *http.Request, names []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range names {
			for text := range cookiesNamed(r, name) {
				if !yield(text) {
					return
				}
			}
		}
	}
}

// hasRefreshToken reports whether there is a cookie for one, whatever is in it.
func (c *Cookies) hasRefreshToken(r *http.Request) bool {
	for range c.refreshTokens(r) {
		return true
	}
	return false
}
