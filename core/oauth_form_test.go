package core_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const formType = "application/x-www-form-urlencoded"

// answerOf sends a request to a handler that stands alone.
func answerOf(h http.Handler, method, target, body string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", formType)
	for name, values := range header {
		r.Header[name] = values
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// longType is a Content-Type of a form that is so long.
func longType(length int) string {
	kind := formType + "; charset=UTF-8; x="
	return kind + strings.Repeat("x", length-len(kind))
}

// What is no part of the request that RFC 6749 §6 describes does not matter.
func TestTokenEndpointIgnoresTheRest(t *testing.T) {
	for _, test := range []struct {
		name, query, more string
		header            http.Header
	}{
		{name: "a charset", header: http.Header{"Content-Type": {formType + "; charset=UTF-8"}}},
		{name: "a Content-Type in capitals", header: http.Header{"Content-Type": {"Application/X-WWW-Form-URLEncoded"}}},
		{name: "a client's name and password", header: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("app:secret"))}}},
		{name: "an Authorization header that is malformed", header: http.Header{"Authorization": {"Basic ?", "Bearer"}}},
		{name: "another origin", header: http.Header{"Origin": {"https://elsewhere.example"}, "Sec-Fetch-Site": {"cross-site"}}},
		{name: "cookies", header: http.Header{"Cookie": {"refresh_token=junk; access_token=junk"}}},
		{name: "a client's name in the form", more: "&client_id=app&client_secret=secret"},
		{name: "a scope", more: "&scope=admin"},
		{name: "an access token without a value", more: "&access_token="},
		{name: "a repeated parameter of an extension", more: "&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example"},
		{name: "parameters of the URL", query: "?grant_type=password&refresh_token=junk&access_token=junk"},
		{name: "a hundred parameters", more: strings.Repeat("&x=1", 98)},
		{name: "a Content-Type of 256 bytes", header: http.Header{"Content-Type": {longType(256)}}},
		{name: "a malformed query", query: "?a=%zz;b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, nil)
			pair := w.login("ada")
			w.expire()
			rec := answerOf(w.TokenEndpoint(), "POST", "/token"+test.query,
				"grant_type=refresh_token&refresh_token="+pair.RefreshToken+test.more, test.header)
			if rec.Code != 200 || strings.Contains(rec.Body.String(), "scope") {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		})
	}
}

func TestEndpointsTakeFormsThatWereReadBefore(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	outer := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.FormValue("grant_type")
		w.TokenEndpoint().ServeHTTP(rw, r)
	})
	body := "grant_type=refresh_token&refresh_token=" + pair.RefreshToken
	if rec := answerOf(outer, "POST", "/token", body+"&scope=a&scope=b", nil); rec.Code != 400 || !strings.Contains(rec.Body.String(), "repeated") {
		t.Errorf("with a parameter twice: %d %s", rec.Code, rec.Body)
	}
	if rec := answerOf(outer, "POST", "/token", body, nil); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestEndpointsRefuseWhatIsNoForm(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	body := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {pair.RefreshToken}, "token": {pair.RefreshToken}}.Encode()
	w.expire()
	w.store.total()
	for name, h := range map[string]http.Handler{"token": w.TokenEndpoint(), "revocation": w.RevocationEndpoint()} {
		for _, test := range []struct {
			name   string
			method string
			body   string
			header http.Header
			status int
		}{
			{"GET", "GET", body, nil, 405},
			{"HEAD", "HEAD", body, nil, 405},
			{"OPTIONS", "OPTIONS", body, nil, 405},
			{"PUT", "PUT", body, nil, 405},
			{"no body", "POST", "", nil, 400},
			{"no Content-Type", "POST", body, http.Header{"Content-Type": nil}, 400},
			{"JSON", "POST", `{"token":"x"}`, http.Header{"Content-Type": {"application/json"}}, 400},
			{"text", "POST", body, http.Header{"Content-Type": {"text/plain"}}, 400},
			{"a multipart form", "POST", body, http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, 400},
			{"a malformed Content-Type", "POST", body, http.Header{"Content-Type": {formType + "; charset"}}, 400},
			{"a malformed form", "POST", body + "&a=%zz", nil, 400},
			{"a semicolon at first", "POST", ";&" + body, nil, 400},
			{"more than 100 parameters", "POST", body + strings.Repeat("&x=1", 98), nil, 400},
			{"a Content-Type of more than 256 bytes", "POST", body, http.Header{"Content-Type": {longType(257)}}, 400},
			{"semicolons", "POST", strings.ReplaceAll(body, "&", ";"), nil, 400},
			{"a body too large", "POST", body + "&x=" + strings.Repeat("x", 16<<10), nil, 400},
		} {
			rec := answerOf(h, test.method, "/", test.body, test.header)
			if rec.Code != test.status || !strings.Contains(rec.Body.String(), `"error":"invalid_request"`) {
				t.Errorf("%s, %s: %d %s", name, test.name, rec.Code, rec.Body)
			}
			if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s, %s: the header is %v", name, test.name, rec.Header())
			}
			if allow := rec.Header().Get("Allow"); (allow == "POST") != (test.status == 405) {
				t.Errorf("%s, %s: Allow is %q", name, test.name, allow)
			}
		}
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Content-Type", formType)
		r.Body = nil // as a caller can make it that is no server
		rec := httptest.NewRecorder()
		if h.ServeHTTP(rec, r); rec.Code != 400 {
			t.Errorf("%s, nil for a body: %d %s", name, rec.Code, rec.Body)
		}
	}
	if n := w.store.total(); n != 0 {
		t.Errorf("the store was called %d times", n)
	}
	if n := w.events.count("rejection"); n != 0 {
		t.Errorf("a hook was told %d times", n)
	}
}

// RFC 6749 §5.2 and RFC 6750 §3 leave out what would have to be quoted.
func TestDescriptionsAreOfTheCharactersThatTheRFCAllows(t *testing.T) {
	w := newWorld(t, nil)
	for _, body := range []string{"", "grant_type=x", "grant_type=refresh_token", "grant_type=refresh_token&refresh_token=x"} {
		rec := answerOf(w.TokenEndpoint(), "POST", "/", body, nil)
		_, description, _ := strings.Cut(rec.Body.String(), `"error_description":"`)
		description, _, _ = strings.Cut(description, `"}`)
		if description == "" || strings.ContainsFunc(description, func(c rune) bool { return c < 0x20 || c > 0x7e || c == '"' || c == '\\' }) {
			t.Errorf("the description %q in %s", description, rec.Body)
		}
	}
}
