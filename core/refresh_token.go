package core

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// A refresh token is the base64url text (RFC 4648 §5, no padding) of
//
//	version (1) ‖ id (25) ‖ generation (8) ‖ ref (16) ‖ issued (8) ‖ deadline (8) ‖ MAC (32)
//
// Numbers are big-endian, times milliseconds since 1970. The MAC is HMAC-SHA256
// of all before it.
const (
	tokenVersion = 1
	sealedBytes  = 1 + idBytes + 8 + len(Ref{}) + 8 + 8
	tokenBytes   = sealedBytes + sha256.Size
)

var (
	tokenEncoding = base64.RawURLEncoding.Strict()
	tokenLength   = tokenEncoding.EncodedLen(tokenBytes)
)

// refreshToken is what a refresh token says.
type refreshToken struct {
	id         [idBytes]byte
	generation int64
	ref        Ref
	issued     time.Time // when it was mapped to ref
	deadline   time.Time // when the session ends at the latest
}

func (t refreshToken) recordID() string { return idEncoding.EncodeToString(t.id[:]) }

// refreshKeys are what one secret gives: HMAC-SHA256 under independent keys for
// the two uses. The keys are in functions because fmt prints no function, but
// does print what it finds in an unexported field.
type refreshKeys struct {
	mac, next func(message []byte) []byte
}

func newRefreshKeys(secret []byte) (refreshKeys, error) {
	mac, err := deriveMAC(secret, "mac")
	if err != nil {
		return refreshKeys{}, err
	}
	next, err := deriveMAC(secret, "next reference")
	return refreshKeys{mac, next}, err
}

// deriveMAC derives a key for one use from the secret (RFC 5869).
func deriveMAC(secret []byte, use string) (func([]byte) []byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "tokenauth refresh token "+use+" v1", sha256.Size)
	return func(message []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(message)
		return h.Sum(nil)
	}, err
}

// seal returns the text of the token.
func (k refreshKeys) seal(t refreshToken) string {
	b := make([]byte, 0, tokenBytes)
	b = append(b, tokenVersion)
	b = append(b, t.id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.generation))
	b = append(b, t.ref[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.issued.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(t.deadline.UnixMilli()))
	return tokenEncoding.EncodeToString(append(b, k.mac(b)...))
}

// nextRef returns the reference that an exchange of the token leads to. It is
// derived, so that whoever repeats the exchange arrives at the same.
func (k refreshKeys) nextRef(t refreshToken) Ref {
	b := make([]byte, 0, idBytes+8+len(t.ref))
	b = append(b, t.id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.generation))
	b = append(b, t.ref[:]...)
	return Ref(k.next(b)[:len(t.ref)]).asUUIDv4()
}

// keyring holds the keys of every secret: the first seals, all open.
type keyring []refreshKeys

func newKeyring(secrets [][]byte) (keyring, error) {
	ring := make(keyring, 0, len(secrets))
	for _, secret := range secrets {
		keys, err := newRefreshKeys(secret)
		if err != nil {
			return nil, err
		}
		ring = append(ring, keys)
	}
	return ring, nil
}

// open returns what a genuine token says and the keys that verified it. A text
// of the wrong length costs nothing; any other costs the same, whatever it says.
func (ring keyring) open(text string) (t refreshToken, keys refreshKeys, genuine bool) {
	if len(text) != tokenLength {
		return refreshToken{}, refreshKeys{}, false
	}
	var b [tokenBytes]byte
	// A line break, which the decoder would skip, leaves too few bytes.
	n, err := tokenEncoding.Decode(b[:], []byte(text))
	if err != nil || n != tokenBytes {
		return refreshToken{}, refreshKeys{}, false
	}
	for _, k := range ring {
		if hmac.Equal(k.mac(b[:sealedBytes]), b[sealedBytes:]) {
			keys, genuine = k, true
		}
	}
	if !genuine || b[0] != tokenVersion {
		return refreshToken{}, refreshKeys{}, false
	}
	rest := b[1:sealedBytes]
	t.id = [idBytes]byte(rest[:idBytes])
	rest = rest[idBytes:]
	t.generation = int64(binary.BigEndian.Uint64(rest))
	t.ref = Ref(rest[8:])
	rest = rest[8+len(t.ref):]
	t.issued = time.UnixMilli(int64(binary.BigEndian.Uint64(rest))).UTC()
	t.deadline = time.UnixMilli(int64(binary.BigEndian.Uint64(rest[8:]))).UTC()
	return t, keys, true
}
