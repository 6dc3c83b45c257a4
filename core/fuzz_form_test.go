package core_test

import (
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const plainType = "application/x-www-form-urlencoded"

// formTypePattern is what a content type of a form must at least look like.
var formTypePattern = regexp.MustCompile(`(?i)^\s*application/x-www-form-urlencoded\s*(;|$)`)

// post returns a request with that body.
func post(query, contentType, body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.URL.RawQuery = query
	r.Header["Content-Type"] = []string{contentType}
	return r
}

// formIn reads the body as a form by another way than the schema; it is nil where that
// can't be. It reports whether none of these parameters is repeated.
func formIn(contentType, body string, names ...string) (form url.Values, once bool) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind != plainType || len(contentType) > 256 || len(body) > 16<<10 {
		return nil, true
	}
	if form, err = url.ParseQuery(body); err != nil {
		return nil, true
	}
	for _, name := range names {
		if len(form[name]) > 1 {
			return form, false
		}
	}
	return form, true
}

// plainForm returns the form of a plain request in which these parameters are worth the
// same.
func (w *fuzzWorld) plainForm(form url.Values, tokens ...string) url.Values {
	plain := url.Values{}
	for _, name := range tokens {
		if value := form.Get(name); value != "" {
			plain.Set(name, w.plain(value))
		}
	}
	return plain
}

// FuzzTokenEndpoint posts any body of any type with any query: the outcome is that of a
// plain form, the store is asked for nothing but genuine refresh tokens, and nothing
// but a stale one ends a session.
func FuzzTokenEndpoint(f *testing.F) {
	w := newFuzzWorld(f)
	h := w.TokenEndpoint()
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		query, body = w.fill.Replace(query), w.fill.Replace(body)
		form, once := formIn(contentType, body, "grant_type", "refresh_token", "access_token", "scope", "client_id", "client_secret")
		plain := "%" // no form
		switch {
		case !once:
			plain = "scope=x&scope=y"
		case form != nil:
			values := w.plainForm(form, "refresh_token", "access_token")
			switch grant := form.Get("grant_type"); grant {
			case "":
			case "refresh_token":
				values.Set("grant_type", grant)
			default:
				values.Set("grant_type", "other")
			}
			plain = values.Encode()
		}
		o := w.serve(h, post(query, contentType, body))
		o.sameAs(t, w.serve(h, post("", plainType, plain)))
		if !slices.Contains([]int{200, 400}, o.status) || len(o.header["Set-Cookie"]) > 0 {
			t.Errorf("the outcome is %s", o)
		}
		refresh := form.Get("refresh_token")
		granted := once && form.Get("grant_type") == "refresh_token" && w.genuine[refresh]
		stale := granted && refresh == w.kinds["stale-refresh"]
		n := 0
		for _, calls := range o.calls {
			n += calls
		}
		switch {
		case !granted && n > 0, n > 2:
			t.Errorf("the store was called %d times", n)
		case len(o.ended) > 0 && !stale:
			t.Errorf("sessions of %v have ended", o.ended)
		case o.status == 200 && !(granted && formTypePattern.MatchString(contentType)):
			t.Errorf("%q of the type %q was granted", body, contentType)
		}
	})
}

// FuzzRevocationEndpoint posts any body of any type with any query: the outcome is that
// of a plain form, and no session ends but that of a genuine token.
func FuzzRevocationEndpoint(f *testing.F) {
	w := newFuzzWorld(f)
	h := w.RevocationEndpoint()
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		query, body = w.fill.Replace(query), w.fill.Replace(body)
		form, once := formIn(contentType, body, "token", "token_type_hint", "client_id", "client_secret")
		plain := "%" // no form
		switch {
		case !once:
			plain = "token=x&token=y"
		case form != nil:
			plain = w.plainForm(form, "token").Encode()
		}
		o := w.serve(h, post(query, contentType, body))
		o.sameAs(t, w.serve(h, post("", plainType, plain)))
		if !slices.Contains([]int{200, 400}, o.status) || len(o.header["Set-Cookie"]) > 0 {
			t.Errorf("the outcome is %s", o)
		}
		token := form.Get("token")
		var users []string
		if once {
			users = w.endedBy(token, "refresh", "access")
		}
		if !slices.Equal(o.ended, users) {
			t.Errorf("sessions of %v have ended, want %v", o.ended, users)
		}
		ours := w.plain(token) != "" && w.plain(token) != "junk" && token != w.kinds["forged-refresh"] && token != w.kinds["forged-access"]
		if len(o.calls) > 1 || o.calls["Revoke"] > 1 || len(o.calls) > 0 && !ours {
			t.Errorf("the store was called for %q: %v", token, o.calls)
		}
	})
}
