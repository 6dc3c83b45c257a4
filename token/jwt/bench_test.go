package jwttoken_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// Each benchmark has, under the name Floor, the least that any implementation must do
// for the same token. What counts is the ratio within one run.

func BenchmarkVerifyHS256(b *testing.B) {
	secret := randomBytes(32)
	tokens, err := jwttoken.HS256(secret)
	if err != nil {
		b.Fatal(err)
	}
	token := sign(b, tokens, claims())
	b.Run("Floor", func(b *testing.B) {
		dot := strings.LastIndexByte(token, '.')
		macs := pooledMACs(secret)
		strict := base64.RawURLEncoding.Strict()
		b.ReportAllocs()
		for b.Loop() {
			m := macs.Get().(*mac)
			m.text = append(m.text[:0], token...)
			m.Reset()
			m.Write(m.text[:dot])
			m.sum = m.Sum(m.sum[:0])
			var err error
			m.signature, err = strict.AppendDecode(m.signature[:0], m.text[dot+1:])
			if err != nil || !hmac.Equal(m.sum, m.signature) {
				b.Fatal("not genuine")
			}
			macs.Put(m)
		}
	})
	b.Run("Verify", func(b *testing.B) { benchmarkVerify(b, tokens, token) })
	with := claims()
	with.Extra = `{"roles":["admin","billing"],"tenant":"4711","limits":{"rate":12.5,"burst":null}}`
	b.Run("VerifyWithExtra", func(b *testing.B) { benchmarkVerify(b, tokens, sign(b, tokens, with)) })
	// The same claims in another order.
	payload := decode(b, token, 1)
	at := strings.Index(payload, `,"user_id"`)
	moved := "{" + payload[at+1:len(payload)-1] + "," + payload[1:at] + "}"
	text := encode(ownHeader) + "." + encode(moved)
	foreign := text + "." + encode(string(must(jwt.SigningMethodHS256.Sign(text, secret))))
	b.Run("VerifyOtherLayout", func(b *testing.B) { benchmarkVerify(b, tokens, foreign) })
}

func BenchmarkSignHS256(b *testing.B) {
	secret := randomBytes(32)
	tokens, err := jwttoken.HS256(secret)
	if err != nil {
		b.Fatal(err)
	}
	c := claims()
	token := sign(b, tokens, c)
	b.Run("Floor", func(b *testing.B) {
		header := token[:strings.IndexByte(token, '.')+1]
		macs := pooledMACs(secret)
		b.ReportAllocs()
		for b.Loop() {
			m := macs.Get().(*mac)
			p := append(m.payload[:0], `{"iat":`...)
			p = strconv.AppendInt(p, c.IssuedAt.Unix(), 10)
			p = append(p, `,"exp":`...)
			p = strconv.AppendInt(p, c.ExpiresAt.Unix(), 10)
			p = append(append(p, `,"user_id":"`...), c.UserID...)
			p = append(append(p, `","ref_id":"`...), uuid.UUID(c.Ref).String()...)
			p = append(append(p, `","sid":"`...), c.SessionID...)
			m.payload = append(p, `"}`...)
			t := append(m.text[:0], header...)
			t = base64.RawURLEncoding.AppendEncode(t, m.payload)
			m.Reset()
			m.Write(t)
			m.sum = m.Sum(m.sum[:0])
			m.text = base64.RawURLEncoding.AppendEncode(append(t, '.'), m.sum)
			if text := string(m.text); len(text) != len(token) {
				b.Fatal("another token")
			}
			macs.Put(m)
		}
	})
	b.Run("Sign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tokens.Sign(c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerifyEdDSA(b *testing.B) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	tokens, err := jwttoken.EdDSA(private)
	if err != nil {
		b.Fatal(err)
	}
	token := sign(b, tokens, claims())
	text, signature := split(b, token)
	b.Run("Floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !ed25519.Verify(public, text, signature) {
				b.Fatal("not genuine")
			}
		}
	})
	b.Run("Verify", func(b *testing.B) { benchmarkVerify(b, tokens, token) })
}

func BenchmarkVerifyES256(b *testing.B) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	tokens, err := jwttoken.ES256(private)
	if err != nil {
		b.Fatal(err)
	}
	token := sign(b, tokens, claims())
	text, signature := split(b, token)
	b.Run("Floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sum := sha256.Sum256(text)
			r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
			if !ecdsa.Verify(&private.PublicKey, sum[:], r, s) {
				b.Fatal("not genuine")
			}
		}
	})
	b.Run("Verify", func(b *testing.B) { benchmarkVerify(b, tokens, token) })
}

// split returns the signing input of a token and its signature.
func split(b *testing.B, token string) (text, signature []byte) {
	b.Helper()
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		b.Fatal(err)
	}
	return []byte(token[:dot]), signature
}

func benchmarkVerify(b *testing.B, v core.AccessVerifier, token string) {
	b.ReportMetric(float64(len(token)), "bytes/token")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

type mac struct {
	hash.Hash
	payload, text, sum, signature []byte
}

func pooledMACs(secret []byte) *sync.Pool {
	return &sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, secret)} }}
}
