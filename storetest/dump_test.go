package storetest

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestLeakedFindsACredentialHoweverItIsEncoded(t *testing.T) {
	secret := random(32)
	around := func(middle []byte) []byte { return append(append([]byte("before"), middle...), "after"...) }
	for name, dump := range map[string][]byte{
		"as it is":                  secret,
		"within other bytes":        around(secret),
		"half of it":                around(secret[16:]),
		"in hexadecimal":            around([]byte(hex.EncodeToString(secret))),
		"in base64":                 around([]byte(base64.StdEncoding.EncodeToString(secret))),
		"in base64url":              around([]byte(base64.RawURLEncoding.EncodeToString(secret))),
		"in base64 of the whole":    []byte(base64.StdEncoding.EncodeToString(around(secret))),
		"in base64 one byte on":     []byte(base64.StdEncoding.EncodeToString(around(around(secret)[5:]))),
		"in base64 two bytes on":    []byte(base64.StdEncoding.EncodeToString(around(around(secret)[4:]))),
		"in upper-case hexadecimal": around([]byte("0X" + strings.ToUpper(hex.EncodeToString(secret)))),
	} {
		t.Run(name, func(t *testing.T) {
			if leaked(dump, []credential{{"the secret", secret}}) != "the secret" {
				t.Error("not found")
			}
		})
	}
	if found := leaked(random(10000), []credential{{"the secret", secret}}); found != "" {
		t.Errorf("found %s in other bytes", found)
	}
}

func TestADumpOfTheDeviceAloneIsNoDumpOfACredential(t *testing.T) {
	tr := newTrial(t, modelHarness(), storeFunc(newModel().answer))
	credentials := tr.sessions("device")
	if v := tr.ledger.first(); v != nil {
		t.Fatal(v)
	}
	kinds := map[string]int{}
	for _, c := range credentials {
		kinds[c.name]++
		if len(c.text) < 32 {
			t.Errorf("%s is %d bytes long", c.name, len(c.text))
		}
		if got := leaked(append([]byte("device"), c.text...), credentials); got == "" {
			t.Errorf("%s is not found", c.name)
		}
	}
	if len(kinds) != 6 || kinds["a refresh token"] != 24 {
		t.Errorf("credentials %v", kinds)
	}
}

func TestSignerVerifiesWhatItSigned(t *testing.T) {
	s := signer(random(32))
	want := core.Claims{UserID: "alice", Ref: newRef(), SessionID: core.NewRecordID("alice"), IssuedAt: base, ExpiresAt: after(1), Extra: `{"role":"admin"}`}
	token, err := s.Sign(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(token); err != nil || got != want {
		t.Errorf("Verify = %v, %v, want %v", got, err, want)
	}
	if _, err := signer(random(32)).Verify(token); err == nil {
		t.Error("another key verifies the token")
	}
}
