package jwttoken_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func FuzzVerifyHMAC(f *testing.F)  { fuzzVerify(f, "HS256") }
func FuzzVerifyRSA(f *testing.F)   { fuzzVerify(f, "PS256") }
func FuzzVerifyECDSA(f *testing.F) { fuzzVerify(f, "ES256") }
func FuzzVerifyEdDSA(f *testing.F) { fuzzVerify(f, "EdDSA") }

// fuzzVerify verifies any text, and the same text with a genuine signature in
// the place of its last part.
func fuzzVerify(f *testing.F, alg string) {
	tokens := tokensOf(f, alg)
	token := sign(f, tokens, claims())
	f.Add(token)
	f.Add(strings.Replace(token, ".", "..", 1))
	f.Add(encode(`{"typ":"at+jwt","alg":"`+alg+`"}`) + "." + encode(ownPayload+" ") + ".")
	f.Fuzz(func(t *testing.T, text string) {
		judge(t, tokens, alg, text)
		if dot := strings.LastIndexByte(text, '.'); dot >= 0 {
			header, payload, _ := strings.Cut(text[:dot], ".")
			judge(t, tokens, alg, forge(t, alg, header, payload))
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
	f.Add([]byte(`{"typ":"application/AT+JWT","alg":"HS256","x":[{}]}`), []byte(ownPayload))
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		judge(t, tokens, "HS256", hs256(t, string(header), string(payload)))
		judge(t, tokens, "HS256", hs256(t, ownHeader, string(payload)))
	})
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

// FuzzParseJWKS parses any text: either that is ErrKey, or the keys verify.
func FuzzParseJWKS(f *testing.F) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		f.Add(get(f, tokensOf(f, alg).JWKS()).Body.Bytes())
	}
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
	})
}

// judge verifies the text. What is accepted, golang-jwt and encoding/json must
// accept too and read the same from it.
func judge(t *testing.T, tokens *jwttoken.Tokens, alg, text string) {
	t.Helper()
	c, err := tokens.Verify(text)
	if err != nil {
		if !errors.Is(err, jwttoken.ErrToken) || c != (core.Claims{}) {
			t.Fatalf("got claims %+v, error %v", c, err)
		}
		return
	}
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
}
