package bench

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// The benchmarks in this file have, under the name Floor, the least that any
// implementation must do for the same token.

func claims() core.Claims {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	return core.Claims{
		UserID: "user-42", Ref: core.Ref{6: 0x40, 8: 0x80}, SessionID: core.NewRecordID("user-42"),
		IssuedAt: now, ExpiresAt: now.Add(time.Minute),
	}
}

// tokensOf returns the tokens that a constructor of jwttoken made.
func tokensOf(b *testing.B) func(*jwttoken.Signer, error) *jwttoken.Signer {
	b.Helper()
	return func(tokens *jwttoken.Signer, err error) *jwttoken.Signer {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return tokens
	}
}

func sign(b *testing.B, tokens core.TokenSigner, c core.Claims) string {
	b.Helper()
	token, err := tokens.Sign(c)
	if err != nil {
		b.Fatal(err)
	}
	return token
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

func benchmarkVerify(b *testing.B, tokens core.TokenVerifier, token string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

// mac is the state of an HMAC and the buffers it is used with.
type mac struct {
	hash.Hash
	payload, text, sum, decoded []byte
}

func pooledMACs(secret []byte) *sync.Pool {
	return &sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, secret)} }}
}

// BenchmarkVerifyHS256 has two floors: Floor decodes the whole token and compares
// its MAC; MACOnly decodes no more than the MAC.
func BenchmarkVerifyHS256(b *testing.B) {
	secret := random(32)
	tokens := tokensOf(b)(jwttoken.HS256(secret))
	token := sign(b, tokens, claims())
	header := strings.IndexByte(token, '.')
	dot := strings.LastIndexByte(token, '.')
	strict := base64.RawURLEncoding.Strict()
	floor := func(b *testing.B, payload bool) {
		macs := pooledMACs(secret)
		b.ReportAllocs()
		for b.Loop() {
			m := macs.Get().(*mac)
			m.text = append(m.text[:0], token...)
			m.Reset()
			m.Write(m.text[:dot])
			m.sum = m.Sum(m.sum[:0])
			var err error
			m.decoded, err = strict.AppendDecode(m.decoded[:0], m.text[dot+1:])
			if err != nil || !hmac.Equal(m.sum, m.decoded) {
				b.Fatal("not genuine")
			}
			if payload {
				if m.payload, err = strict.AppendDecode(m.payload[:0], m.text[header+1:dot]); err != nil {
					b.Fatal(err)
				}
			}
			macs.Put(m)
		}
	}
	b.Run("MACOnly", func(b *testing.B) { floor(b, false) })
	b.Run("Floor", func(b *testing.B) { floor(b, true) })
	b.Run("Verify", func(b *testing.B) { benchmarkVerify(b, tokens, token) })
	with := claims()
	with.Extra = `{"roles":["admin","billing"],"tenant":"4711","limits":{"rate":12.5,"burst":null}}`
	b.Run("VerifyWithExtra", func(b *testing.B) { benchmarkVerify(b, tokens, sign(b, tokens, with)) })
	b.Run("VerifyOtherLayout", func(b *testing.B) { benchmarkVerify(b, tokens, foreign(token, secret)) })
}

// foreign returns a token with the same claims in another order, as a program that
// does not know the layout of ours makes it.
func foreign(token string, secret []byte) string {
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		panic(err)
	}
	at := strings.Index(string(payload), `,"user_id"`)
	moved := fmt.Sprintf("{%s,%s}", payload[at+1:len(payload)-1], payload[1:at])
	text := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(moved))
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func BenchmarkSignHS256(b *testing.B) {
	secret := random(32)
	tokens := tokensOf(b)(jwttoken.HS256(secret))
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
	tokens := tokensOf(b)(jwttoken.EdDSA(private))
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
	tokens := tokensOf(b)(jwttoken.ES256(private))
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
