package jwttoken

import "strings"

// maxHeaderNames is far above what a header has use for: it is read before the
// signature is checked, and each name costs many times its length.
const maxHeaderNames = 16

var (
	errParts       = tokenError("it has not three parts, or its signature has not the length of the key's")
	errEncoding    = tokenError("a part is not base64url")
	errHeader      = tokenError("the header is not a JSON object of at most 16 distinct names")
	errHeaderName  = tokenError("the header has a name that is refused")
	errHeaderValue = tokenError("the alg, typ or kid in the header is not a string")
	errType        = tokenError("it is of another type")
	errKID         = tokenError("no key has its kid")
	errAlgorithm   = tokenError("its algorithm is not that of the key")
)

// keyOf returns the key that must have signed the token, the header with the dot
// behind it, and whether that is the very one that Sign writes.
func (r *ring) keyOf(token string) (k *key, header string, own bool, err error) {
	// Tokens of our own making have the very header that the key would write.
	for i := range r.keys {
		if k := &r.keys[i]; strings.HasPrefix(token, k.header) {
			return k.key, k.header, true, nil
		}
	}
	end := strings.IndexByte(token, '.')
	if end < 0 {
		return nil, "", false, errParts
	}
	k, err = r.parseHeader(token[:end])
	return k, token[:end+1], false, err
}

// parseHeader reads a header that is not one of ours byte for byte. It may hold
// parameters that we know nothing of (RFC 7515 §4), but none that would change
// what is verified, or with which key.
func (r *ring) parseHeader(encoded string) (*key, error) {
	text, ok := decodeText(encoded)
	if !ok {
		return nil, errEncoding
	}
	parameters, err := membersUpTo(maxHeaderNames, text)
	if err != nil {
		return nil, errHeader
	}
	var alg, typ, kid string
	hasKID := false
	for _, p := range parameters {
		value := &alg
		switch p.name {
		case "alg":
		case "typ":
			value = &typ
		case "kid":
			value, hasKID = &kid, true
		default:
			if isRefusedParameter(p.name) {
				return nil, errHeaderName
			}
			continue
		}
		if *value, ok = parseString(p.value); !ok {
			return nil, errHeaderValue
		}
	}
	if !r.isOfType(typ) {
		return nil, errType
	}
	for _, k := range r.keys {
		if k.kid != kid || hasKID != (kid != "") {
			continue
		}
		if k.name != alg {
			return nil, errAlgorithm
		}
		return k.key, nil
	}
	return nil, errKID
}

// isRefusedParameter reports whether a header parameter makes a token
// unacceptable: crit, as no extension is understood (RFC 7515 §4.1.11), b64
// (RFC 7797 §3), a key or where to fetch one, and kid in another case. (Where
// alg or typ is in another case, the right one is missing or is there twice.)
func isRefusedParameter(name string) bool {
	for _, refused := range [...]string{"crit", "b64", "jku", "jwk", "x5u", "x5c", "kid"} {
		if strings.EqualFold(name, refused) {
			return true
		}
	}
	return false
}
