package jwttoken

// HasPublicKey reports whether b is the bytes of a public key that these tokens are
// verified with: the 32 of an Ed25519 key (RFC 8032 §5.1.5), the modulus of an RSA
// key or the point of an ECDSA key (SEC 1 §2.3.3), compressed or not, or a coordinate of
// it. core.New asks it, so that nobody takes one for a secret.
func (t *Signer) HasPublicKey(b []byte) bool {
	for _, k := range t.ring.keys {
		if k.isKnownBy(b) {
			return true
		}
	}
	return false
}
