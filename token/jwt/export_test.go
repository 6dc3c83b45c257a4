package jwttoken

import (
	"bytes"
	"strings"
)

// Open does what Verify does with a token of whatever header, once it has found the
// key: it checks the signature and returns the payload. Tests of signatures need it
// where header and claims are not those of an access token.
func (k Key) Open(token string) ([]byte, error) {
	s := k.k.newScratch()
	payload, err := k.k.open(s, token, strings.IndexByte(token, '.')+1)
	return bytes.Clone(payload), err
}

// Parse does what Verify does before that where the header or payload is laid out
// otherwise than Sign does it.
func (k Key) Parse(token string) error { return k.k.parse(token) }
