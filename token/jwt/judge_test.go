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
