package jwttoken_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// No verb and no logger prints key material, wherever the value stands.
func TestKeysAreNotPrinted(t *testing.T) {
	for _, alg := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		private, _ := keysOf(alg)
		o := jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "the kid", alg, private)}, Issuer: "me"}
		tokens := newTokens(t, o)
		sign(t, tokens, claims()) // so that there is something in its pools
		verifier := must(jwttoken.NewVerifier(o))
		type hidden struct {
			key      jwttoken.Key
			options  jwttoken.Options
			tokens   *jwttoken.Signer
			verifier *jwttoken.Verifier
		}
		values := map[string]any{
			"Key": o.Keys[0], "*Key": &o.Keys[0], "[]Key": o.Keys, "map": map[string]jwttoken.Key{"k": o.Keys[0]},
			"Options": o, "*Options": &o,
			"*Tokens": tokens, "Tokens": *tokens, "*Verifier": verifier, "Verifier": *verifier,
			"in fields":  struct{ A, B, C, D any }{o, &o, tokens, verifier},
			"hidden":     hidden{o.Keys[0], o, tokens, verifier},
			"*hidden":    &hidden{o.Keys[0], o, tokens, verifier},
			"in a slice": []any{o, tokens, verifier, o.Keys},
		}
		needles := needlesOf(private)
		check := func(what, text string) {
			t.Helper()
			for _, needle := range needles {
				if strings.Contains(text, needle) {
					t.Errorf("%s: %s prints key material: %.80s", alg, what, text)
					return
				}
			}
		}
		for name, value := range values {
			for verb := 'A'; verb <= 'z'; verb++ {
				for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "# ", "80", ".5", "#.3"} {
					format := "%" + flags + string(verb)
					check(name+" with "+format, fmt.Sprintf(format, value))
				}
			}
			check(name+" with Sprint", fmt.Sprint(value))
			check(name+" in an error", fmt.Errorf("failed: %w, %v", jwttoken.ErrKey, value).Error())
			var log bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
				slog.New(handler).Info("x", "value", value, slog.Group("g", "value", value))
			}
			check(name+" in slog", log.String())
			text, err := json.Marshal(value) // some can't be encoded
			check(name+" as JSON", fmt.Sprint(string(text), err))
		}
	}
}

// What is printed instead tells the keys apart.
func TestKeysPrintTheirNames(t *testing.T) {
	o := jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "2026-11", "EdDSA", testKeys().ed25519), newKey(t, "", "HS256", testKeys().secret)}, Issuer: "me"}
	for want, value := range map[string]any{
		`jwttoken.Key{EdDSA "2026-11"}`: o.Keys[0], `jwttoken.Key{HS256}`: o.Keys[1], `jwttoken.Key{}`: jwttoken.Key{},
		`jwttoken.Signer{EdDSA "2026-11", HS256}`:   newTokens(t, o),
		`jwttoken.Verifier{EdDSA "2026-11", HS256}`: must(jwttoken.NewVerifier(o)),
		`jwttoken.Signer(nil)`:                      (*jwttoken.Signer)(nil),
		`jwttoken.Verifier(nil)`:                    (*jwttoken.Verifier)(nil),
		`jwttoken.Options{Keys: [jwttoken.Key{EdDSA "2026-11"}, jwttoken.Key{HS256}], Issuer: "me", Audience: "", Type: ""}`: o,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			if got := fmt.Sprintf(verb, value); got != want {
				t.Errorf("%s prints %s, want %s", verb, got, want)
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		var record struct{ Value any }
		if json.Unmarshal(log.Bytes(), &record); record.Value != want {
			t.Errorf("slog prints %v, want %s", record.Value, want)
		}
	}
}

// Errors name what is wrong, and show neither key nor token.
func TestErrorsTellNoSecrets(t *testing.T) {
	secret := testKeys().secret
	_, short := jwttoken.HS256(secret[:31])
	_, kind := jwttoken.NewKey("", "HS256", string(secret))
	token := sign(t, tokensOf(t, "HS256"), claims())
	_, forged := tokensOf(t, "HS512").Verify(token)
	_, damaged := tokensOf(t, "HS256").Verify(token[:len(token)-2])
	needles := append(needlesOf(secret), token[:20], claims().UserID, claims().SessionID)
	for _, err := range []error{short, kind, forged, damaged} {
		for _, needle := range needles {
			if strings.Contains(err.Error(), needle) {
				t.Errorf("the error shows %q: %v", needle, err)
			}
		}
	}
}

// needlesOf returns what no text may contain: the beginnings of the private
// numbers in the forms in which fmt and encoders write them.
func needlesOf(private any) (needles []string) {
	k := testKeys()
	var numbers []*big.Int
	var texts [][]byte
	switch fmt.Sprintf("%T", private) {
	case "[]uint8":
		texts = [][]byte{k.secret}
	case "*rsa.PrivateKey":
		numbers = []*big.Int{k.rsa.Primes[0], k.rsa.Primes[1], k.rsa.D, k.rsa.Precomputed.Dp, k.rsa.Precomputed.Qinv}
	case "*ecdsa.PrivateKey":
		d := must(k.p256.Bytes())
		numbers, texts = []*big.Int{new(big.Int).SetBytes(d)}, [][]byte{d}
	case "ed25519.PrivateKey":
		texts = [][]byte{k.ed25519.Seed()}
	}
	for _, n := range numbers {
		texts = append(texts, n.Bytes())
		for _, verb := range []string{"%d", "%x", "%X", "%o", "%b"} {
			needles = append(needles, fmt.Sprintf(verb, n)[:40])
		}
	}
	for _, text := range texts {
		start := text[:8]
		needles = append(needles, string(start), hex.EncodeToString(start), fmt.Sprintf("%X", start), fmt.Sprintf("% x", start), fmt.Sprintf("% X", start),
			strings.Trim(fmt.Sprint(start), "[]"), strings.Trim(fmt.Sprintf("%#v", start), "[]byte{}"), strings.Trim(fmt.Sprintf("%#v", start), "[]uint8{}"),
			strings.Trim(fmt.Sprintf("%o", start), "[]"), strings.Trim(fmt.Sprintf("%b", start), "[]"), strings.Trim(fmt.Sprintf("%q", start), `"`),
			base64.StdEncoding.EncodeToString(start[:6]), base64.URLEncoding.EncodeToString(start[:6]), hex.EncodeToString([]byte(hex.EncodeToString(start))))
	}
	return needles
}
