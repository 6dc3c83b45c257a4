package jwttoken_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func FuzzVerifyHMAC(f *testing.F) { fuzzVerify(f, "HS256", "HS384", "HS512") }

func FuzzVerifyRSA(f *testing.F) {
	fuzzVerify(f, "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
}

func FuzzVerifyECDSA(f *testing.F) { fuzzVerify(f, "ES256", "ES384", "ES512") }

func FuzzVerifyEdDSA(f *testing.F) { fuzzVerify(f, "EdDSA") }

// fuzzVerify verifies any text with each of the algorithms; then, with the one
// that the text names, the same text with a genuine signature in the place of
// its last part, and its payload alone in both layouts.
func fuzzVerify(f *testing.F, algs ...string) {
	tokens := map[string]*jwttoken.Signer{}
	for _, alg := range algs {
		tokens[alg] = tokensOf(f, alg)
		token := sign(f, tokens[alg], claims())
		f.Add(token)
		f.Add(strings.Replace(token, ".", "..", 1))
		f.Add(encode(`{"typ":"at+jwt","alg":"`+alg+`"}`) + "." + encode(ownPayload+" ") + ".")
	}
	f.Fuzz(func(t *testing.T, text string) {
		for alg := range tokens {
			judge(t, tokens[alg], alg, text)
		}
		dot := strings.LastIndexByte(text, '.')
		if dot < 0 {
			return
		}
		header, payload, _ := strings.Cut(text[:dot], ".")
		named, _ := base64.RawURLEncoding.DecodeString(header)
		alg := algs[0]
		for _, other := range algs {
			if bytes.Contains(named, []byte(other)) {
				alg = other
			}
		}
		judge(t, tokens[alg], alg, forge(t, alg, header, payload))
		if decoded, err := base64.RawURLEncoding.DecodeString(payload); err == nil {
			judgeLayouts(t, tokens[alg], alg, string(decoded))
		}
	})
}

// FuzzPayload verifies any header and payload, signed with the right key.
func FuzzPayload(f *testing.F) {
	tokens := tokensOf(f, "HS256")
	open := strings.TrimSuffix(ownPayload, "}")
	for _, payload := range []string{
		ownPayload, " " + ownPayload, open + `,"a":{"b":[1,2.5e-3,"\u00e9",null]}}`, `{"role":"admin",` + ownPayload[1:],
		open + `,"a":"\ud83d\ude00","A":"é"}`, open + `,"aud":["x"],"iss":"y"}`,
	} {
		f.Add([]byte(ownHeader), []byte(payload))
	}
	for _, header := range []string{`{"typ":"application/AT+JWT","alg":"HS256","x":[{}]}`, `{"alg":"HS256","typ":"at+jwt","x":1e308}`, `{"alg":"HS256","typ":"at+jwt","x":[1e309]}`} {
		f.Add([]byte(header), []byte(ownPayload))
	}
	parties := newTokens(f, jwttoken.Options{
		Keys: []jwttoken.Key{newKey(f, "a", "HS256", testKeys().secret)}, Issuer: "me", Audience: "you",
	})
	for _, members := range []string{
		`,"iss":"me","aud":"you"}`, `,"iss":"me","aud":"you","a":1}`, `,"iss":"me","aud":"you","aud":"me"}`,
		`,"iss":"me","aud":["me","you"]}`, `,"iss":"m\u0065","aud":"y\u006fu"}`, `,"aud":"you","iss":"me"}`, `,"iss":"me","aud":"you","A":1,"a":2}`,
	} {
		f.Add([]byte(ownHeader), []byte(open+members))
	}
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		judge(t, tokens, "HS256", hs256(t, string(header), string(payload)))
		judgeLayouts(t, tokens, "HS256", string(payload))
		judgeParties(t, parties, string(payload))
	})
}

// FuzzObject reads any text as header, payload and keys are read.
func FuzzObject(f *testing.F) {
	for _, text := range objects {
		f.Add([]byte(text))
	}
	f.Fuzz(judgeObject)
}

// FuzzSign signs any claims: either that is ErrClaims, or Verify returns the
// same.
func FuzzSign(f *testing.F) {
	tokens := tokensOf(f, "HS256")
	c := claims()
	f.Add(c.UserID, c.SessionID, "", c.Ref[:], int64(0), int64(253402300799))
	f.Add("\x00\"\\\u2028", "é", `{"a":[1,{"b":null}],"c":"\ud83d\ude00"}`, c.Ref[:], int64(-1), int64(1))
	f.Add("x", "y", ` { "a" : 1 , "é" : 2 } `, c.Ref[:], int64(1), int64(1))
	f.Fuzz(func(t *testing.T, userID, sid, extra string, ref []byte, iat, exp int64) {
		c := core.Claims{UserID: userID, SessionID: sid, Extra: extra, IssuedAt: time.Unix(iat, 0).UTC(), ExpiresAt: time.Unix(exp, 0).UTC()}
		copy(c.Ref[:], ref)
		token, err := tokens.Sign(c)
		if err != nil {
			if !errors.Is(err, jwttoken.ErrClaims) || token != "" {
				t.Fatalf("got token %q, error %v", token, err)
			}
			return
		}
		var compact bytes.Buffer
		if extra != "" {
			if err := json.Compact(&compact, []byte(extra)); err != nil {
				t.Fatalf("%q was signed: %v", extra, err)
			}
		}
		if c.Extra = compact.String(); c.Extra == "{}" {
			c.Extra = ""
		}
		accepts(t, tokens, token, c)
		judge(t, tokens, "HS256", token)
	})
}

// FuzzParseJWKS parses any text: either that is ErrKey, or the keys verify, and
// are served with the same numbers, algorithms and kids.
func FuzzParseJWKS(f *testing.F) {
	for _, alg := range []string{"RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		f.Add(get(f, tokensOf(f, alg).JWKS()).Body.Bytes())
	}
	signs := newKey(f, "the key that signs", "HS256", testKeys().secret)
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := jwttoken.ParseJWKS(text)
		if err != nil {
			if !errors.Is(err, jwttoken.ErrKey) || keys != nil {
				t.Fatalf("got %d keys, error %v", len(keys), err)
			}
			return
		}
		if len(keys) > 0 {
			refuses(t, must(jwttoken.NewVerifier(jwttoken.Options{Keys: keys})), "a.b.c")
		}
		tokens, err := jwttoken.New(jwttoken.Options{Keys: append([]jwttoken.Key{signs}, keys...)})
		if err != nil {
			return // one of them has the kid of the key that signs
		}
		given, served := jwksOf(t, text), jwksOf(t, get(t, tokens.JWKS()).Body.Bytes())
		if len(given) != len(keys) || len(served) != len(keys) {
			t.Fatalf("%d keys are given, %d parsed, %d served", len(given), len(keys), len(served))
		}
		for i := range served {
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				if _, ok := given[i][private]; ok {
					t.Fatalf("key %d is parsed with %q", i+1, private)
				}
			}
			if use, ok := given[i]["use"]; ok && use != "sig" {
				t.Fatalf("key %d is parsed with the use %q", i+1, use)
			}
			delete(served[i], "use")
			for name, value := range served[i] {
				if given[i][name] != value {
					t.Fatalf("key %d has %q %v, and is served with %v", i+1, name, given[i][name], value)
				}
			}
			if _, named := served[i]["kid"]; !named && given[i]["kid"] != nil {
				t.Fatalf("key %d lost its kid", i+1)
			}
		}
	})
}

// jwksOf returns the keys of a JWK set as encoding/json reads them.
func jwksOf(t *testing.T, text []byte) []map[string]any {
	t.Helper()
	var set map[string]json.RawMessage
	var keys []map[string]any
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatalf("encoding/json refuses the set: %v", err)
	}
	if err := json.Unmarshal(set["keys"], &keys); err != nil {
		t.Fatalf("encoding/json refuses the keys: %v", err)
	}
	return keys
}

// judge verifies the text. What is accepted, golang-jwt and encoding/json must
// accept too and read the same from it. It returns what Verify does.
func judge(t *testing.T, tokens *jwttoken.Signer, alg, text string) (core.Claims, error) {
	t.Helper()
	c, err := tokens.Verify(text)
	if err != nil {
		if !errors.Is(err, jwttoken.ErrToken) || c != (core.Claims{}) {
			t.Fatalf("got claims %+v, error %v", c, err)
		}
		return c, err
	}
	judgeForm(t, alg, text)
	parser := jwt.NewParser(jwt.WithValidMethods([]string{alg}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation(), jwt.WithJSONNumber())
	claims := jwt.MapClaims{}
	if _, err := parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) {
		_, public := keysOf(alg)
		return public, nil
	}); err != nil {
		t.Fatalf("golang-jwt refuses what is accepted: %v\n%s", err, text)
	}
	want := core.Claims{
		UserID:    claims["user_id"].(string),
		Ref:       core.Ref(uuid.MustParse(claims["ref_id"].(string))),
		SessionID: claims["sid"].(string),
		IssuedAt:  time.Unix(must(claims["iat"].(json.Number).Int64()), 0).UTC(),
		ExpiresAt: time.Unix(must(claims["exp"].(json.Number).Int64()), 0).UTC(),
		Extra:     c.Extra,
	}
	if c != want {
		t.Fatalf("got  %+v\nwant %+v", c, want)
	}
	// What is no Unicode must not be replaced: two users would become one.
	payload := decode(t, text, 1)
	if strings.Contains(c.UserID+c.SessionID, "\uFFFD") && !strings.Contains(payload, "\uFFFD") && !strings.Contains(strings.ToLower(payload), `\ufffd`) {
		t.Fatalf("%q is accepted as user %q of session %q", payload, c.UserID, c.SessionID)
	}
	others := map[string]any{}
	for name, value := range claims {
		if !core.ReservedClaim(name) {
			others[name] = value
		}
	}
	extra := map[string]any{}
	if err := c.Decode(&extra); err != nil {
		t.Fatalf("Extra %q is no JSON: %v", c.Extra, err)
	}
	if !reflect.DeepEqual(extra, others) {
		t.Fatalf("Extra says %v, the token says %v", extra, others)
	}
	var compact bytes.Buffer
	if json.Compact(&compact, []byte(c.Extra)); compact.String() != c.Extra {
		t.Fatalf("Extra %q is not compact", c.Extra)
	}
	return c, nil
}

// judgeForm fails the test unless a text that was accepted is the one encoding of
// its three parts, its header and payload are JSON objects whose names differ in
// more than case, and the header names the algorithm, the type, no key and no
// extension.
func judgeForm(t *testing.T, alg, text string) {
	t.Helper()
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > jwttoken.MaxTokenBytes {
		t.Fatalf("%d parts and %d bytes are accepted", len(parts), len(text))
	}
	for i, part := range parts {
		decoded, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(decoded) != part {
			t.Fatalf("part %d is accepted and not base64url: %q", i+1, part)
		}
		if i == 2 {
			break
		}
		names := namesOf(t, decoded)
		for j, name := range names {
			for _, other := range names[:j] {
				if strings.EqualFold(name, other) {
					t.Fatalf("part %d is accepted with the names %q and %q", i+1, other, name)
				}
			}
		}
	}
	header := map[string]any{}
	if err := json.Unmarshal([]byte(decode(t, text, 0)), &header); err != nil {
		t.Fatalf("the header is accepted: %v", err)
	}
	typ, _ := header["typ"].(string)
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	if header["alg"] != alg || typ != "at+jwt" {
		t.Fatalf("the header is accepted: %v", header)
	}
	for name := range header {
		switch strings.ToLower(name) {
		case "kid", "crit", "b64", "jku", "jwk", "x5u", "x5c":
			t.Fatalf("the header is accepted with %q", name)
		}
	}
}

// namesOf returns the names of a JSON object, as often as they are in it. It
// fails the test if the text is anything else.
func namesOf(t *testing.T, text []byte) (names []string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	open, err := d.Token()
	if err != nil || open != json.Delim('{') || !json.Valid(text) || !utf8.Valid(text) {
		t.Fatalf("what is accepted is not one JSON object in UTF-8: %q", text)
	}
	for d.More() {
		names = append(names, must(d.Token()).(string))
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// judgeLayouts verifies the payload with the header that Sign writes, and again
// with what makes no difference to JSON but that encoding/json and golang-jwt
// have to read it: the verdict and the claims must be the same.
func judgeLayouts(t *testing.T, tokens *jwttoken.Signer, alg, payload string) {
	t.Helper()
	own := fmt.Sprintf(`{"alg":%q,"typ":"at+jwt"}`, alg)
	quick, quickErr := judge(t, tokens, alg, forge(t, alg, encode(own), encode(payload)))
	slowToken := forge(t, alg, encode(own), encode(payload+" "))
	if len(slowToken) > jwttoken.MaxTokenBytes {
		return
	}
	slow, slowErr := judge(t, tokens, alg, slowToken)
	if quick != slow || (quickErr == nil) != (slowErr == nil) {
		t.Fatalf("%q gives\n%+v, error %v, and with a space at its end\n%+v, error %v", payload, quick, quickErr, slow, slowErr)
	}
}

// judgeParties does the same with tokens of the issuer "me", the audience "you"
// and the kid "a", which are other code: what is accepted must be from the one
// and for the other as encoding/json reads it.
func judgeParties(t *testing.T, tokens *jwttoken.Signer, payload string) {
	t.Helper()
	const own = `{"alg":"HS256","typ":"at+jwt","kid":"a"}`
	quick, quickErr := tokens.Verify(hs256(t, own, payload))
	slowToken := hs256(t, own, payload+" ")
	if len(slowToken) > jwttoken.MaxTokenBytes {
		return
	}
	slow, slowErr := tokens.Verify(slowToken)
	if quick != slow || (quickErr == nil) != (slowErr == nil) {
		t.Fatalf("%q gives\n%+v, error %v, and with a space at its end\n%+v, error %v", payload, quick, quickErr, slow, slowErr)
	}
	if quickErr != nil {
		return
	}
	claims := map[string]any{}
	d := json.NewDecoder(strings.NewReader(payload))
	d.UseNumber() // a number may be larger than a float64
	if err := d.Decode(&claims); err != nil {
		t.Fatalf("encoding/json refuses what is accepted: %v", err)
	}
	audiences, ok := claims["aud"].([]any)
	if !ok {
		audiences = []any{claims["aud"]}
	}
	if claims["iss"] != "me" || !slices.Contains(audiences, any("you")) || claims["user_id"] != quick.UserID {
		t.Fatalf("%q is accepted as %+v", payload, quick)
	}
}
