package storetest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var dumpRules = []rule{
	{
		id:    "Dump/NoCredential",
		text:  "Nothing that the store holds lets anybody log in: no token, no secret and no MAC is anywhere in its bytes.",
		needs: []ability{needsDump},
		check: func(t *trial) {
			device := "device " + hex.EncodeToString(random(16))
			credentials := t.sessions(device)
			if t.failed() {
				return
			}
			dump := t.dump()
			if !holdsText(dump, []byte(device)) {
				t.fail("Harness.Dump returns what the store holds, the Device of its sessions in it",
					fmt.Sprintf("%d bytes without it", len(dump)))
			}
			if found := leaked(dump, credentials); found != "" {
				t.fail("no credential in what the store holds", found+", in some encoding")
			}
		},
	},
}

// credential is something that would log somebody in.
type credential struct {
	name string
	text []byte
}

// leaked returns the name of a credential that is in the dump, empty if there is
// none. Half of one counts.
func leaked(dump []byte, credentials []credential) string {
	for _, c := range credentials {
		half := len(c.text) / 2
		if holdsText(dump, c.text[:half]) || holdsText(dump, c.text[half:]) {
			return c.name
		}
	}
	return ""
}

// sessions leads sessions of a schema through the store, some live and some
// ended, and returns all the credentials there were.
func (t *trial) sessions(device string) []credential {
	now := base
	secret, tokens := random(32), signer(random(32))
	schema, err := core.New(t.store, tokens, core.Config{
		Secret: secret, MaxSessions: 2, Clock: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.fail("core.New succeeds", err.Error())
		return nil
	}
	all := []credential{{"the secret", secret}, {"the key of the access tokens", tokens}}
	issued := func(pair core.Tokens, err error) core.Tokens {
		if err != nil {
			t.fail("the schema issues tokens", err.Error())
			return pair
		}
		raw, err := base64.RawURLEncoding.DecodeString(pair.RefreshToken)
		if err != nil || len(raw) < 32 {
			t.fail("a refresh token ends with a MAC", fmt.Sprintf("%d bytes, %v", len(raw), err))
			return pair
		}
		all = append(all,
			credential{"a refresh token", []byte(pair.RefreshToken)},
			credential{"the MAC of a refresh token", raw[len(raw)-32:]},
			credential{"an access token", []byte(pair.AccessToken)},
			credential{"the MAC of an access token", tokens.mac(pair.AccessToken)})
		return pair
	}
	for _, user := range []string{"alice", "bob"} {
		for range 3 {
			now = now.Add(time.Minute)
			pair := issued(schema.Login(t.ctx, user, core.LoginOptions{Device: device, Claims: map[string]any{"role": "admin"}}))
			for range 3 {
				now = now.Add(2 * time.Minute)
				pair = issued(schema.Refresh(t.ctx, pair.RefreshToken, pair.AccessToken))
			}
		}
	}
	if _, err := schema.RevokeUser(t.ctx, "bob"); err != nil {
		t.fail("RevokeUser succeeds", err.Error())
	}
	return all
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
