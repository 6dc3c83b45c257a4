package jwttoken

import (
	"crypto/hmac"

	"github.com/tokenauth/tokenauth/core"
)

var (
	errLength    = tokenError("it is too long")
	errSignature = tokenError("the signature is not the key's")
)

// verify stores the claims of the token in c, which it leaves alone where it
// returns an error. (It returns no Claims, as copying them takes its time.)
func (r *ring) verify(token string, c *core.Claims) error {
	if len(token) > MaxTokenBytes {
		return errLength
	}
	k, header, own, err := r.keyOf(token)
	if err != nil {
		return err
	}
	s := k.pool.Get().(*scratch)
	defer k.pool.Put(s)
	payload, err := k.open(s, token, len(header))
	if err != nil {
		return err
	}
	if own && r.parseOwnPayload(payload, c) {
		return nil
	}
	// It is genuine and laid out as no token of ours: the library's parser has to take
	// it too. That comes second, as it reads the payload before it checks the signature.
	if err := k.parse(token); err != nil {
		return err
	}
	return r.parsePayload(payload, c)
}

// open checks the signature of the token and returns the payload, whose segment
// begins at token[payload]. What it returns is good until the next use of s.
func (k *key) open(s *scratch, token string, payload int) ([]byte, error) {
	// The signatures of a key all have one length.
	end := len(token) - base64url.EncodedLen(k.signatureBytes) - 1
	if end < payload || token[end] != '.' {
		return nil, errParts
	}
	text := s.token[:copy(s.token[:], token)]
	signature, ok := decodeSegment(s.signature[:], text[end+1:])
	if !ok {
		return nil, errEncoding
	}
	if s.mac != nil {
		ok = hmac.Equal(signature, s.macOf(text[:end]))
	} else {
		ok = k.verify(token[:end], signature) == nil
	}
	if !ok {
		return nil, errSignature
	}
	// Were there a fourth part, it would be in here, and a dot is not base64url.
	decoded, ok := decodeSegment(s.payload[:], text[payload:end])
	if !ok {
		return nil, errEncoding
	}
	return decoded, nil
}
