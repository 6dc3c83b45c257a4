package jwttoken_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// vector is an example of an RFC: a JWS in compact form and its key.
type vector struct {
	name, alg string
	key       map[string]string // a JWK
	header    string
	payload   string
	signature string // base64url
}

const rfc7515Payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"

var vectors = []vector{
	{
		name: "RFC 7515 A.1", alg: "HS256",
		key:       map[string]string{"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"},
		header:    "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
		payload:   rfc7515Payload,
		signature: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
	},
	{
		name: "RFC 7515 A.2", alg: "RS256",
		key: map[string]string{
			"kty": "RSA", "e": "AQAB",
			"n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp" +
				"-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW" +
				"vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs" +
				"LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k" +
				"G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2" +
				"PAcDTW9gb54h4FRWyuXpoQ",
			"d": "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_G" +
				"Q5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKV" +
				"RUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9J" +
				"YanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoF" +
				"aFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjn" +
				"czT0QU91p1DhOVRuOopznQ",
			"p": "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBds" +
				"s1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ" +
				"5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
			"q": "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHA" +
				"jLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLt" +
				"XlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
		},
		header:  `{"alg":"RS256"}`,
		payload: rfc7515Payload,
		signature: "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7" +
			"AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4" +
			"BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K" +
			"0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv" +
			"hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB" +
			"p0igcN_IoypGlUPQGe77Rw",
	},
	{
		name: "RFC 7515 A.3", alg: "ES256",
		key: map[string]string{
			"kty": "EC", "crv": "P-256",
			"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
			"y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
			"d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
		},
		header:    `{"alg":"ES256"}`,
		payload:   rfc7515Payload,
		signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
	},
	{
		name: "RFC 7515 A.4", alg: "ES512",
		key: map[string]string{
			"kty": "EC", "crv": "P-521",
			"x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
			"y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
			"d": "AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C",
		},
		header:  `{"alg":"ES512"}`,
		payload: "Payload",
		signature: "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZq" +
			"wqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8Kp" +
			"EHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
	},
	{
		name: "RFC 8037 A.4", alg: "EdDSA",
		key: map[string]string{
			"kty": "OKP", "crv": "Ed25519",
			"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
			"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
		},
		header:    `{"alg":"EdDSA"}`,
		payload:   "Example of Ed25519 signing",
		signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
	},
}

func (v vector) signed() string { return encode(v.header) + "." + encode(v.payload) }
func (v vector) token() string  { return v.signed() + "." + v.signature }

// number returns a member of the JWK.
func (v vector) number(name string) []byte {
	return must(base64.RawURLEncoding.DecodeString(v.key[name]))
}

func (v vector) curve() elliptic.Curve {
	if v.alg == "ES512" {
		return elliptic.P521()
	}
	return elliptic.P256()
}

// private returns the key as it signs.
func (v vector) private(t testing.TB) any {
	t.Helper()
	switch v.key["kty"] {
	case "RSA":
		return v.rsa()
	case "EC":
		return must(ecdsa.ParseRawPrivateKey(v.curve(), v.number("d")))
	case "OKP":
		return ed25519.NewKeyFromSeed(v.number("d"))
	}
	return v.number("k")
}

func (v vector) rsa() *rsa.PrivateKey {
	integer := func(name string) *big.Int { return new(big.Int).SetBytes(v.number(name)) }
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: integer("n"), E: int(integer("e").Int64())},
		D:         integer("d"), Primes: []*big.Int{integer("p"), integer("q")},
	}
	if err := key.Validate(); err != nil {
		panic(err)
	}
	key.Precompute()
	return key
}

// public returns the key as it verifies.
func (v vector) public(t testing.TB) any {
	t.Helper()
	if private, ok := v.private(t).(interface{ Public() crypto.PublicKey }); ok {
		return private.Public()
	}
	return v.private(t)
}

// verifies returns the key as it comes to a resource server: in a JWK set, where it
// has a public half.
func (v vector) verifies(t testing.TB) jwttoken.Key {
	t.Helper()
	if v.key["kty"] == "oct" {
		return newKey(t, "", v.alg, v.number("k"))
	}
	public := map[string]string{"alg": v.alg}
	for name, value := range v.key {
		switch name {
		case "d", "p", "q":
		default:
			public[name] = value
		}
	}
	set := fmt.Appendf(nil, `{"keys":[%s]}`, must(json.Marshal(public)))
	keys, err := jwttoken.ParseJWKS(set)
	if err != nil || len(keys) != 1 {
		t.Fatalf("got %d keys, error %v", len(keys), err)
	}
	return keys[0]
}

// isGenuine asks crypto alone whether the key has signed it; where a text has one
// signature, it must be that.
func (v vector) isGenuine(t testing.TB) bool {
	t.Helper()
	signature := must(base64.RawURLEncoding.DecodeString(v.signature))
	signed := []byte(v.signed())
	sum := sha256.Sum256(signed)
	switch key := v.private(t).(type) {
	case []byte:
		mac := hmac.New(sha256.New, key)
		mac.Write(signed)
		return hmac.Equal(mac.Sum(nil), signature)
	case *rsa.PrivateKey:
		return string(must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]))) == string(signature) &&
			rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) == nil
	case ed25519.PrivateKey:
		return string(ed25519.Sign(key, signed)) == string(signature)
	case *ecdsa.PrivateKey:
		hash := sum[:]
		if v.alg == "ES512" {
			long := sha512.Sum512(signed)
			hash = long[:]
		}
		half := len(signature) / 2
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		return ecdsa.Verify(&key.PublicKey, hash, r, s)
	}
	return false
}
