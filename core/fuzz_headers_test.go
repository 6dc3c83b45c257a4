package core_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tokenauth/tokenauth/core"
)

var (
	accessNames  = []string{"access_token", "old_access"}
	refreshNames = []string{"refresh_token", "old_refresh"}
)

// bearer is the value of an Authorization header of the scheme Bearer: the name of a
// scheme ends where no character of a token follows (RFC 9110 §5.6.2).
var bearer = regexp.MustCompile("(?is)^bearer(?:$|([^-a-z0-9!#$%&'*+.^_`|~].*))")

// bearerOf returns the bearer tokens in the header, without the spaces before them, and how
// many Authorization headers there are.
func bearerOf(r *http.Request) (tokens []string, headers int) {
	values := r.Header["Authorization"]
	for _, value := range values {
		if m := bearer.FindStringSubmatch(value); m != nil {
			tokens = append(tokens, strings.TrimLeft(m[1], " "))
		}
	}
	return tokens, len(values)
}

// plainCookies returns the header of a plain request whose cookies are worth the same.
func (w *fuzzWorld) plainCookies(r *http.Request, kinds ...[]string) string {
	var cookies []string
	for _, names := range kinds {
		switch value, one := onlyOf(r, names...); {
		case !one:
			cookies = append(cookies, names[0]+"=junk", names[0]+"=junk")
		case value != "":
			cookies = append(cookies, names[0]+"="+w.plain(value))
		}
	}
	if len(cookies) == 0 {
		return "X: none"
	}
	return "Cookie: " + strings.Join(cookies, "; ")
}

// FuzzTokenRequired sends any header to a handler that wants an access token: the
// answer is the one that a plain request of the same worth gets, and a token that gets
// through stands alone in its place. Where its session is required too, the store is asked
// for nothing else.
func FuzzTokenRequired(f *testing.F) {
	w := newFuzzWorld(f)
	h, sensitive := w.TokenRequired(nobody), w.SessionRequired(nobody)
	f.Fuzz(func(t *testing.T, header string) {
		r := w.request("GET", header)
		if r == nil {
			return
		}
		plain := w.plainCookies(r, accessNames)
		tokens, headers := bearerOf(r)
		switch {
		case len(tokens) > 0 && headers > 1:
			plain = "Authorization: Bearer junk"
		case len(tokens) > 0:
			plain = "Authorization: Bearer " + w.plain(tokens[0])
		}
		o := w.serve(h, r)
		o.sameAs(t, w.serve(h, w.request("GET", plain)))
		if !slices.Contains([]int{200, 401}, o.status) || len(o.calls) > 0 || len(o.header["Set-Cookie"]) > 0 {
			t.Errorf("the outcome is %s", o)
		}
		asked := w.serve(sensitive, r)
		asked.sameAs(t, w.serve(sensitive, w.request("GET", plain)))
		if asked.status != o.status || len(asked.ended) > 0 || len(asked.header["Set-Cookie"]) > 0 || (asked.calls["Get"] == 1) != (o.status == 200) || len(asked.calls) > 1 {
			t.Errorf("where the session is required too, the outcome is %s", asked)
		}
		live := w.kinds["live-access"]
		switch value, _ := onlyOf(r, accessNames...); {
		case o.status != 200:
		case len(tokens) == 1 && tokens[0] == live:
		case len(tokens) == 0 && value == live:
			readByNetHTTP(t, r, live, accessNames...)
		default:
			t.Errorf("%q got through", header)
		}
	})
}

// crossOrigin reports whether a browser sent the request from elsewhere.
func crossOrigin(r *http.Request) bool { return http.NewCrossOriginProtection().Check(r) != nil }

// FuzzRefreshAccessToken sends any header to the handler that refreshes cookies: the
// outcome is that of a plain request, the store is asked for nothing but genuine
// refresh tokens, and nothing but a stale one ends a session.
func FuzzRefreshAccessToken(f *testing.F) {
	w := newFuzzWorld(f)
	h := w.RefreshAccessToken(nobody)
	f.Fuzz(func(t *testing.T, header string) {
		r := w.request("POST", header)
		if r == nil {
			return
		}
		plain := w.plainCookies(r, accessNames, refreshNames)
		if crossOrigin(r) {
			plain = "Sec-Fetch-Site: cross-site"
		}
		o := w.serve(h, r)
		o.sameAs(t, w.serve(h, w.request("POST", plain)))
		if !slices.Contains([]int{200, 401, 403, 409}, o.status) {
			t.Errorf("the status is %d", o.status)
		}
		refresh, one := onlyOf(r, refreshNames...)
		genuine := one && w.genuine[refresh] && o.status != 403
		n := 0
		for _, calls := range o.calls {
			n += calls
		}
		stale := refresh == w.kinds["stale-refresh"]
		switch {
		case !genuine && n > 0, n > 1 && !stale, n > 2:
			t.Errorf("the store was called %d times", n)
		case len(o.ended) > 0 && !(genuine && stale):
			t.Errorf("sessions of %v have ended", o.ended)
		case o.status != 200:
		case !genuine:
			t.Errorf("%q was refreshed", header)
		default:
			access, _ := onlyOf(r, accessNames...)
			readByNetHTTP(t, r, refresh, refreshNames...)
			readByNetHTTP(t, r, access, accessNames...)
		}
	})
}

// refreshTexts returns all refresh tokens in the request's cookies.
func refreshTexts(r *http.Request) []string {
	var texts []string
	for _, name := range refreshNames {
		texts = append(texts, cookiesIn(r, name)...)
	}
	return texts
}

// endedBy returns the user whose session a token ends, where it is presented for one of
// these: "refresh", "access".
func (w *fuzzWorld) endedBy(text string, tokens ...string) []string {
	for kind, user := range map[string]string{"expired": "ada", "live": "ada", "earlier": "bob", "stale": "cyd", "overdue": "eve"} {
		for _, token := range tokens {
			if text == w.kinds[kind+"-"+token] && kind+"-"+token != "overdue-refresh" {
				return []string{user}
			}
		}
	}
	return nil
}

// presented returns the cookies of a plain request that presents the same genuine
// tokens, bearer tokens among them, their sessions' users that are live, and how many sessions they are of.
func (w *fuzzWorld) presented(r *http.Request, bearer ...string) (cookies []string, users []string, sessions int) {
	var seen []string // kinds, each of which is a session
	add := func(cookie, text, token string) {
		kind, genuine := w.kindOf(text, token)
		if !genuine || slices.Contains(seen, kind) {
			return
		}
		seen = append(seen, kind)
		cookies = append(cookies, cookie+"="+text)
		users = append(users, w.endedBy(text, token)...)
	}
	for _, text := range refreshTexts(r) {
		add("refresh_token", text, "refresh")
	}
	var texts []string
	for _, name := range accessNames {
		texts = append(texts, cookiesIn(r, name)...)
	}
	for _, text := range texts {
		add("access_token", text, "access")
	}
	for _, text := range bearer {
		add("access_token", text, "access")
	}
	slices.Sort(users)
	return cookies, users, len(seen)
}

// kindOf returns of which kind a token is, and whether it is ours and says of which
// session it is: an access token does so for ever.
func (w *fuzzWorld) kindOf(text, token string) (kind string, genuine bool) {
	for name, t := range w.kinds {
		if kind, is := strings.CutSuffix(name, "-"+token); is && t == text {
			return kind, w.genuine[text] || token == "access" && kind != "forged"
		}
	}
	return "", false
}

// beyondLimits reports whether the request may have more cookies than are looked at.
func beyondLimits(r *http.Request) bool {
	access := 0
	for _, name := range accessNames {
		access += len(cookiesIn(r, name))
	}
	return access > 64 || len(refreshTexts(r)) > 200 || len(strings.Join(r.Header["Cookie"], ";")) > 3000
}

// FuzzClearTokenCookies sends any header to a logout: the outcome is that of a plain
// request, and the sessions that end are those of genuine tokens in it.
func FuzzClearTokenCookies(f *testing.F) {
	w := newFuzzWorld(f)
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.ClearTokenCookies(rw, r); err != nil {
			w.WriteError(rw, r, err)
		}
	})
	f.Fuzz(func(t *testing.T, header string) {
		r := w.request("POST", header)
		if r == nil {
			return
		}
		if beyondLimits(r) {
			return
		}
		access, one := onlyOf(r, accessNames...)
		tokens, headers := bearerOf(r)
		bearer := tokens
		if headers > 1 {
			bearer = nil
		}
		cookies, users, _ := w.presented(r, bearer...)
		var plain string
		switch {
		case len(refreshTexts(r)) == 0 && one && access == "" && len(tokens) > 0:
			plain = "Authorization: Bearer junk"
			if headers == 1 {
				plain = "Authorization: Bearer " + w.plain(tokens[0])
			}
			if users = nil; headers == 1 {
				users = w.endedBy(tokens[0], "access") // expired or not
			}
		case crossOrigin(r):
			plain, users = "Sec-Fetch-Site: cross-site\r\nCookie: access_token=junk", nil
		default:
			plain = "Cookie: refresh_token=junk; " + strings.Join(cookies, "; ")
		}
		o := w.serve(h, r)
		o.sameAs(t, w.serve(h, w.request("POST", plain)))
		if !slices.Contains([]int{200, 401, 403}, o.status) {
			t.Errorf("the status is %d", o.status)
		}
		if !slices.Equal(o.ended, users) {
			t.Errorf("sessions of %v have ended, want %v", o.ended, users)
		}
	})
}

// FuzzSetTokenCookies sends any header to a login: it begins one session, whose device is
// what the client says it is as far as that is text, and ends those of genuine tokens in
// the cookies.
func FuzzSetTokenCookies(f *testing.F) {
	w := newFuzzWorld(f)
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if _, err := w.SetTokenCookies(rw, r, "gus", core.LoginOptions{}); err != nil {
			w.WriteError(rw, r, err)
		}
	})
	f.Fuzz(func(t *testing.T, header string) {
		r := w.request("POST", header)
		if r == nil {
			return
		}
		if beyondLimits(r) {
			return
		}
		_, users, sessions := w.presented(r)
		o := w.serve(h, r)
		if !slices.Equal(o.ended, users) || o.calls["Create"] != 1 || o.calls["Revoke"] != sessions || len(o.calls) > 2 {
			t.Errorf("the outcome is %s, and sessions of %v should have ended", o, users)
		}
		set := setCookies(t, o.header)
		access, session := set["access_token"], set["refresh_token"]
		if o.status != 200 || len(set) != 4 || access == nil || session == nil {
			t.Fatalf("the outcome is %s", o)
		}
		c, err := w.Verify(t.Context(), access.Value)
		if err != nil || c.UserID != "gus" {
			t.Errorf("the cookie has the access token of %v, %v", c, err)
		}
		s, err := w.VerifyRefreshToken(t.Context(), session.Value)
		if err != nil || s.ID != c.SessionID {
			t.Errorf("the cookie has the refresh token of %v, %v", s, err)
		}
		agent := r.UserAgent()
		if !utf8.ValidString(s.Device) || strings.Contains(s.Device, "\x00") || len(s.Device) > core.MaxDeviceBytes {
			t.Errorf("the device is %q", s.Device)
		}
		if utf8.ValidString(agent) && !strings.Contains(agent, "\x00") && (!strings.HasPrefix(agent, s.Device) || len(agent) <= core.MaxDeviceBytes && agent != s.Device) {
			t.Errorf("the device of %q is %q", agent, s.Device)
		}
		for _, c := range set {
			if c.Value = ""; c.Path != "/" || c.Domain != "" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || len(c.Unparsed) > 0 {
				t.Errorf("a cookie is set with %v", c)
			}
		}
	})
}
