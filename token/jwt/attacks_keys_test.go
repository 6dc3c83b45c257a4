package jwttoken_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A key for which anybody can sign, or that is not what it seems, makes the whole
// JWK set unusable. Beside each stands the set that it imitates.
func TestAttacksThroughTheKeySet(t *testing.T) {
	k := testKeys()
	number := func(b []byte) string { return encode(string(b)) }
	n, x := number(k.rsa.N.Bytes()), number(k.ed25519[32:])
	point := must(k.p256.PublicKey.Bytes())
	px, py := number(point[1:33]), number(point[33:])
	rsaKey := func(n, e string) string { return `"kty":"RSA","alg":"RS256","n":"` + n + `","e":"` + e + `"` }
	ecKey := func(x, y string) string {
		return `"kty":"EC","alg":"ES256","crv":"P-256","x":"` + x + `","y":"` + y + `"`
	}
	edKey := func(x string) string { return `"kty":"OKP","alg":"EdDSA","crv":"Ed25519","x":"` + x + `"` }
	honestRSA, honestEC, honestEd := rsaKey(n, "AQAB"), ecKey(px, py), edKey(x)
	tiny := func(bits uint) string {
		return number(new(big.Int).SetBit(new(big.Int).SetBit(new(big.Int), int(bits-1), 1), 0, 1).Bytes())
	}
	for name, keys := range map[string][2]string{
		"RSA, e = 1":                      {rsaKey(n, "AQ"), honestRSA},
		"RSA, e = 0":                      {rsaKey(n, "AA"), honestRSA},
		"RSA, e = 2":                      {rsaKey(n, "Ag"), honestRSA},
		"RSA, e even":                     {rsaKey(n, "AQAA"), honestRSA},
		"RSA, e of 40 bits":               {rsaKey(n, "AQAAAAE"), honestRSA},
		"RSA, e = n":                      {rsaKey(n, n), honestRSA},
		"RSA of 512 bits":                 {rsaKey(tiny(512), "AQAB"), honestRSA},
		"RSA of 1024 bits":                {rsaKey(number(must(rsa.GenerateKey(rand.Reader, 1024)).N.Bytes()), "AQAB"), honestRSA},
		"RSA of 2047 bits":                {rsaKey(tiny(2047), "AQAB"), rsaKey(tiny(2048), "AQAB")},
		"RSA of 8193 bits":                {rsaKey(tiny(8193), "AQAB"), rsaKey(tiny(8192), "AQAB")},
		"RSA of a million bits":           {rsaKey(tiny(1<<20), "AQAB"), honestRSA},
		"RSA, n even":                     {rsaKey(number(new(big.Int).Lsh(big.NewInt(1), 2047).Bytes()), "AQAB"), honestRSA},
		"RSA, n with zeros in front":      {rsaKey(number(append([]byte{0}, k.rsa.N.Bytes()...)), "AQAB"), honestRSA},
		"RSA, n twice":                    {honestRSA + `,"n":"` + tiny(2048) + `"`, honestRSA},
		"RSA, n in another case":          {honestRSA + `,"N":"` + tiny(2048) + `"`, honestRSA},
		"RSA, n twice by an escape":       {honestRSA + `,"\u006e":"` + tiny(2048) + `"`, honestRSA},
		"RSA for HS256":                   {strings.Replace(honestRSA, "RS256", "HS256", 1), honestRSA},
		"RSA for none":                    {strings.Replace(honestRSA, "RS256", "none", 1), honestRSA},
		"RSA without alg":                 {strings.Replace(honestRSA, `"alg":"RS256",`, "", 1), honestRSA},
		"RSA for encryption":              {honestRSA + `,"use":"enc"`, honestRSA + `,"use":"sig"`},
		"secret":                          {`"kty":"oct","alg":"HS256","k":"` + n + `"`, honestRSA},
		"secret beside a public key":      {honestRSA + `,"k":"` + n + `"`, honestRSA},
		"private key":                     {honestRSA + `,"d":"AQAB"`, honestRSA},
		"EC, point at infinity":           {ecKey(number(make([]byte, 32)), number(make([]byte, 32))), honestEC},
		"EC, coordinates empty":           {ecKey("", ""), honestEC},
		"EC, point on no curve":           {ecKey(px, px), honestEC},
		"EC, x beyond the prime":          {ecKey(strings.Repeat("_", 42)+"8", py), honestEC},
		"EC, coordinates swapped":         {ecKey(py, px), honestEC},
		"EC, on a weaker curve":           {strings.Replace(honestEC, "P-256", "P-224", 1), honestEC},
		"EC, on the curve of Bitcoin":     {strings.Replace(honestEC, "P-256", "secp256k1", 1), honestEC},
		"EC for ES512":                    {strings.Replace(honestEC, "ES256", "ES512", 1), honestEC},
		"Ed25519 of zeros":                {edKey(number(make([]byte, 32))), honestEd},
		"Ed25519, neutral element":        {edKey(number(append([]byte{1}, make([]byte, 31)...))), honestEd},
		"X25519":                          {strings.Replace(honestEd, "Ed25519", "X25519", 1), honestEd},
		"two keys of one kid":             {honestEd + `,"kid":"a"},{` + honestEC + `,"kid":"a"`, honestEd + `,"kid":"a"},{` + honestEC + `,"kid":"b"`},
		"two keys without kid":            {honestEd + `},{` + honestEC, honestEd + `},{` + honestEC + `,"kid":"b"`},
		"kid null":                        {honestEd + `,"kid":null`, honestEd + `,"kid":"null"`},
		"kid twice":                       {honestEd + `,"kid":"a","kid":"b"`, honestEd + `,"kid":"a"`},
		"one key for two algorithms":      {honestRSA + `},{"kid":"b",` + strings.Replace(honestRSA, "RS256", "PS256", 1), honestRSA},
		"one of many keys is unusable":    {honestRSA + `},{"kid":"b",` + edKey(number(make([]byte, 32))), honestRSA + `},{"kid":"b",` + honestEd},
		"a key that is null":              {honestRSA + `},null,{"kid":"b",` + honestEd, honestRSA + `},{"kid":"b",` + honestEd},
		"the set has keys twice, by case": {honestRSA + `}],"KEYS":[{` + honestEd, honestRSA},
	} {
		t.Run(name, func(t *testing.T) {
			if keys, err := jwttoken.ParseJWKS([]byte(`{"keys":[{` + keys[0] + `}]}`)); !errors.Is(err, jwttoken.ErrKey) || keys != nil {
				t.Errorf("got %d keys, error %v, want ErrKey", len(keys), err)
			}
			if _, err := jwttoken.ParseJWKS([]byte(`{"keys":[{` + keys[1] + `}]}`)); err != nil {
				t.Errorf("the honest set is refused: %v", err)
			}
		})
	}
}

// Each kid of a ring goes with its key and that key's algorithm: no pair of two of
// them is accepted in any other combination.
func TestAttacksThroughAnotherKeyOfTheRing(t *testing.T) {
	algs := []string{"HS256", "RS256", "ES256", "EdDSA"}
	var keys []jwttoken.Key
	for _, alg := range algs {
		private, _ := keysOf(alg)
		keys = append(keys, newKey(t, "kid of "+alg, alg, private))
	}
	ring := newTokens(t, jwttoken.Options{Keys: keys})
	token := func(kid, alg, signer string) string {
		return forge(t, signer, encode(`{"alg":"`+alg+`","typ":"at+jwt","kid":"kid of `+kid+`"}`), encode(ownPayload))
	}
	var attacks []attack
	for _, kid := range algs {
		for _, alg := range algs {
			for _, signer := range algs {
				if kid != alg || alg != signer {
					attacks = append(attacks, attack{kid + "'s kid, alg " + alg + ", signed with " + signer, token(kid, alg, signer), token(kid, kid, kid)})
				}
			}
		}
	}
	repels(t, ring, attacks)
}
