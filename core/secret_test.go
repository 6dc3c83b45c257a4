package core_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestNewSecretMakesAnotherSecretEachTime(t *testing.T) {
	a, b := core.NewSecret(), core.NewSecret()
	if len(a) != 32 || bytes.Equal(a, b) {
		t.Fatalf("%d bytes, equal: %t", len(a), bytes.Equal(a, b))
	}
	newWorld(t, func(c *core.Config) { c.Secret, c.PreviousSecrets = a, [][]byte{b} })
}

// keyedTokens know a public key, as those of an asymmetric algorithm do.
type keyedTokens struct {
	testTokens
	public []byte
}

func (t *keyedTokens) HasPublicKey(b []byte) bool { return bytes.Equal(b, t.public) }

func TestAPublicKeyIsNoSecret(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(ec.Public())
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, ec.Public(), ec)
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{
		"PKIX":                      pkix,
		"PKCS #1":                   x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey),
		"certificate":               certificate,
		"PEM":                       pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}),
		"PKIX in base64":            []byte(base64.StdEncoding.EncodeToString(pkix)),
		"PKIX in base64 for URLs":   []byte(base64.RawURLEncoding.EncodeToString(pkix) + "\n"),
		"PKIX and a line break":     append(pkix, '\n'),
		"one in base64":             []byte(base64.StdEncoding.EncodeToString(public)),
		"PEM, indented":             append([]byte("  "), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})...),
		"SSH2":                      []byte("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAC3NzaC1lZDI1NTE5AAAAIJZcEGNJ\n---- END SSH2 PUBLIC KEY ----"),
		"OpenSSH, ECDSA of a token": []byte("sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNh ada"),
		"OpenSSH, ECDSA":            []byte("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY= ada"),
		"OpenSSH, of a token":       []byte("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJ ada"),
		"JWK set":                   []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`),
		"OpenSSH":                   []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZcEGNJZjZUiXgW+Tl8t8aUR5Y5tjmxhTzJWtWCLMzY ada"),
		"JWK":                       []byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`),
		"one of the access tokens'": public,
	} {
		for field, cfg := range map[string]core.Config{
			"Secret":             {Secret: secret},
			"PreviousSecrets[1]": {Secret: otherKey, PreviousSecrets: [][]byte{core.NewSecret(), secret}},
		} {
			_, err := core.New(newStore(), &keyedTokens{public: public}, cfg)
			if err == nil || !strings.HasPrefix(err.Error(), "core: "+field) || !strings.Contains(err.Error(), "public key") {
				t.Errorf("%s as %s: New = %v", name, field, err)
			}
			if err != nil && strings.Contains(err.Error(), string(secret)) {
				t.Errorf("%s: the error holds the key", name)
			}
		}
	}
}

// The last byte of a key can look like the line break of a file.
func TestAPublicKeyThatEndsInWhiteSpaceIsNoSecret(t *testing.T) {
	for {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		pkix, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if pkix[len(pkix)-1] != '\n' {
			continue
		}
		for _, space := range []string{"", "\n", "\r\n", " \t\n\n"} {
			if _, err := core.New(newStore(), &testTokens{}, core.Config{Secret: append([]byte(space), append(pkix, space...)...)}); err == nil {
				t.Errorf("the key with %q around it is taken for a secret", space)
			}
		}
		return
	}
}

// purposeful is a format of one audience.
type purposeful struct {
	*testTokens
	purpose string
}

func (t purposeful) Purpose() string { return t.purpose }

// Two schemas that share a secret and a store must not share refresh tokens.
func TestARefreshTokenOfAnotherAudienceIsNotGenuine(t *testing.T) {
	store, c := newStore(), newClock()
	schema := func(purpose string) *core.Schema {
		s, err := core.New(store, purposeful{&testTokens{key: []byte("signing")}, purpose}, core.Config{Secret: secret, Clock: c.Now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	api, admin := schema("api"), schema("admin")
	pair, err := api.Login(t.Context(), "ada", core.LoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	if _, err := admin.Refresh(t.Context(), pair.RefreshToken, ""); !errors.Is(err, core.ErrInvalidRefreshToken) {
		t.Errorf("Refresh for another audience = %v", err)
	}
	if _, err := schema("api").Refresh(t.Context(), pair.RefreshToken, pair.AccessToken); err != nil {
		t.Errorf("Refresh for its own = %v", err)
	}
}
