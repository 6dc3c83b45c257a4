package core

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
)

// Ref names one access token: the 16 bytes of the UUIDv4 (RFC 9562 §5.4) in its
// ref_id claim. The zero Ref names none. It is a plain value, comparable with ==.
type Ref [16]byte

// IsZero reports whether the reference names no access token.
func (r Ref) IsZero() bool { return r == Ref{} }

// String returns the reference in the text form of a UUID (RFC 9562 §4), in
// lower case.
func (r Ref) String() string {
	text, _ := r.MarshalText()
	return string(text)
}

// MarshalText returns what String returns. It never fails.
func (r Ref) MarshalText() ([]byte, error) {
	text := make([]byte, 36)
	at := 0
	for i, group := range [...][]byte{r[0:4], r[4:6], r[6:8], r[8:10], r[10:16]} {
		if i > 0 {
			text[at] = '-'
			at++
		}
		at += hex.Encode(text[at:], group)
	}
	return text, nil
}

// UnmarshalText reads the form that String returns, digits of either case. Any
// other text is an error and leaves the reference as it was.
func (r *Ref) UnmarshalText(text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return errors.New("reference is not a UUID of 36 characters")
	}
	var digits [32]byte
	n := 0
	for i, c := range text {
		switch i {
		case 8, 13, 18, 23:
		default:
			digits[n] = c
			n++
		}
	}
	var ref Ref
	if _, err := hex.Decode(ref[:], digits[:]); err != nil {
		return errors.New("reference is not a UUID of hexadecimal digits")
	}
	*r = ref
	return nil
}

// asUUIDv4 returns the reference with the version and variant bits of a UUIDv4
// (RFC 9562 §5.4).
func (r Ref) asUUIDv4() Ref {
	r[6] = r[6]&0x0f | 0x40
	r[8] = r[8]&0x3f | 0x80
	return r
}

// newRef returns a random reference.
func newRef() Ref {
	var r Ref
	rand.Read(r[:]) // never fails: see crypto/rand.Read
	return r.asUUIDv4()
}
