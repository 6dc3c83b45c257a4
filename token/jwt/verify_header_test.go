package jwttoken_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A header need not be laid out as Sign does it, and may hold parameters that
// nobody here knows (RFC 7515 §4).
func TestForeignHeader(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for _, header := range []string{
		ownHeader,
		`{"typ":"at+jwt","alg":"HS256"}`,
		" {\t\"alg\" : \"HS256\" ,\r\n\"typ\" : \"at+jwt\" } ",
		`{"alg":"H\u0053256","typ":"at+jwt"}`,
		`{"\u0061lg":"HS256","typ":"at+jwt"}`,
		`{"alg":"HS256","typ":"at+jwt","x5t":"abc","cty":null,"unknown":{"alg":"none","a":[1,{}]}}`,
		`{"alg":"HS256","typ":"at+jwt"` + names(14) + `}`,
	} {
		accepts(t, tokens, hs256(t, header, ownPayload), claims())
	}
	for _, header := range []string{
		``, ` `, `null`, `[]`, `"alg"`, `{`, `{}`, `{"alg":"HS256","typ":"at+jwt"`, ownHeader + ownHeader, ownHeader + "x",
		`{"alg":"HS256","typ":"at+jwt",}`, `{alg:"HS256",typ:"at+jwt"}`, "\ufeff" + ownHeader,
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"x\":\"\xff\"}",
		`{"alg":"HS256","typ":"at+jwt","x":` + strings.Repeat("[", 4000) + `}`,
		`{"alg":"HS256","typ":"at+jwt"` + names(15) + `}`,
	} {
		refuses(t, tokens, hs256(t, header, ownPayload))
	}
}

// names returns n members of an object, each behind a comma.
func names(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%x":0`, i)
	}
	return b.String()
}

// crit is rejected, whatever it lists, because no extension is known; so is
// b64 (RFC 7515 §4.1.11, RFC 7797).
func TestCritIsRejected(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for _, parameters := range []string{
		`"crit":["exp"],"exp":1795435260`, `"crit":["b64"],"b64":true`, `"crit":[]`, `"crit":null`, `"crit":["alg"]`,
		`"Crit":["x"],"x":1`, `"b64":true`, `"b64":false`,
	} {
		refuses(t, tokens, hs256(t, `{"alg":"HS256","typ":"at+jwt",`+parameters+`}`, ownPayload))
	}
}

// A key, or where to fetch one, is never taken from the header (RFC 8725 §3.10):
// nothing is fetched, and the token is refused even if it is otherwise genuine.
func TestKeysInTheHeaderAreNotFollowed(t *testing.T) {
	var fetched atomic.Int64
	attacker := tokensOf(t, "ES256")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		attacker.JWKS().ServeHTTP(w, r)
	}))
	defer server.Close()
	recorder := httptest.NewRecorder()
	attacker.JWKS().ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(recorder.Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("%q", server.URL)
	for name, value := range map[string]string{
		"jku": url, "x5u": url, "jwk": string(set.Keys[0]), "x5c": `["MIIB"]`, "JKU": url,
	} {
		for _, alg := range []string{"ES256", "EdDSA"} { // the attacker's key, and the right one
			header := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt",%q:%s}`, alg, name, value)
			refuses(t, tokensOf(t, "EdDSA"), forge(t, alg, encode(header), encode(ownPayload)))
		}
	}
	if n := fetched.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// typ is checked: a token of another kind signed with the same key is refused
// (RFC 8725 §3.11). It is a media type (RFC 7515 §4.1.9).
func TestType(t *testing.T) {
	header := func(typ string) string { return fmt.Sprintf(`{"alg":"HS256","typ":%q}`, typ) }
	key := newKey(t, "", "HS256", testKeys().secret)
	for _, c := range []struct {
		typ           string
		same, another []string
	}{
		{"", // at+jwt
			[]string{"at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"},
			[]string{"JWT", "", "at+jwt ", "at", "application/", "text/at+jwt", "application/application/at+jwt", "at+jwt; v=1", "secevent+jwt"}},
		{"JWT",
			[]string{"JWT", "jwt", "application/jwt"},
			[]string{"at+jwt", "refresh+jwt", "Jwt\x00"}},
		{"application/task-token",
			[]string{"application/task-token", "task-token", "TASK-token"},
			[]string{"at+jwt", "task\u002dtoKen2", "tas\u212a-token", "ta\u017fk-token"}},
		{"example/key",
			[]string{"example/key", "Example/Key"},
			[]string{"key", "application/example/key"}},
	} {
		tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{key}, Type: c.typ})
		accepts(t, tokens, sign(t, tokens, claims()), claims())
		for _, typ := range c.same {
			accepts(t, tokens, hs256(t, header(typ), ownPayload), claims())
		}
		for _, typ := range c.another {
			refuses(t, tokens, hs256(t, header(typ), ownPayload))
		}
		for _, bad := range []string{`{"alg":"HS256"}`, `{"alg":"HS256","typ":null}`, `{"alg":"HS256","typ":["at+jwt"]}`} {
			refuses(t, tokens, hs256(t, bad, ownPayload))
		}
	}
	// A name of a type has 127 characters at most (RFC 6838 §4.2).
	long := strings.Repeat("a", 127)
	for _, typ := range []string{long, long + "/" + long, "application/" + long} {
		tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{key}, Type: typ})
		accepts(t, tokens, sign(t, tokens, claims()), claims())
	}
	for _, bad := range []string{long + "a", long + "a/b", "b/" + long + "a", "application/" + long + "a", " ", "a b", "a/b/c", "/", "a/", "/b", "at+jwt;v=1", "é", "application/", "a\""} {
		if _, err := jwttoken.New(jwttoken.Options{Keys: []jwttoken.Key{key}, Type: bad}); err == nil {
			t.Errorf("the type %q is no error", bad)
		}
	}
	for c := range 128 {
		typ := "a" + string(rune(c))
		want := strings.ContainsRune("!#$&-^_.+0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", rune(c))
		if _, err := jwttoken.New(jwttoken.Options{Keys: []jwttoken.Key{key}, Type: typ}); (err == nil) != want {
			t.Errorf("the type %q: got error %v, want success %v", typ, err, want)
		}
	}
}

// A number that a float64 can't hold is refused: readers disagree about it (RFC 7493
// §2.2), and golang-jwt takes no such header.
func TestHeaderNumbers(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	header := func(value string) string { return `{"alg":"HS256","typ":"at+jwt","x":` + value + `}` }
	const digits = 309 // of the smallest number that is too large
	for value, ok := range map[string]bool{
		`1e308`: true, `-1.7e+308`: true, `1e-400`: true, `[{"y":[1e308]}]`: true, `"1e400"`: true, "1" + strings.Repeat("0", digits-1): true,
		`1e309`: false, `-1E309`: false, `[{"y":[1e400]}]`: false, "2" + strings.Repeat("0", digits-1): false, "1" + strings.Repeat("0", digits): false,
	} {
		token := hs256(t, header(value), ownPayload)
		if ok {
			accepts(t, tokens, token, claims())
		} else {
			refuses(t, tokens, token)
		}
		_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return testKeys().secret, nil }, jwt.WithoutClaimsValidation())
		if (err == nil) != ok {
			t.Errorf("x is %.20s: golang-jwt says %v", value, err)
		}
	}
}

// Of two header names that are the same, or differ in case alone, readers would
// disagree which one counts: such a token is rejected (RFC 7519 §4).
func TestDuplicateHeaderNames(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for _, header := range []string{
		`{"alg":"HS256","alg":"HS256","typ":"at+jwt"}`,
		`{"alg":"none","alg":"HS256","typ":"at+jwt"}`,
		`{"alg":"HS256","\u0061lg":"HS256","typ":"at+jwt"}`,
		`{"alg":"HS256","ALG":"none","typ":"at+jwt"}`,
		`{"Alg":"HS256","typ":"at+jwt"}`,
		`{"alg":"HS256","Typ":"at+jwt"}`,
		`{"alg":"HS256","typ":"at+jwt","KID":"a"}`,
		`{"alg":"HS256","typ":"at+jwt","\u212aid":"a"}`,
		`{"alg":"HS256","typ":"at+jwt","typ":"at+jwt"}`,
		`{"alg":"HS256","typ":"at+jwt","x":1,"x":1}`,
		`{"alg":"HS256","typ":"at+jwt","x":1,"X":2}`,
		`{"alg":"HS256","typ":"at+jwt","s":1,"\u017f":2}`,
	} {
		refuses(t, tokens, hs256(t, header, ownPayload))
	}
}
