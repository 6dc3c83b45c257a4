// Package sealed makes and opens the text of refresh tokens: what a token says, under
// a MAC that nobody without the secret can make.
//
// The text is the base64url (RFC 4648 §5, no padding) of
//
//	version (1) ‖ flags (1) ‖ id (25) ‖ generation (8) ‖ ref (16) ‖ issued (8) ‖ deadline (8) ‖ [binding (34)] ‖ MAC (32)
//
// Numbers are big-endian, times are milliseconds since 1970. Bit 0 of the flags says
// that the cookies end with the browser, bit 1 that a binding follows; the others are
// zero. The MAC is HMAC-SHA256 of everything before it.
package sealed

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const (
	version = 1

	flagBrowserSession = 1 << 0
	flagBinding        = 1 << 1

	bindingBytes = len(Binding{})
	contentBytes = 1 + 1 + len(Token{}.ID) + 8 + len(Token{}.Ref) + 8 + 8
	plainBytes   = contentBytes + sha256.Size
	boundBytes   = plainBytes + bindingBytes
)

var (
	encoding = base64.RawURLEncoding.Strict()

	plainLength = encoding.EncodedLen(plainBytes)
	// MaxLength is the length of the longest text.
	MaxLength = encoding.EncodedLen(boundBytes)
)

// Token is what a refresh token says.
type Token struct {
	ID         [25]byte  // of the record
	Generation int64     // the number of exchanges so far
	Ref        [16]byte  // the reference it is mapped to
	Issued     time.Time // when it was mapped to Ref
	Deadline   time.Time // when the session ends at the latest
	// BrowserSession means that the cookies end with the browser.
	BrowserSession bool
	// Binding is the key that a refresh must prove. Zero: none.
	Binding Binding
}

// Binding is a kind, which is not zero, and a key or its thumbprint.
type Binding [34]byte

// HasLength reports whether a refresh token can be as long as that text.
func HasLength(text string) bool { return len(text) == plainLength || len(text) == MaxLength }

// Key is what one secret gives: HMAC-SHA256 under independent keys for the two uses. The
// keys are in functions because fmt prints no function, but does print what it finds in
// an unexported field.
type Key struct {
	mac, next func(message []byte) []byte
}

func newKey(purpose string, secret []byte) (Key, error) {
	mac, macErr := derive(purpose, secret, "mac")
	next, nextErr := derive(purpose, secret, "next reference")
	return Key{mac, next}, errors.Join(macErr, nextErr)
}

// derive derives a key for one purpose and one use from the secret (RFC 5869).
func derive(purpose string, secret []byte, use string) (func([]byte) []byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "tokenauth refresh token "+use+" v1\x00"+purpose, sha256.Size)
	return func(message []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(message)
		return h.Sum(nil)
	}, err
}

// Next derives the reference that an exchange of the token leads to. A repeated exchange
// arrives at the same one.
func (k Key) Next(t Token) [16]byte {
	b := make([]byte, 0, len(t.ID)+8+len(t.Ref))
	b = append(b, t.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.Generation))
	b = append(b, t.Ref[:]...)
	return [16]byte(k.next(b))
}

// Ring holds the keys of every secret: the first seals, all open.
type Ring []Key

// NewRing returns the keys of the secrets for one purpose. A token of another purpose is
// not genuine.
func NewRing(purpose string, secrets ...[]byte) (Ring, error) {
	ring := make(Ring, 0, len(secrets))
	for _, secret := range secrets {
		key, err := newKey(purpose, secret)
		if err != nil {
			return nil, fmt.Errorf("derive keys: %w", err)
		}
		ring = append(ring, key)
	}
	return ring, nil
}

// Seal returns the text of the token.
func (ring Ring) Seal(t Token) string {
	var flags byte
	if t.BrowserSession {
		flags |= flagBrowserSession
	}
	if t.Binding != (Binding{}) {
		flags |= flagBinding
	}
	b := make([]byte, 0, boundBytes)
	b = append(b, version, flags)
	b = append(b, t.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.Generation))
	b = append(b, t.Ref[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.Issued.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(t.Deadline.UnixMilli()))
	if flags&flagBinding != 0 {
		b = append(b, t.Binding[:]...)
	}
	return encoding.EncodeToString(append(b, ring[0].mac(b)...))
}

// Open returns what a genuine token says and the key that verified it. A text of
// another length costs nothing. Any other costs the same as those of its length,
// whatever it says.
func (ring Ring) Open(text string) (t Token, key Key, genuine bool) {
	if !HasLength(text) {
		return Token{}, Key{}, false
	}
	var buffer [boundBytes]byte
	b := buffer[:encoding.DecodedLen(len(text))]
	// A line break, which the decoder skips, leaves too few bytes.
	if n, err := encoding.Decode(b, []byte(text)); err != nil || n != len(b) {
		return Token{}, Key{}, false
	}
	content, mac := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	for _, k := range ring {
		if hmac.Equal(k.mac(content), mac) {
			key, genuine = k, true
		}
	}
	if genuine {
		t, genuine = read(content)
	}
	if !genuine {
		return Token{}, Key{}, false
	}
	return t, key, true
}

// read returns what the content of a token with a right MAC says, if this version of the
// package knows its form.
func read(content []byte) (Token, bool) {
	flags := content[1]
	bound := flags&flagBinding != 0
	if content[0] != version || flags&^(flagBrowserSession|flagBinding) != 0 || bound != (len(content) > contentBytes) {
		return Token{}, false
	}
	t := Token{BrowserSession: flags&flagBrowserSession != 0}
	rest := content[2:]
	rest = rest[copy(t.ID[:], rest):]
	t.Generation = int64(binary.BigEndian.Uint64(rest))
	rest = rest[8:]
	rest = rest[copy(t.Ref[:], rest):]
	t.Issued = time.UnixMilli(int64(binary.BigEndian.Uint64(rest))).UTC()
	t.Deadline = time.UnixMilli(int64(binary.BigEndian.Uint64(rest[8:]))).UTC()
	copy(t.Binding[:], rest[16:])
	return t, !bound || t.Binding[0] != 0
}
