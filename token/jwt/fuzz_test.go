package jwttoken_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

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
	f.Add([]byte(`{"typ":"application/AT+JWT","alg":"HS256","x":[{}]}`), []byte(ownPayload))
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
