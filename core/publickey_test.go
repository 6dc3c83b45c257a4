package core_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestPublicKeysAreRecognizedInEveryForm(t *testing.T) {
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	ecKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	edPublic, _, _ := ed25519.GenerateKey(rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}}
	certificate := must(x509.CreateCertificate(rand.Reader, template, template, &rsaKey.PublicKey, rsaKey))
	rsaPKIX := must(x509.MarshalPKIXPublicKey(&rsaKey.PublicKey))
	ecPKIX := must(x509.MarshalPKIXPublicKey(&ecKey.PublicKey))
	inPEM := func(kind string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	inBase64 := base64.StdEncoding.EncodeToString
	ecPoint := must(ecKey.PublicKey.Bytes())
	sshRSA := sshKey("ssh-rsa", []byte{1, 0, 1}, rsaKey.N.Bytes())
	sshEd := sshKey("ssh-ed25519", edPublic)
	jwk := `{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(edPublic) + `"}`

	for what, key := range map[string][]byte{
		"PKIX in PEM":                  inPEM("PUBLIC KEY", rsaPKIX),
		"PKCS #1 in PEM":               inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)),
		"certificate in PEM":           inPEM("CERTIFICATE", certificate),
		"PEM, indented":                append([]byte("  "), inPEM("PUBLIC KEY", ecPKIX)...),
		"PEM on one line":              []byte(strings.ReplaceAll(string(inPEM("PUBLIC KEY", ecPKIX)), "\n", " ")),
		"PEM with text before it":      append([]byte("the key:\n"), inPEM("PUBLIC KEY", ecPKIX)...),
		"PKIX of RSA":                  rsaPKIX,
		"PKIX of ECDSA":                ecPKIX,
		"PKIX of Ed25519":              must(x509.MarshalPKIXPublicKey(edPublic)),
		"PKIX and a line break":        append(slices.Clone(rsaPKIX), '\n'),
		"PKIX and more":                append(slices.Clone(rsaPKIX), "and more"...),
		"PKCS #1":                      x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey),
		"certificate":                  certificate,
		"PKIX in base64":               []byte(inBase64(rsaPKIX)),
		"PKIX in base64url":            []byte(base64.RawURLEncoding.EncodeToString(rsaPKIX) + "\n"),
		"PKIX in lines of base64":      inLines(inBase64(rsaPKIX)),
		"PKIX in hexadecimal":          fmt.Appendf(nil, "%x", ecPKIX),
		"PEM in base64":                []byte(inBase64(inPEM("PUBLIC KEY", ecPKIX))),
		"point":                        ecPoint,
		"point on P-384":               must(must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)).PublicKey.Bytes()),
		"point on P-521":               must(must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)).PublicKey.Bytes()),
		"point in base64":              []byte(inBase64(ecPoint)),
		"point in hexadecimal":         fmt.Appendf(nil, "%X", ecPoint),
		"OpenSSH":                      []byte("ssh-rsa " + inBase64(sshRSA) + " ada\n"),
		"OpenSSH, damaged":             []byte("ssh-rsa AAAA ada"),
		"OpenSSH, ECDSA":               []byte("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY= ada"),
		"OpenSSH, Ed25519 of a token":  []byte("sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIJ ada"),
		"OpenSSH, ECDSA of a token":    []byte("sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNh ada"),
		"authorized_keys with options": []byte(`no-pty,command="x y" ssh-ed25519 ` + inBase64(sshEd) + " ada"),
		"OpenSSH without its type":     []byte(inBase64(sshEd)),
		"SSH binary":                   sshRSA,
		"SSH binary, ECDSA":            sshKey("ecdsa-sha2-nistp256", []byte("nistp256"), ecPoint),
		"SSH binary, of a token":       sshKey("sk-ssh-ed25519@openssh.com", edPublic, []byte("ssh:")),
		"SSH2":                         []byte("---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\n" + string(inLines(inBase64(sshRSA))) + "\n---- END SSH2 PUBLIC KEY ----\n"),
		"JWK":                          []byte(jwk),
		"JWK in base64":                []byte(inBase64([]byte(jwk))),
		"JWK set":                      []byte(" {\"keys\":[" + jwk + "]}\n"),
		"JWK set, empty":               []byte(`{"keys":[]}`),
	} {
		if !core.IsPublicKey(key) {
			t.Errorf("%s: IsPublicKey(%q) = false", what, key)
		}
	}
	for what, secret := range map[string][]byte{
		"nothing":               nil,
		"random bytes":          core.NewSecret(),
		"the key of an Ed25519": edPublic, // which looks like any other bytes
		"hexadecimal":           fmt.Appendf(nil, "%x", core.NewSecret()),
		"base64":                []byte(inBase64(core.NewSecret())),
		"a passphrase":          []byte("a long text with blanks that nobody should take for a secret, though it works"),
		"JSON":                  []byte(`{"secret":"` + inBase64(core.NewSecret()) + `"}`),
		"no point":              append([]byte{4}, bytes.Repeat([]byte{1, 2}, 32)...),
		"three zeros":           {0, 0, 0},
		"SSH behind a word":     []byte("1234ssh-rsa is the beginning of no key"),
		"the type of SSH alone": []byte("\x00\x00\x00\x07rsa-ssh and some more text behind it"),
	} {
		if core.IsPublicKey(secret) {
			t.Errorf("%s: IsPublicKey(%q) = true", what, secret)
		}
	}
}

// inLines breaks a text into lines of 64 bytes.
func inLines(text string) []byte {
	return bytes.Join(slices.Collect(slices.Chunk([]byte(text), 64)), []byte("\r\n"))
}

// sshKey encodes a public key as RFC 4253 §6.6 does.
func sshKey(kind string, fields ...[]byte) []byte {
	var b []byte
	for _, f := range append([][]byte{[]byte(kind)}, fields...) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// The last byte of a key can look like the line break of a file.
func TestAPublicKeyThatEndsInWhiteSpaceIsRecognized(t *testing.T) {
	for {
		pkix := must(x509.MarshalPKIXPublicKey(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).Public()))
		if pkix[len(pkix)-1] != '\n' {
			continue
		}
		for _, space := range []string{"", "\n", "\r\n", " \t\n\n"} {
			if !core.IsPublicKey(append([]byte(space), append(pkix, space...)...)) {
				t.Errorf("the key with %q around it is taken for a secret", space)
			}
		}
		return
	}
}
