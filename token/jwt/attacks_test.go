package jwttoken_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// attack is a token that somebody made to be taken for genuine, and the honest one
// that it imitates, which shows that the token is refused for nothing else.
type attack struct{ name, token, honest string }

// repels fails the test unless the honest tokens are accepted, with the usual
// claims, and the others refused.
func repels(t *testing.T, v core.TokenVerifier, attacks []attack) {
	t.Helper()
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			accepts(t, v, a.honest, claims())
			refuses(t, v, a.token)
		})
	}
}

// A token can't choose to be without signature: RFC 8725 §2.1.
func TestAttacksWithoutAlgorithm(t *testing.T) {
	for _, alg := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			honest := sign(t, tokensOf(t, alg), claims())
			genuine := honest[strings.LastIndexByte(honest, '.'):]
			var attacks []attack
			for _, value := range []string{
				`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"noNe"`, `"none "`, `" none"`, `"\u006eone"`, `"none\u0000"`, `"null"`, `"nil"`, `""`,
				`null`, `false`, `0`, `[]`, `["none"]`, `{}`, `["` + alg + `"]`, `["none","` + alg + `"]`, `missing`,
			} {
				header := `{"alg":` + value + `,"typ":"at+jwt"}`
				if value == "missing" {
					header = `{"typ":"at+jwt"}`
				}
				text := encode(header) + "." + encode(ownPayload)
				attacks = append(attacks,
					attack{"alg " + value + " without signature", text + ".", honest},
					attack{"alg " + value + " with two parts", text, honest},
					attack{"alg " + value + " with another's signature", text + genuine, honest},
					attack{"alg " + value + " signed", forge(t, alg, encode(header), encode(ownPayload)), honest})
			}
			repels(t, tokensOf(t, alg), attacks)
		})
	}
}

// A public key is not taken as the secret of an HMAC, whatever form of it the
// attacker hopes that the server keeps: RFC 8725 §2.1.
func TestAttacksByConfusionOfAlgorithms(t *testing.T) {
	secret := newKey(t, "secret", "HS256", testKeys().secret)
	for _, alg := range []string{"RS256", "PS384", "ES256", "ES512", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			private, public := keysOf(alg)
			own := tokensOf(t, alg)
			ring := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "public", alg, private), secret}})
			var alone, inRing []attack
			for form, key := range formsOf(t, own, public) {
				for _, hmac := range []string{"HS256", "HS384", "HS512"} {
					forged := func(header string) string {
						token := signWith(t, hmac, header, key)
						naive := func(*jwt.Token) (any, error) { return key, nil }
						if _, err := jwt.NewParser(jwt.WithoutClaimsValidation()).Parse(token, naive); err != nil && strings.Contains(header, `"alg":"HS`) {
							t.Fatalf("nobody would take the forged token: %v", err)
						}
						return token
					}
					name := hmac + " with the " + form
					alone = append(alone,
						attack{name, forged(`{"alg":"` + hmac + `","typ":"at+jwt"}`), sign(t, own, claims())},
						attack{name + " and the right alg", forged(`{"alg":"` + alg + `","typ":"at+jwt"}`), sign(t, own, claims())})
					for _, kid := range []string{"public", "secret"} {
						inRing = append(inRing, attack{
							name + " and kid " + kid,
							forged(`{"alg":"` + hmac + `","typ":"at+jwt","kid":"` + kid + `"}`),
							sign(t, ring, claims()),
						})
					}
				}
			}
			repels(t, own, alone)
			repels(t, ring, inRing)
		})
	}
}

// formsOf returns the public key in the forms in which servers keep one.
func formsOf(t *testing.T, tokens *jwttoken.Signer, public any) map[string][]byte {
	t.Helper()
	der := must(x509.MarshalPKIXPublicKey(public))
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	forms := map[string][]byte{
		"PEM":                    inPEM,
		"PEM without line break": inPEM[:len(inPEM)-1],
		"PEM with CRLF":          []byte(strings.ReplaceAll(string(inPEM), "\n", "\r\n")),
		"DER":                    der,
		"JWK set":                get(t, tokens.JWKS()).Body.Bytes(),
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		pkcs1 := x509.MarshalPKCS1PublicKey(public)
		forms["DER of PKCS #1"] = pkcs1
		forms["PEM of PKCS #1"] = pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1})
		forms["modulus"] = public.N.Bytes()
		forms["modulus in decimal"] = []byte(public.N.String())
	case *ecdsa.PublicKey:
		point := must(public.Bytes())
		forms["point"], forms["coordinates"] = point, point[1:]
	case ed25519.PublicKey:
		forms["key itself"], forms["key in hexadecimal"] = public, fmt.Appendf(nil, "%x", public)
	}
	return forms
}

// signWith signs the usual claims with a key of the attacker's.
func signWith(t *testing.T, alg, header string, key any) string {
	t.Helper()
	text := encode(header) + "." + encode(ownPayload)
	return text + "." + encode(string(must(jwt.GetSigningMethod(alg).Sign(text, key))))
}
