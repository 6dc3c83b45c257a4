package jwttoken

import (
	"encoding/base64"
	"hash"
)

// base64url is that of RFC 7515 §2: no padding, and no bits behind the last
// byte that could be set.
var base64url = base64.RawURLEncoding.Strict()

// scratch is what one call of Sign or Verify works with. A key pools them,
// because making the state of an HMAC costs more than using it.
type scratch struct {
	mac       hash.Hash // keyed; nil unless the algorithm is HMAC
	token     [MaxTokenBytes]byte
	payload   [MaxTokenBytes]byte
	signature [maxRSABits / 8]byte
	sum       [64]byte
}

func (k *key) newScratch() *scratch {
	s := &scratch{}
	if k.newMAC != nil {
		s.mac = k.newMAC()
	}
	return s
}

// macOf returns the MAC of the text. It is good until the next call.
func (s *scratch) macOf(text []byte) []byte {
	s.mac.Reset()
	s.mac.Write(text)
	return s.mac.Sum(s.sum[:0])
}

// decodeSegment decodes base64url to dst, which must be long enough, and returns
// the part of dst that it filled. It reports whether the text is the one
// encoding of that.
func decodeSegment(dst, text []byte) ([]byte, bool) {
	n, err := base64url.Decode(dst, text)
	// The decoder skips line breaks, and then there are fewer bytes than the
	// length of the text calls for.
	return dst[:n], err == nil && len(text)%4 != 1 && n == base64url.DecodedLen(len(text))
}

// decodeText is decodeSegment where time does not matter.
func decodeText(text string) ([]byte, bool) {
	return decodeSegment(make([]byte, base64url.DecodedLen(len(text))), []byte(text))
}
