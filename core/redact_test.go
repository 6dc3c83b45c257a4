package core_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestNothingPrintsASecret(t *testing.T) {
	w := newWorld(t, func(c *core.Config) { c.VerifiedCache = 10 })
	pair := w.login("ada")
	w.Verify(w.ctx, pair.AccessToken)
	cfg := core.Config{Secret: secret, PreviousSecrets: [][]byte{otherKey}}
	verifier, err := core.NewVerifier(w.tokens, cfg)
	if err != nil {
		t.Fatal(err)
	}
	values := []any{pair, &pair, cfg, &cfg, w.Schema, verifier, []core.Tokens{pair}, struct{ T core.Tokens }{pair},
		// fmt can't ask an unexported field how to print itself.
		core.LoginOptions{Replaces: pair.RefreshToken}, *w.Schema, *verifier,
		struct{ s *core.Schema }{w.Schema}, struct{ v *core.Verifier }{verifier}}
	check := func(where, text string) {
		for _, s := range []string{pair.AccessToken, pair.RefreshToken, string(secret), string(otherKey)} {
			for _, form := range []string{s, hex.EncodeToString([]byte(s)), strings.Trim(fmt.Sprintf("%d", []byte(s)), "[]"), fmt.Sprintf("%q", s)} {
				if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
					t.Errorf("%s prints a secret: %s", where, text)
				}
			}
		}
	}
	for _, value := range values {
		// fmt never asks a value how to print %p, and go vet refuses it for one
		// that is no pointer.
		for _, verb := range "vTtbcdoOqxXUeEfFgGs" {
			for _, flag := range []string{"", "+", "#", " "} {
				format := "%" + flag + string(verb)
				check(fmt.Sprintf("%s of %T", format, value), fmt.Sprintf(format, value))
			}
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		check(fmt.Sprintf("slog of %T", value), log.String())
	}
	text, err := json.Marshal(pair)
	if err != nil {
		t.Fatal(err)
	}
	check("json of a pair", string(text))
}

func TestNoErrorHoldsAToken(t *testing.T) {
	w, stale, owners := stolen(t, nil)
	var all []error
	try := func(refresh, access string) {
		_, err := w.Refresh(w.ctx, refresh, access)
		all = append(all, err)
	}
	try(owners.RefreshToken[1:], owners.AccessToken)
	try(owners.RefreshToken, owners.AccessToken[1:])
	try(owners.RefreshToken, owners.AccessToken)
	w.store.fail(errors.New("broken"))
	try(stale.RefreshToken, stale.AccessToken)
	w.store.mend()
	try(stale.RefreshToken, stale.AccessToken)
	try(owners.RefreshToken, owners.AccessToken)
	for _, err := range all {
		if err == nil {
			t.Fatal("a refresh was not refused")
		}
		for _, text := range []string{stale.RefreshToken, stale.AccessToken, owners.RefreshToken, owners.AccessToken} {
			if strings.Contains(err.Error(), text[5:20]) || strings.Contains(w.log.String(), text[5:20]) {
				t.Errorf("a token is in the error or the log: %v", err)
			}
		}
	}
}

// What a store is given logs nobody in.
func TestTheStoreHoldsNoCredential(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	w.expire()
	pair = w.refresh(pair)
	dump := fmt.Sprintf("%+v", w.store.records)
	for _, s := range []string{pair.AccessToken, pair.RefreshToken, pair.RefreshToken[88:], string(secret)} {
		if strings.Contains(dump, s) {
			t.Errorf("the store holds %q", s)
		}
	}
}
