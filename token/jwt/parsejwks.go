package jwttoken

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
)

const ed25519Curve = "Ed25519"

// ParseJWKS returns the keys of the text of a JWK set (RFC 7517 §5), in its
// order, for the Options of a [Verifier]. It is strict, because it decides whom a
// resource server trusts. The whole set is [ErrKey] if one of its keys is
// anything but a public signature key that [NewKey] takes: each needs kty (RSA, EC or
// OKP), an alg that fits, and its numbers; use, if there is one, is "sig", and
// key_ops has "verify". A set with a secret ("oct") or with any private number is
// refused, and so are two keys of one kid, a key for two algorithms, and a name that is
// there twice. Other members are not looked at; nothing is ever fetched. A set without keys
// gives none.
func ParseJWKS(data []byte) ([]Key, error) {
	set, err := members(data)
	if err != nil {
		return nil, keyError("the JWK set is %w", err)
	}
	i := slices.IndexFunc(set, func(m member) bool { return m.name == "keys" })
	var list []json.RawMessage
	if i < 0 || set[i].value[0] != '[' || json.Unmarshal(set[i].value, &list) != nil {
		return nil, keyError("the JWK set has no array of keys")
	}
	keys := make([]Key, len(list))
	for i, text := range list {
		if keys[i], err = parseJWK(text); err != nil {
			return nil, keyError("key %d of the JWK set: %w", i+1, err)
		}
	}
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	return keys, nil
}

func parseJWK(text []byte) (Key, error) {
	all, err := members(text)
	if err != nil {
		return Key{}, err
	}
	j := jwkMembers{}
	for _, m := range all {
		if isPrivateMember(m.name) {
			return Key{}, errors.New("it is a secret or a private key")
		}
		j[m.name] = m.value
	}
	if _, ok := j["use"]; ok && j.text("use") != "sig" {
		return Key{}, errors.New(`its use is not "sig"`)
	}
	if raw, ok := j["key_ops"]; ok {
		var operations []string
		if json.Unmarshal(raw, &operations) != nil || !slices.Contains(operations, "verify") {
			return Key{}, errors.New(`its key_ops have no "verify"`)
		}
	}
	kid := j.text("kid")
	if _, ok := j["kid"]; ok && kid == "" {
		return Key{}, errors.New("its kid is empty or not a string")
	}
	a, ok := algorithms[j.text("alg")]
	if !ok || a.keyType != j.text("kty") {
		return Key{}, errors.New("it has no alg and kty that are known and fit")
	}
	public := j.public(a)
	if public == nil {
		return Key{}, errors.New("its numbers are missing or wrong")
	}
	return NewKey(kid, a.name, public)
}

// isPrivateMember reports whether a reader, be it one that ignores case, finds a secret
// or a part of a private key under that name (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
func isPrivateMember(name string) bool {
	return slices.ContainsFunc([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"}, func(private string) bool {
		return strings.EqualFold(name, private)
	})
}

// jwkMembers are the members of a JWK, by name.
type jwkMembers map[string]json.RawMessage

// text returns a member that is a string, "" where it is none.
func (j jwkMembers) text(name string) string {
	raw, ok := j[name]
	if !ok {
		return ""
	}
	s, _ := parseString(raw)
	return s
}

// bytes returns a member that is base64url, nil where it is none.
func (j jwkMembers) bytes(name string) []byte {
	b, ok := decodeText(j.text(name))
	if !ok {
		return nil
	}
	return b
}

// public returns the key that the numbers make, nil where they make none.
func (j jwkMembers) public(a algorithm) any {
	switch a.keyType {
	case rsaKey:
		n, e := j.bytes("n"), j.bytes("e")
		// No leading zeros: RFC 7518 §6.3.1.
		if len(n) == 0 || n[0] == 0 || len(e) == 0 || len(e) > 4 || e[0] == 0 {
			return nil
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	case ecKey:
		x, y := j.bytes("x"), j.bytes("y")
		if j.text("crv") != a.curve.Params().Name || len(x) != len(y) {
			return nil
		}
		if public, err := ecdsa.ParseUncompressedPublicKey(a.curve, slices.Concat([]byte{4}, x, y)); err == nil {
			return public
		}
	case okpKey:
		if x := j.bytes("x"); j.text("crv") == ed25519Curve && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}
