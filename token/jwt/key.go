package jwttoken

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/tokenauth/tokenauth/core"
)

// ErrKey means that a key, or a set of keys, can't be used. See [NewKey], [New] and
// [ParseJWKS]. Match it with [errors.Is]. The text of the error shows no key material.
var ErrKey = errors.New("unusable key")

func keyError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrKey, fmt.Errorf(format, args...))
}

// Key is a key of a [Signer] or a [Verifier]: its material, its one algorithm and its
// kid. [NewKey] and [ParseJWKS] make keys; the zero Key is refused everywhere. A Key
// never changes, is safe for concurrent use and is cheap to copy. Printing one shows
// its algorithm and kid, and no key material.
type Key struct{ k *key }

// key keeps its secrets in functions. fmt prints what it finds in an unexported field of
// another type without calling a Format method.
type key struct {
	algorithm
	kid             string
	jwk             jwk // the public half; empty with HMAC
	signatureLength int // of all its signatures, in base64url

	sign    func(text string) ([]byte, error) // nil in a public key
	verify  func(text string, signature []byte) error
	newMAC  func() hash.Hash // HMAC only
	id      func() []byte    // the secret or the public numbers, which no other key has
	buffers sync.Pool        // of *buffers
}

// The key types of RFC 7518 §6.1 and RFC 8037 §2.
const (
	octKey = "oct"
	rsaKey = "RSA"
	ecKey  = "EC"
	okpKey = "OKP"
)

const (
	maxKIDBytes = 255
	minRSABits  = 2048 // RFC 7518 §3.3
	maxRSABits  = 8192 // as in crypto/tls, because checking a larger key takes long

	maxRSAExponent = 1<<31 - 1 // as in crypto/rsa
)

// ed25519Curve is the crv of an Ed25519 key (RFC 8037 §2).
const ed25519Curve = "Ed25519"

// algorithm is one of those of RFC 7518 §3.1 and RFC 8037 §3.1.
type algorithm struct {
	name    string
	method  jwt.SigningMethod
	keyType string
	hash    crypto.Hash    // HMAC only
	curve   elliptic.Curve // ECDSA only
}

var algorithms = map[string]algorithm{}

func init() {
	for _, a := range []algorithm{
		{method: jwt.SigningMethodHS256, keyType: octKey, hash: crypto.SHA256},
		{method: jwt.SigningMethodHS384, keyType: octKey, hash: crypto.SHA384},
		{method: jwt.SigningMethodHS512, keyType: octKey, hash: crypto.SHA512},
		{method: jwt.SigningMethodRS256, keyType: rsaKey},
		{method: jwt.SigningMethodRS384, keyType: rsaKey},
		{method: jwt.SigningMethodRS512, keyType: rsaKey},
		{method: saltOfHashLength(jwt.SigningMethodPS256), keyType: rsaKey},
		{method: saltOfHashLength(jwt.SigningMethodPS384), keyType: rsaKey},
		{method: saltOfHashLength(jwt.SigningMethodPS512), keyType: rsaKey},
		{method: jwt.SigningMethodES256, keyType: ecKey, curve: elliptic.P256()},
		{method: jwt.SigningMethodES384, keyType: ecKey, curve: elliptic.P384()},
		{method: jwt.SigningMethodES512, keyType: ecKey, curve: elliptic.P521()},
		{method: jwt.SigningMethodEdDSA, keyType: okpKey},
	} {
		a.name = a.method.Alg()
		algorithms[a.name] = a
	}
}

// saltOfHashLength returns the method with the one salt length that RFC 7518 §3.5
// allows. The method of golang-jwt accepts any when it verifies.
func saltOfHashLength(m *jwt.SigningMethodRSAPSS) jwt.SigningMethod {
	strict := *m
	strict.VerifyOptions = nil // which leaves Options
	return &strict
}

// NewKey returns a key for an algorithm. The alg is a name of RFC 7518 §3.1 or RFC 8037
// §3.1, and the material is of a type that crypto/x509 returns:
//
//	HS256 HS384 HS512                   []byte: a random secret of at least 32, 48, 64 bytes
//	RS256 RS384 RS512 PS256 PS384 PS512 *rsa.PrivateKey or *rsa.PublicKey of 2048 to 8192 bits
//	ES256 ES384 ES512                   *ecdsa.PrivateKey or *ecdsa.PublicKey on P-256, P-384, P-521
//	EdDSA                               ed25519.PrivateKey or ed25519.PublicKey
//
// A public key verifies and can't sign; the others do both.
//
// The kid (RFC 7515 §4.1.4) is valid UTF-8 of at most 255 bytes. It is written in every
// token that the key signs. A key with the kid "" signs tokens without a kid, and
// verifies only such tokens.
//
// The error matches [ErrKey] for anything else: an unknown algorithm, "none" included; a
// key of another type, on another curve or of another length (RFC 7518 §3.2, §3.3); and
// a private key that does not belong to its public key. An Ed25519 public key of low
// order is refused too, because anybody can sign for it. An Ed25519 public key that is
// not a point of the curve is accepted; it verifies nothing.
//
// A secret is also refused if it is one byte repeated, or if it has the form of a public key
// (RFC 8725 §2.1; see [core.IsPublicKey]). An Ed25519 public key given as []byte looks like
// any other 32 bytes. [New] and [NewVerifier] refuse it if that key is one of theirs.
//
// NewKey copies a secret and an Ed25519 key. It keeps an RSA or ECDSA key, which must
// not be changed afterwards.
func NewKey(kid, alg string, material any) (Key, error) {
	k, err := newKey(kid, alg, material)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return k, nil
}

func newKey(kid, alg string, material any) (Key, error) {
	a, ok := algorithms[alg]
	if !ok {
		return Key{}, fmt.Errorf("alg must be one of RFC 7518 §3.1 or EdDSA, and not none: it is %q", alg)
	}
	if len(kid) > maxKIDBytes || !utf8.ValidString(kid) {
		return Key{}, fmt.Errorf("kid must be valid UTF-8 of at most %d bytes", maxKIDBytes)
	}
	k := &key{algorithm: a, kid: kid}
	k.buffers.New = func() any { return k.newBuffers() }
	var err error
	switch a.keyType {
	case octKey:
		err = k.setSecret(material)
	case rsaKey:
		err = k.setRSA(material)
	case ecKey:
		err = k.setECDSA(material)
	case okpKey:
		err = k.setEd25519(material)
	}
	if err == nil {
		err = k.try()
	}
	if err != nil {
		return Key{}, err
	}
	return Key{k}, nil
}

func (k *key) setSecret(material any) error {
	secret, ok := material.([]byte)
	if !ok {
		return k.wrongType(material, "a []byte")
	}
	if wrong := k.wrongSecret(secret); wrong != "" {
		return fmt.Errorf("the secret for %s is %s: it must be at least %d random bytes (RFC 7518 §3.2) that nobody else knows",
			k.name, wrong, k.hash.Size())
	}
	secret = bytes.Clone(secret)
	k.set(secret, secret, secret)
	k.newMAC = func() hash.Hash { return hmac.New(k.hash.New, secret) }
	k.signatureLength = base64url.EncodedLen(k.hash.Size())
	return nil
}

// wrongSecret says what is wrong with a secret, and "" if nothing is.
func (k *key) wrongSecret(secret []byte) string {
	n := len(secret)
	switch {
	case n == 0:
		return "empty"
	case core.IsPublicKey(secret):
		return "a public key, a certificate or another key's text"
	case n == 1:
		return "1 byte long"
	case n < k.hash.Size():
		return fmt.Sprintf("%d bytes long", n)
	case bytes.Count(secret, secret[:1]) == n:
		return "one byte repeated"
	}
	return ""
}

func (k *key) setRSA(material any) error {
	var private any
	public, _ := material.(*rsa.PublicKey)
	if p, ok := material.(*rsa.PrivateKey); ok && p != nil {
		private, public = p, &p.PublicKey
	}
	if public == nil || public.N == nil {
		return k.wrongType(material, "a *rsa.PrivateKey or *rsa.PublicKey")
	}
	bits := public.N.BitLen()
	if bits < minRSABits || bits > maxRSABits {
		return fmt.Errorf("the key for %s must have %d to %d bits (RFC 7518 §3.3): it has %d", k.name, minRSABits, maxRSABits, bits)
	}
	if public.N.Bit(0) == 0 || public.E < 3 || public.E%2 == 0 || public.E > maxRSAExponent {
		return errors.New("the RSA modulus must be odd, and the exponent odd and from 3 to 2^31-1")
	}
	n, e := public.N.Bytes(), big.NewInt(int64(public.E)).Bytes()
	k.set(public, private, n)
	k.jwk = k.newJWK()
	k.jwk.N, k.jwk.E = base64url.EncodeToString(n), base64url.EncodeToString(e)
	k.signatureLength = base64url.EncodedLen(public.Size())
	return nil
}

func (k *key) setECDSA(material any) error {
	var private any
	public, _ := material.(*ecdsa.PublicKey)
	if p, ok := material.(*ecdsa.PrivateKey); ok && p != nil {
		private, public = p, &p.PublicKey
	}
	if public == nil || !hasAllNumbers(public, private) {
		return k.wrongType(material, "a *ecdsa.PrivateKey or *ecdsa.PublicKey")
	}
	curve := k.curve.Params().Name
	if public.Curve != k.curve {
		return fmt.Errorf("the key for %s must be on %s (RFC 7518 §3.4)", k.name, curve)
	}
	point, err := public.Bytes()
	if err != nil {
		return fmt.Errorf("the point of the key must be on %s", curve)
	}
	k.set(public, private, point)
	k.jwk = k.newJWK()
	x, y := coordinates(point)
	k.jwk.Crv, k.jwk.X, k.jwk.Y = curve, base64url.EncodeToString(x), base64url.EncodeToString(y)
	k.signatureLength = base64url.EncodedLen(len(x) + len(y)) // r and s are as long
	return nil
}

// coordinates returns those of an uncompressed point (SEC 1 §2.3.3).
func coordinates(point []byte) (x, y []byte) {
	point = point[1:] // behind the byte that says "uncompressed"
	return point[:len(point)/2], point[len(point)/2:]
}

// hasAllNumbers reports whether no number is nil: crypto/ecdsa would panic.
func hasAllNumbers(public *ecdsa.PublicKey, private any) bool {
	//nolint:staticcheck // deprecated, but nothing is done with the numbers
	if p, ok := private.(*ecdsa.PrivateKey); ok && p.D == nil {
		return false
	}
	//nolint:staticcheck // deprecated, but nothing is done with the numbers
	return public.Curve != nil && public.X != nil && public.Y != nil
}

func (k *key) setEd25519(material any) error {
	var private any
	public, _ := material.(ed25519.PublicKey)
	if p, ok := material.(ed25519.PrivateKey); ok && len(p) == ed25519.PrivateKeySize {
		p = bytes.Clone(p)
		private, public = p, p.Public().(ed25519.PublicKey)
	}
	if len(public) != ed25519.PublicKeySize {
		return k.wrongType(material, "an ed25519.PrivateKey or ed25519.PublicKey")
	}
	public = bytes.Clone(public)
	if hasLowOrder(public) {
		return fmt.Errorf("the public key for %s must not be of low order: anybody can sign for it", k.name)
	}
	k.set(public, private, public)
	k.jwk = k.newJWK()
	k.jwk.Crv, k.jwk.X = ed25519Curve, base64url.EncodeToString(public)
	k.signatureLength = base64url.EncodedLen(ed25519.SignatureSize)
	return nil
}

// lowOrder holds the encodings of all points of Ed25519 whose order divides 8, without
// the bit that tells the two of one y apart (RFC 8032 §5.1.2): y = 0 and 1, the two of
// order 8, -1, and 0 and 1 encoded with the prime added to them.
var lowOrder = [...]string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

// hasLowOrder reports whether anybody can sign for an Ed25519 public key. crypto/ed25519
// accepts such a key, and 32 bytes of zero are one.
func hasLowOrder(public []byte) bool {
	y := bytes.Clone(public)
	y[len(y)-1] &= 0x7f
	return slices.Contains(lowOrder[:], hex.EncodeToString(y))
}

func (k *key) wrongType(material any, want string) error {
	return fmt.Errorf("the key for %s must be %s with all its parts: it is a %T", k.name, want, material)
}

// set stores what verifies, what signs (nil in a public key), and what tells the key
// from others.
func (k *key) set(public, private any, id []byte) {
	k.id = func() []byte { return id }
	k.verify = func(text string, signature []byte) error { return k.method.Verify(text, signature, public) }
	if private != nil {
		k.sign = func(text string) ([]byte, error) { return k.method.Sign(text, private) }
	}
}

// try checks that a private key belongs to its public key.
func (k *key) try() error {
	if k.sign == nil {
		return nil
	}
	const text = "tokenauth"
	signature, err := k.sign(text)
	if err != nil || k.verify(text, signature) != nil {
		return fmt.Errorf("the private key for %s must belong to its public key", k.name)
	}
	return nil
}

// buffers is what one call of Sign or Verify works with. A key pools them, because
// making the state of an HMAC costs more than using it.
type buffers struct {
	mac       hash.Hash // keyed; nil unless the algorithm is HMAC
	token     [MaxTokenBytes]byte
	payload   [MaxTokenBytes]byte
	signature [maxRSABits / 8]byte
	sum       [64]byte
	names     [fewNames][]byte
}

func (k *key) newBuffers() *buffers {
	b := &buffers{}
	if k.newMAC != nil {
		b.mac = k.newMAC()
	}
	return b
}

// macOf returns the MAC of the text. It stays valid until the next call.
func (b *buffers) macOf(text []byte) []byte {
	b.mac.Reset()
	b.mac.Write(text)
	return b.mac.Sum(b.sum[:0])
}
