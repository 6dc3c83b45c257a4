package core

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

// The limits of RFC 6265bis §5.6 and §5.5: browsers drop larger cookies and
// shorten longer lifetimes.
const (
	maxCookieBytes    = 4096
	maxAttributeBytes = 1024
	maxCookieAge      = 400 * 24 * time.Hour
)

// Cookies says how the cookies look. Those of the two tokens are HttpOnly. They live as
// long as the session, but at most 400 days, as browsers allow: a refresh needs the expired
// access token. The cookies of a LoginOptions.BrowserSession end with the browser.
type Cookies struct {
	// AccessTokenName is the name of the access token's cookie. Default:
	// "access_token".
	AccessTokenName string
	// RefreshTokenName is the name of the refresh token's cookie. Default:
	// "refresh_token".
	RefreshTokenName string
	// SessionName is the name of a third cookie. It holds the ID of the session that the
	// browser's last login began, or says that there was a logout since. It is not a
	// credential, and has the attributes of the access token's cookie. Responses to a
	// refresh do not set it.
	//
	// If it is sent, TokenRequired refuses the access token of a cookie that is of any
	// other session (ErrInvalidAccessToken). Without it, a response to a refresh that
	// comes after a logout or another user's login brings the old user back, until that
	// access token expires.
	//
	// "-" turns the cookie off. Applications on one host that have names of their own for the
	// tokens need one for this cookie, too. To a server that knows the cookie, a login by one
	// that does not looks like a late response. So turn it on, or off, together with a change
	// of the other names by Previous, or on all servers at once. After turning it off, never
	// use the same name again. Default: "token_session".
	SessionName string
	// Prefix is put before all names: "__Secure-", or "__Host-" without Domain and with
	// the RefreshPath "/". Browsers hold such cookies to what the name
	// promises (RFC 6265bis §4.1.3): plain HTTP cannot set a __Secure- one, and another
	// host cannot set a __Host- one. New checks prefixes, also those within names. Choose
	// "__Host-" unless you need a Domain or a RefreshPath. Default: none.
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
	// names too (see Previous). Otherwise browsers send both the old and the new cookie,
	// and of two cookies of one name none is accepted: users must log in again. A login
	// or a logout deletes the old cookies where they are known: those without a Domain, and
	// those of paths above RefreshPath.
	RefreshPath string
	// Partitioned keeps the cookies apart for each top-level site that embeds
	// the application (CHIPS); it demands Secure. Default: false.
	Partitioned bool

	// MaxBytes is how long all Set-Cookie lines of a response may be together. Claims beyond
	// it are refused. The default leaves a kilobyte for the other headers in the 4 KiB
	// that nginx reads by default (proxy_buffer_size). To raise MaxBytes, raise that
	// too. A single cookie is never longer than 4096 bytes. Default: 3072.
	MaxBytes int

	// Previous says how the cookies looked before. So names, and with them everything
	// else, can change without logging anybody out. A request without a cookie of the
	// present name, or with an empty one, is judged by those of the previous names, in
	// this order. Every response that sets or deletes the cookies deletes the previous
	// ones. All names must differ, but for that of the session, and the previous cookies
	// must have no Previous.
	//
	// If servers restart one after the other, let every one know the new look as a
	// previous one first, and then make it the present one. Drop the old look after a
	// RefreshTokenDuration: until then others can plant what its names let them plant.
	// Default: none.
	Previous []Cookies
}

func (c Cookies) withDefaults() (Cookies, error) {
	if c.AccessTokenName == "" {
		c.AccessTokenName = "access_token"
	}
	if c.RefreshTokenName == "" {
		c.RefreshTokenName = "refresh_token"
	}
	switch c.SessionName {
	case "":
		c.SessionName = "token_session"
	case "-":
		c.SessionName = ""
	}
	if c.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	if c.RefreshPath == "" {
		c.RefreshPath = "/"
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 3072
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
	if !strings.HasPrefix(c.RefreshPath, "/") {
		return c, fmt.Errorf("Cookies: RefreshPath is %q: it must begin with a slash", c.RefreshPath)
	}
	cookies := []*http.Cookie{c.access("", 0), c.refresh(strings.Repeat("x", sealed.MaxLength), 0)}
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

// checkLengths returns an error if browsers ignore the cookie, whose value has its
// greatest length.
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

// otherBytes returns the length of the Set-Cookie lines of a login but for the access
// token.
func (c Cookies) otherBytes() int {
	w := header{}
	c.clearVariants(w)
	c.setSession(w, strings.Repeat("x", idLength), int(maxCookieAge/time.Second))
	c.set(w, Tokens{RefreshToken: strings.Repeat("x", sealed.MaxLength), ExpiresAt: time.Time{}.Add(maxCookieAge)}, time.Time{})
	n := 0
	for _, line := range w["Set-Cookie"] {
		n += len("Set-Cookie: ") + len(line) + len("\r\n")
	}
	return n
}

// header is a response that has nothing but a header.
type header http.Header

func (h header) Header() http.Header         { return http.Header(h) }
func (h header) Write(b []byte) (int, error) { return len(b), nil }
func (h header) WriteHeader(int)             {}

// checkCookies returns an error if the cookies cannot carry the access token.
func (s *Schema) checkCookies(accessToken string) error {
	cookie := s.cfg.Cookies.access(accessToken, int(maxCookieAge/time.Second)).String()
	if n := len(cookie); n > maxCookieBytes {
		return fmt.Errorf("the access token's cookie must be at most %d bytes long, and with these claims it is %d", maxCookieBytes, n)
	}
	if n := s.otherCookies + len(accessToken); n > s.cfg.Cookies.MaxBytes {
		return fmt.Errorf("the cookies must be at most Cookies.MaxBytes, %d bytes, long, and with these claims they are %d", s.cfg.Cookies.MaxBytes, n)
	}
	return nil
}

// clearVariants makes the response delete the cookies that the same names may have had
// under another domain or path, or without Partitioned: of two cookies of one name none is
// accepted.
func (c Cookies) clearVariants(w http.ResponseWriter) {
	present := []*http.Cookie{c.refresh("", -1), c.access("", -1)}
	if c.SessionName != "" {
		present = append(present, c.session("", -1))
	}
	for _, cookie := range present {
		path := cookie.Path
		for _, domain := range slices.Compact([]string{c.Domain, ""}) {
			for _, above := range pathsAbove(path) {
				if domain != c.Domain || above != path {
					cookie.Domain, cookie.Path = domain, above
					http.SetCookie(w, cookie)
				}
			}
		}
		if c.Partitioned {
			cookie.Domain, cookie.Path, cookie.Partitioned = c.Domain, path, false
			http.SetCookie(w, cookie)
		}
	}
}

// pathsAbove returns the path and those above it.
func pathsAbove(path string) []string {
	paths := []string{path}
	for path != "/" {
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
		if path == "" {
			path = "/"
		}
		paths = append(paths, path)
	}
	return paths
}

// forget removes the cookies that an earlier handler of the same request has set: the last
// response counts.
func (c Cookies) forget(w http.ResponseWriter) {
	ours := map[string]bool{}
	for _, of := range append([]Cookies{c}, c.Previous...) {
		ours[of.AccessTokenName], ours[of.RefreshTokenName], ours[of.SessionName] = true, true, true
	}
	h := w.Header()
	lines := slices.DeleteFunc(h["Set-Cookie"], func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return ours[name]
	})
	if len(lines) == 0 {
		h.Del("Set-Cookie")
		return
	}
	h["Set-Cookie"] = lines
}

// set adds the cookies of the pair to the response.
func (c Cookies) set(w http.ResponseWriter, t Tokens, now time.Time) {
	age := maxAge(t, now)
	http.SetCookie(w, c.access(t.AccessToken, age))
	http.SetCookie(w, c.refresh(t.RefreshToken, age))
	for _, p := range c.Previous {
		p.clear(w)
	}
	left := func(until time.Time) string { return seconds(max(until.Sub(now), 0)) }
	w.Header().Set(expiryHeader, "access="+left(t.Claims.ExpiresAt)+", session="+left(t.ExpiresAt))
	w.Header().Set("Cache-Control", "no-store")
}

// maxAge returns the MaxAge of the cookies of the pair: 0, which means that they have no
// Max-Age, if they end with the browser, and else at least 1.
func maxAge(t Tokens, now time.Time) int {
	if t.BrowserSession {
		return 0
	}
	age := min(t.ExpiresAt.Sub(now), maxCookieAge)
	return max(int(age/time.Second), 1)
}

// expiryHeader tells a script, which can't see the cookies, when they end.
const expiryHeader = "Token-Expires"

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

func previousWithDefaults(previous []Cookies) ([]Cookies, error) {
	filled := make([]Cookies, len(previous))
	for i, p := range previous {
		if len(p.Previous) > 0 {
			return nil, errors.New("Cookies: Previous has a Previous: list them side by side")
		}
		var err error
		if filled[i], err = p.withDefaults(); err != nil {
			return nil, fmt.Errorf("Previous[%d]: %w", i, err)
		}
	}
	return filled, nil
}

// checkNames says which name there is twice.
func (c Cookies) checkNames() error {
	all := append([]Cookies{c}, c.Previous...)
	tokens := map[string]bool{}
	for _, of := range all {
		for _, name := range [...]string{of.AccessTokenName, of.RefreshTokenName} {
			if tokens[name] {
				return fmt.Errorf("Cookies: two are named %q", name)
			}
			tokens[name] = true
		}
	}
	for _, of := range all { // the session's may keep its name
		if tokens[of.SessionName] {
			return fmt.Errorf("Cookies: two are named %q", of.SessionName)
		}
	}
	return nil
}

const (
	hostPrefix   = "__Host-"
	securePrefix = "__Secure-"
)

func withPrefix(prefix, name string) (string, error) {
	switch {
	case prefix == "":
		return name, nil
	case prefix != hostPrefix && prefix != securePrefix:
		return "", fmt.Errorf("Cookies: Prefix is %q: it must be %q or %q", prefix, hostPrefix, securePrefix)
	case hasPrefix(name, hostPrefix) || hasPrefix(name, securePrefix):
		return "", fmt.Errorf("Cookies: Prefix is set, and the name %q has one already", name)
	}
	return prefix + name, nil
}

// hasPrefix ignores case, as browsers do.
func hasPrefix(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// checkPrefix holds a cookie to what its name promises (RFC 6265bis §4.1.3).
func checkPrefix(c *http.Cookie) error {
	switch host := hasPrefix(c.Name, hostPrefix); {
	case (host || hasPrefix(c.Name, securePrefix)) && !c.Secure:
		return fmt.Errorf("the name %q demands Secure, and Insecure is set", c.Name)
	case host && c.Domain != "":
		return fmt.Errorf("the name %q allows no Domain", c.Name)
	case host && c.Path != "/":
		return fmt.Errorf("the name %q demands the path /", c.Name)
	}
	return nil
}

// cookiesNamed yields the values of all cookies of that name, as they stand in the header
// (RFC 6265 §4.2.1). Unlike [http.Request.CookiesNamed] it yields malformed ones too: they
// count, and are refused in their turn. White space before a value stays. It yields none
// if there are too many cookies to look at.
func cookiesNamed(r *http.Request, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if hasTooManyCookies(r) {
			return
		}
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

// maxCookies is how many cookies a request can have, as in net/http. Browsers send far
// fewer.
const maxCookies = 3000

// hasTooManyCookies reports whether the request has more cookies than are looked at.
func hasTooManyCookies(r *http.Request) bool {
	bytes, n := 0, 0
	for _, line := range r.Header["Cookie"] {
		bytes += len(line)
	}
	if bytes <= maxCookies { // the usual case: every cookie takes a byte or more
		return false
	}
	for _, line := range r.Header["Cookie"] {
		n += 1 + strings.Count(line, ";")
	}
	return n > maxCookies
}

// onlyCookie returns the value of the cookie of that name, empty if there is none. It is
// not ok if there are two, or too many cookies to look at.
func onlyCookie(r *http.Request, name string) (value string, ok bool) {
	if hasTooManyCookies(r) {
		return "", false
	}
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

// loggedOut is what the session's cookie says after a logout. It is no session's id.
const loggedOut = "none"

var errAnotherLogin = fmt.Errorf("%w: of another session than the browser's last login", ErrInvalidAccessToken)

func (c Cookies) session(value string, maxAge int) *http.Cookie {
	return c.cookie(c.SessionName, value, "/", maxAge)
}

// setSession says in a cookie which session a login has begun, or that there was a
// logout, with that MaxAge. Responses to a refresh leave it alone, whatever the names
// are: a late one must not pass for the last login.
func (c Cookies) setSession(w http.ResponseWriter, id string, maxAge int) {
	for _, p := range c.Previous {
		replaced := p.SessionName == c.SessionName && p.Domain == c.Domain && p.Partitioned == c.Partitioned
		if p.SessionName != "" && !replaced {
			http.SetCookie(w, p.session("", -1))
		}
	}
	if c.SessionName != "" {
		http.SetCookie(w, c.session(id, maxAge))
	}
}

// clearCookies makes the response delete the cookies. A refresh that is under way may set
// others; their access token is refused, for as long as any Verifier would accept it.
func (s *Schema) clearCookies(w http.ResponseWriter) {
	lasts := min(s.cfg.AccessTokenDuration+maxLeeway+lateResponse, maxCookieAge)
	s.cfg.Cookies.forget(w)
	s.cfg.Cookies.clearVariants(w)
	s.cfg.Cookies.setSession(w, loggedOut, int(lasts/time.Second))
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
