package sealed_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core/internal/sealed"
)

var secret = []byte("a secret of the tests: 32 bytes!")

func ring(t *testing.T, secrets ...[]byte) sealed.Ring {
	t.Helper()
	r, err := sealed.NewRing("", secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func token() sealed.Token {
	return sealed.Token{
		ID: [25]byte{1, 24: 2}, Generation: 1<<53 - 1, Ref: [16]byte{3, 15: 4},
		Issued: time.UnixMilli(1893553445678).UTC(), Deadline: time.UnixMilli(1894158245000).UTC(),
	}
}

// kinds are the forms that a token can have.
func kinds() map[string]sealed.Token {
	browser, bound, both := token(), token(), token()
	browser.BrowserSession = true
	bound.Binding = sealed.Binding{1, 33: 9}
	both.BrowserSession, both.Binding = true, bound.Binding
	return map[string]sealed.Token{"plain": token(), "browser session": browser, "bound": bound, "both": both}
}

func TestATokenSaysWhatWasSealed(t *testing.T) {
	r := ring(t, secret)
	for name, want := range kinds() {
		text := r.Seal(want)
		if got, _, genuine := r.Open(text); !genuine || got != want {
			t.Errorf("%s: Open = %+v, %v, want %+v", name, got, genuine, want)
		}
		if !sealed.HasLength(text) || len(text) > sealed.MaxLength {
			t.Errorf("%s: a token is %d characters long", name, len(text))
		}
	}
}

// The form never changes: servers of two versions read each other's tokens.
func TestTheFormOfATokenIsFixed(t *testing.T) {
	content := []byte{1, 3}
	content = append(content, append([]byte{1, 24: 2}, make([]byte, 0)...)...)
	content = binary.BigEndian.AppendUint64(content, 1<<53-1)
	content = append(content, []byte{3, 15: 4}...)
	content = binary.BigEndian.AppendUint64(content, 1893553445678)
	content = binary.BigEndian.AppendUint64(content, 1894158245000)
	content = append(content, []byte{1, 33: 9}...)
	if got, want := ring(t, secret).Seal(kinds()["both"]), withMAC(t, content); got != want {
		t.Errorf("Seal = %s, want %s", got, want)
	}
}

// withMAC returns the text of the content under a right MAC.
func withMAC(t *testing.T, content []byte) string {
	t.Helper()
	key, err := hkdf.Key(sha256.New, secret, nil, "tokenauth refresh token mac v1\x00", 32)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(content)
	return base64.RawURLEncoding.EncodeToString(h.Sum(bytes.Clone(content)))
}

// A future version may seal what this one does not know: it is refused, MAC or not.
func TestAnUnknownFormIsNotGenuine(t *testing.T) {
	plain := make([]byte, 67)
	plain[0] = 1
	change := func(at int, b byte) []byte {
		c := bytes.Clone(plain)
		c[at] = b
		return c
	}
	bound := append(change(1, 2), make([]byte, 34)...)
	bound[67] = 1
	unkind := bytes.Clone(bound)
	unkind[67] = 0
	unflagged := bytes.Clone(bound)
	unflagged[1] = 0
	for _, test := range []struct {
		name    string
		content []byte
		want    bool
	}{
		{"this form", plain, true},
		{"a binding", bound, true},
		{"version 0", change(0, 0), false},
		{"version 2", change(0, 2), false},
		{"an unknown flag", change(1, 4), false},
		{"a flag for a binding that is not there", change(1, 2), false},
		{"a binding without its flag", unflagged, false},
		{"a binding of kind 0", unkind, false},
	} {
		if _, _, genuine := ring(t, secret).Open(withMAC(t, test.content)); genuine != test.want {
			t.Errorf("%s: genuine is %v, want %v", test.name, genuine, test.want)
		}
	}
}

func TestEveryChangedCharacterIsAForgery(t *testing.T) {
	r := ring(t, secret)
	for name, token := range kinds() {
		text := r.Seal(token)
		for i := range text {
			for _, c := range "Aa0_-\n=" {
				forged := text[:i] + string(c) + text[i+1:]
				if _, _, genuine := r.Open(forged); genuine && forged != text {
					t.Errorf("%s: %q in the place of character %d is genuine", name, c, i)
				}
			}
		}
		for _, forged := range []string{"", text[1:], text + "A", text[:len(text)-1] + "\n", strings.ToUpper(text)} {
			if _, _, genuine := r.Open(forged); genuine {
				t.Errorf("%s: %q is genuine", name, forged)
			}
		}
	}
}

// The last character of a bound token has bits that say nothing. Only zero is right.
func TestOtherPaddingBitsAreAForgery(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	r := ring(t, secret)
	text := r.Seal(kinds()["bound"])
	last := strings.IndexByte(alphabet, text[len(text)-1])
	for bits := 1; bits < 16; bits++ {
		if _, _, genuine := r.Open(text[:len(text)-1] + string(alphabet[last|bits])); genuine {
			t.Errorf("padding bits %04b are genuine", bits)
		}
	}
}

func TestEverySecretOpensAndTheFirstSeals(t *testing.T) {
	earlier := []byte("a secret before it, of 32 bytes.")
	both, old, present := ring(t, secret, earlier), ring(t, earlier), ring(t, secret)
	for name, r := range map[string]sealed.Ring{"the present secret": present, "the earlier secret": old} {
		got, key, genuine := both.Open(r.Seal(token()))
		if !genuine || got != token() {
			t.Errorf("a token of %s is not genuine", name)
		}
		if key.Next(token()) != r[0].Next(token()) {
			t.Errorf("the next reference of a token of %s is of another key", name)
		}
	}
	if _, _, genuine := present.Open(both.Seal(token())); !genuine {
		t.Error("the first secret does not seal")
	}
	if _, _, genuine := present.Open(old.Seal(token())); genuine {
		t.Error("a token of another secret is genuine")
	}
}

func TestATokenOfAnotherPurposeIsNotGenuine(t *testing.T) {
	api, err := sealed.NewRing("api", secret)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sealed.NewRing("admin", secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, genuine := admin.Open(api.Seal(token())); genuine {
		t.Error("a token of one purpose is genuine for another")
	}
	if api[0].Next(token()) == admin[0].Next(token()) {
		t.Error("two purposes lead to one next reference")
	}
}

// A comparison that ends at the first wrong byte tells how much of a guess is right. No
// test can measure that reliably, so this one reads the source.
func TestMACsAreComparedInConstantTime(t *testing.T) {
	file, err := parser.ParseFile(gotoken.NewFileSet(), "sealed.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constant := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.SelectorExpr); ok {
				switch name := types.ExprString(f); name {
				case "hmac.Equal":
					constant++
				case "bytes.Equal", "bytes.Compare", "slices.Equal", "strings.Compare", "reflect.DeepEqual":
					t.Errorf("sealed.go calls %s", name)
				}
			}
		}
		if b, ok := n.(*ast.BinaryExpr); ok && (b.Op == gotoken.EQL || b.Op == gotoken.NEQ) {
			if text := types.ExprString(b); strings.Contains(text, "mac") || strings.Contains(text, "string(") {
				t.Errorf("sealed.go compares %s", text)
			}
		}
		return true
	})
	if constant != 1 {
		t.Errorf("sealed.go calls hmac.Equal %d times, want once", constant)
	}
}

func TestTheNextReferenceDependsOnTheMapping(t *testing.T) {
	r := ring(t, secret)
	id, generation, ref, times := token(), token(), token(), token()
	id.ID[3]++
	generation.Generation--
	ref.Ref[3]++
	times.Issued, times.BrowserSession = times.Issued.Add(time.Second), true
	next := r[0].Next(token())
	for name, other := range map[string]sealed.Token{"ID": id, "generation": generation, "reference": ref} {
		if r[0].Next(other) == next {
			t.Errorf("it does not depend on the %s", name)
		}
	}
	if r[0].Next(times) != next {
		t.Error("it depends on more: a repeated exchange must arrive at the same reference")
	}
}
