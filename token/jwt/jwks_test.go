package jwttoken_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A resource server that has nothing but the JWK set verifies what any of the
// keys has signed.
func TestResourceServer(t *testing.T) {
	var keys []jwttoken.Key
	for _, alg := range []string{"EdDSA", "RS256", "ES256", "ES384", "ES512"} {
		private, _ := keysOf(alg)
		keys = append(keys, newKey(t, "key for "+alg, alg, private))
	}
	unnamed := newKey(t, "", "PS384", must(newRSAKey()))
	for i := range keys {
		// Each in front once.
		keys[0], keys[i] = keys[i], keys[0]
		tokens := newTokens(t, jwttoken.Options{Keys: append(keys[:len(keys):len(keys)], unnamed)})
		parsed, err := jwttoken.ParseJWKS(get(t, tokens.JWKS()).Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		verifier := must(jwttoken.NewVerifier(jwttoken.Options{Keys: parsed}))
		accepts(t, verifier, sign(t, tokens, claims()), claims())
		alone := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{unnamed}})
		accepts(t, verifier, sign(t, alone, claims()), claims())
		if _, err := jwttoken.New(jwttoken.Options{Keys: parsed}); !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("the parsed keys can sign: %v", err)
		}
	}
}

// The set says of each public key what it is for, and nothing of the private
// ones and of secrets (RFC 7517 §4).
func TestJWKSContent(t *testing.T) {
	k := testKeys()
	tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{
		newKey(t, "rsa", "RS512", k.rsa), newKey(t, "hmac", "HS256", k.secret), newKey(t, "ec", "ES512", k.p521), newKey(t, "", "EdDSA", k.ed25519),
	}})
	point := must(k.p521.PublicKey.Bytes())
	want := fmt.Sprintf(`{"keys":[`+
		`{"kty":"RSA","use":"sig","alg":"RS512","kid":"rsa","n":%q,"e":"AQAB"},`+
		`{"kty":"EC","use":"sig","alg":"ES512","kid":"ec","crv":"P-521","x":%q,"y":%q},`+
		`{"kty":"OKP","use":"sig","alg":"EdDSA","crv":"Ed25519","x":%q}]}`,
		encode(string(k.rsa.N.Bytes())), encode(string(point[1:67])), encode(string(point[67:])), encode(string(k.ed25519[32:])))
	if got := get(t, tokens.JWKS()).Body.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := get(t, tokensOf(t, "HS256").JWKS()).Body.String(), `{"keys":[]}`; got != want {
		t.Errorf("with a secret alone: got %s, want %s", got, want)
	}
}

// The handler answers GET and HEAD, says what it serves and how long it may be
// cached, and answers a client that has it already without it.
func TestJWKSHandler(t *testing.T) {
	handler := tokensOf(t, "EdDSA").JWKS()
	got := get(t, handler)
	for name, want := range map[string]string{
		"Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=300", "Content-Length": fmt.Sprint(got.Body.Len()),
	} {
		if got := got.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	request := httptest.NewRequest(http.MethodHead, "/", nil)
	head := httptest.NewRecorder()
	handler.ServeHTTP(head, request)
	if head.Code != http.StatusOK || head.Body.Len() != 0 || head.Header().Get("Content-Type") != "application/jwk-set+json" {
		t.Errorf("HEAD: %d %q with %d bytes", head.Code, head.Header().Get("Content-Type"), head.Body.Len())
	}

	request = httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("If-None-Match", got.Header().Get("ETag"))
	again := httptest.NewRecorder()
	handler.ServeHTTP(again, request)
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("with If-None-Match: %d and %d bytes", again.Code, again.Body.Len())
	}

	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"} {
		refused := httptest.NewRecorder()
		handler.ServeHTTP(refused, httptest.NewRequest(method, "/", nil))
		if refused.Code != http.StatusMethodNotAllowed || refused.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, refused.Code, refused.Header().Get("Allow"))
		}
	}
}

// What ParseJWKS takes need not come from here: other members are not looked at.
func TestParseJWKS(t *testing.T) {
	n := encode(string(testKeys().rsa.N.Bytes()))
	set := `{"other":{},"keys":[
		{"kty":"RSA","alg":"PS256","n":"` + n + `","e":"AQAB","kid":"a","key_ops":["verify"],"x5t":"abc","x5u":"https://example.com","ext":true,"nbf":1},
		{"crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"EdDSA","kty":"OKP","kid":"b","use":"sig"}
	]}`
	keys, err := jwttoken.ParseJWKS([]byte(set))
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %d keys, error %v", len(keys), err)
	}
	verifier := must(jwttoken.NewVerifier(jwttoken.Options{Keys: keys}))
	tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "a", "PS256", testKeys().rsa)}})
	accepts(t, verifier, sign(t, tokens, claims()), claims())

	if keys, err := jwttoken.ParseJWKS([]byte(` {"keys" : []} `)); err != nil || len(keys) != 0 {
		t.Errorf("a set without keys: got %d keys, error %v", len(keys), err)
	}
}

// A set that is not made of public signature keys alone is refused as a whole.
func TestJWKSThatIsRefused(t *testing.T) {
	k := testKeys()
	point := must(k.p256.PublicKey.Bytes())
	n := encode(string(k.rsa.N.Bytes()))
	x, y := encode(string(point[1:33])), encode(string(point[33:]))
	ed := encode(string(k.ed25519[32:]))
	rsa := `"kty":"RSA","alg":"RS256","n":"` + n + `","e":"AQAB"`
	ec := `"kty":"EC","alg":"ES256","crv":"P-256","x":"` + x + `","y":"` + y + `"`
	okp := `"kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"` + ed + `"`
	for _, valid := range []string{rsa, ec, okp} {
		if _, err := jwttoken.ParseJWKS([]byte(`{"keys":[{` + valid + `}]}`)); err != nil {
			t.Errorf("%s: %v", valid, err)
		}
	}
	change := strings.NewReplacer
	bad := []string{
		`"kty":"oct","alg":"HS256","k":"` + encode(string(k.secret)) + `"`, `"kty":"oct","alg":"HS256"`, rsa + `,"k":"AAAA"`,
		rsa + `,"d":"AQAB"`, rsa + `,"p":"AQAB"`, rsa + `,"q":"AQAB"`, rsa + `,"dp":"AQAB"`, rsa + `,"dq":"AQAB"`, rsa + `,"qi":"AQAB"`,
		rsa + `,"oth":[]`, ec + `,"d":"AQAB"`, okp + `,"d":"AQAB"`, okp + `,"d":null`,
		rsa + `,"D":"AQAB"`, rsa + `,"Oth":[]`, ec + `,"K":"AAAA"`, okp + `,"\u212a":"AAAA"`,
		rsa + `,"use":"enc"`, rsa + `,"use":""`, rsa + `,"use":null`, rsa + `,"key_ops":["sign"]`, rsa + `,"key_ops":[]`, rsa + `,"key_ops":"verify"`, rsa + `,"key_ops":["verify",7]`, rsa + `,"key_ops":["verify",null]`, rsa + `,"key_ops":{"verify":1}`,
		rsa + `,"kid":""`, rsa + `,"kid":null`, rsa + `,"kid":7`, rsa + `,"alg":"RS256"`, rsa + `,"ALG":"PS256"`,
		change(`"alg":"RS256",`, ``).Replace(rsa), change(`RS256`, `none`).Replace(rsa), change(`RS256`, `RSA-OAEP`).Replace(rsa),
		change(`RS256`, `rs256`).Replace(rsa), change(`RS256`, `ES256`).Replace(rsa), change(`"RS256"`, `null`).Replace(rsa), change(`"RS256"`, `7`).Replace(rsa),
		change(`RS256`, `HS256`).Replace(rsa), change(`"RSA"`, `"rsa"`).Replace(rsa), change(`"kty":"RSA",`, ``).Replace(rsa), change(`RSA`, `oct`, `RS256`, `HS256`).Replace(rsa),
		change(`"AQAB"`, `"AAEAAQ"`).Replace(rsa), change(`"AQAB"`, `"AQAAAAE"`).Replace(rsa), change(`"AQAB"`, `"AQAAAAAAAQAB"`).Replace(rsa), change(`"AQAB"`, `65537`).Replace(rsa), change(`"AQAB"`, `""`).Replace(rsa),
		change(`"AQAB"`, `"AQ"`).Replace(rsa), change(`"AQAB"`, `"AQA="`).Replace(rsa), change(n, `AQAB`).Replace(rsa), change(n, "AA"+n).Replace(rsa), change(n, ``).Replace(rsa),
		change(n, encode("\x00"+string(k.rsa.N.Bytes()))).Replace(rsa), change(n, n+`\n`).Replace(rsa), change(n, "+"+n[1:]).Replace(rsa),
		change(`P-256`, `P-384`).Replace(ec), change(`P-256`, `secp256k1`).Replace(ec), change(`ES256`, `ES384`).Replace(ec), change(`"crv":"P-256",`, ``).Replace(ec),
		change(x, y, y, x).Replace(ec), change(x, encode(string(point[1:32]))).Replace(ec), change(x, encode(string(point[1:40])), y, encode(string(point[40:]))).Replace(ec),
		change(`"y":"`+y+`"`, `"z":1`).Replace(ec), change(x, ``, y, ``).Replace(ec),
		change(`Ed25519`, `X25519`).Replace(okp), change(`Ed25519`, `Ed448`).Replace(okp), change(ed, ed[:40]).Replace(okp), change(ed, ``).Replace(okp), change(`EdDSA`, `Ed25519`).Replace(okp),
	}
	for i := range bad {
		bad[i] = `{"keys":[{` + bad[i] + `}]}`
	}
	bad = append(bad, ``, `null`, `[]`, `{}`, `{"keys":null}`, `{"keys":{}}`, `{"keys":"x"}`, `{"keys":[null]}`, `{"keys":[[]]}`, `{"keys":[{}]}`, `{"Keys":[]}`,
		`{"keys":[],"keys":[]}`, `{"keys":[],"KEYS":[]}`, `{"keys":[]}x`, `{"keys":[{`+okp+`}`, `{"keys":[{`+okp+`},]}`, "{\"keys\":[],\"x\":\"\xff\"}",
		`{`+okp+`}`, `[{`+okp+`}]`,
		`{"keys":[{`+okp+`},{`+ec+`}]}`, `{"keys":[{`+okp+`,"kid":"a"},{`+ec+`,"kid":"a"}]}`,
		`{"keys":[{`+rsa+`,"kid":"a"},{`+change(`RS256`, `PS256`).Replace(rsa)+`,"kid":"b"}]}`,
		`{"keys":[{`+okp+`},{"kty":"oct","kid":"b","k":"AAAA","alg":"HS256"}]}`)
	for _, set := range bad {
		keys, err := jwttoken.ParseJWKS([]byte(set))
		if !errors.Is(err, jwttoken.ErrKey) || keys != nil {
			t.Errorf("%s: got %d keys, error %v, want ErrKey", set, len(keys), err)
		}
	}
}

// A reader that ignores case finds a member under a name in another case. So such a name
// is refused, whatever the member is, and so is keys of the set.
func TestJWKSNamesInAnotherCase(t *testing.T) {
	k := testKeys()
	ed := encode(string(k.ed25519[32:]))
	key := `"kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"` + ed + `"`
	set := func(members string) []byte { return []byte(`{"keys":[{` + key + members + `}]}`) }
	if _, err := jwttoken.ParseJWKS(set(`,"kid":"a","use":"sig","key_ops":["verify"],"X5u":1,"algo":2,"ſ":3`)); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e", "d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		names := []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], `\u00` + fmt.Sprintf("%X", strings.ToUpper(name)[0]) + name[1:]}
		if strings.Contains(name, "s") {
			names = append(names, strings.Replace(name, "s", "ſ", 1)) // long s
		}
		if strings.Contains(name, "k") {
			names = append(names, strings.Replace(name, "k", "\u212a", 1)) // Kelvin sign
		}
		for _, other := range names {
			for _, text := range [][]byte{set(`,"` + other + `":"sig"`), []byte(`{"keys":[{"` + other + `":"sig",` + key + `}]}`)} {
				if keys, err := jwttoken.ParseJWKS(text); !errors.Is(err, jwttoken.ErrKey) || keys != nil {
					t.Errorf("%s: got %d keys, error %v, want ErrKey", text, len(keys), err)
				}
			}
		}
	}
	for _, text := range []string{`{"Keys":[]}`, `{"\u212aeys":[]}`, `{"keys":[],"KEYS":[]}`, `{"KEYS":[],"keys":[]}`} {
		if _, err := jwttoken.ParseJWKS([]byte(text)); !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("%s: got error %v, want ErrKey", text, err)
		}
	}
}

// get returns the handler's answer to a GET, which must be JSON.
func get(t testing.TB, handler http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	if recorder.Code != http.StatusOK || !json.Valid(recorder.Body.Bytes()) {
		t.Fatalf("%d %s", recorder.Code, recorder.Body)
	}
	return recorder
}
