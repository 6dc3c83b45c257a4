package core_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// hiding is what the exported types of the package have in common that hold a secret
// or a token: they print, log and encode without it.
func hiding(t *testing.T) (values map[string]any, secrets []string) {
	w := newWorld(t, func(c *core.Config) { c.VerifiedCache = 10 })
	pair := w.login("ada")
	w.Verify(w.ctx, pair.AccessToken)
	cfg := core.Config{Secret: secret, PreviousSecrets: [][]byte{otherKey}}
	verifier, err := core.NewVerifier(w.tokens, core.VerifierConfig{})
	if err != nil {
		t.Fatal(err)
	}
	opts := core.LoginOptions{Replaces: pair.RefreshToken}
	values = map[string]any{
		"Tokens": pair, "Config": cfg, "LoginOptions": opts, "Schema": *w.Schema, "Verifier": *verifier,
		"*Tokens": &pair, "*Config": &cfg, "*LoginOptions": &opts, "*Schema": w.Schema, "*Verifier": verifier,
		"slices":                  []any{[]core.Tokens{pair}, []core.Config{cfg}, []*core.Schema{w.Schema}, [1]core.LoginOptions{opts}},
		"maps":                    []any{map[string]core.Tokens{"k": pair}, map[core.Tokens]bool{pair: true}, map[string]any{"k": cfg}},
		"fields":                  struct{ A, B, C, D, E any }{pair, cfg, opts, w.Schema, verifier},
		"*fields":                 &struct{ T core.Tokens }{pair},
		"embedded":                struct{ core.Tokens }{pair},
		"in an array of pointers": [2]*core.Tokens{&pair, &pair},
		// fmt can't ask an unexported field how to print itself: there the keys
		// themselves are out of its reach.
		"hidden": struct {
			s core.Schema
			p *core.Schema
			v core.Verifier
		}{*w.Schema, w.Schema, *verifier},
		"*hidden":  &struct{ s core.Schema }{*w.Schema},
		"nil":      []any{(*core.Tokens)(nil), (*core.Config)(nil), (*core.Schema)(nil), (*core.Verifier)(nil)},
		"an error": fmt.Errorf("login %v %+v %#v %s", pair, cfg, opts, w.Schema),
	}
	return values, []string{pair.AccessToken, pair.RefreshToken, string(secret), string(otherKey)}
}

// needles returns the beginning of each text as formatters and encoders write it.
func needles(texts []string) (all []string) {
	for _, text := range texts {
		start := []byte(text[:12])
		for _, verb := range []string{"%s", "%q", "%x", "%X", "% x", "% X", "%#x", "%d", "%o", "%b", "%U", "%#v"} {
			needle := strings.Trim(fmt.Sprintf(verb, start), "[]\"")
			needle = strings.TrimSuffix(strings.TrimPrefix(needle, "byte{"), "}")
			all = append(all, strings.ToLower(needle))
		}
		all = append(all, strings.ToLower(base64.StdEncoding.EncodeToString(start)), hex.EncodeToString([]byte(hex.EncodeToString(start))))
	}
	return all
}

// expectNone fails the test where the text holds one of the needles.
func expectNone(t *testing.T, where, text string, needles []string) {
	t.Helper()
	text = strings.ToLower(text)
	for _, needle := range needles {
		if strings.Contains(text, needle) {
			t.Errorf("%s tells a secret: %.200s", where, text)
			return
		}
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	values, secrets := hiding(t)
	needles := needles(secrets)
	for name, value := range values {
		for verb := 'A'; verb <= 'z'; verb++ {
			// fmt asks no value how to print %p, of what is no pointer, and %w, of
			// what is no error. go vet refuses both.
			if (verb == 'p' || verb == 'w') && !outOfReach(name) {
				continue
			}
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "# ", "80", ".5", "#.3", "[1]"} {
				format := "%" + flags + string(verb)
				expectNone(t, name+" with "+format, fmt.Sprintf(format, value), needles)
			}
		}
		expectNone(t, name+" with Sprint", fmt.Sprint(value)+fmt.Sprintln(value), needles)
		for _, format := range []string{"no verb", "%*d", "%.*d", "%[2]v", "%"} { // fmt complains, and shows the value
			expectNone(t, name+" with "+format, fmt.Sprintf(format, value), needles)
		}
	}
}

// outOfReach says of which values fmt can't find the secrets, whatever it asks them.
func outOfReach(name string) bool {
	return strings.HasSuffix(name, "Schema") || strings.HasSuffix(name, "Verifier") || strings.HasSuffix(name, "hidden")
}

func TestNothingLogsASecret(t *testing.T) {
	values, secrets := hiding(t)
	needles := needles(secrets)
	for name, value := range values {
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			logger := slog.New(handler)
			logger.Info("x", "value", value)
			logger.Info("x", slog.Group("g", "value", value))
			logger.With("value", value).WithGroup("g").Info("x", "value", slog.AnyValue(value))
			logger.Info("x", "value", logs{value})
			logger.Info(fmt.Sprint(value))
		}
		expectNone(t, name, log.String(), needles)
	}
}

// logs logs as what is in it.
type logs struct{ value any }

func (l logs) LogValue() slog.Value { return slog.GroupValue(slog.Any("value", l.value)) }

func TestNothingEncodesASecretAsJSON(t *testing.T) {
	values, secrets := hiding(t)
	needles := needles(secrets)
	for name, value := range values {
		// Some can't be encoded at all.
		text, err := json.Marshal(value)
		expectNone(t, name, fmt.Sprint(string(text), err), needles)
	}
}

// What prints instead says what it is.
func TestWhatHoldsASecretPrintsItsName(t *testing.T) {
	values, _ := hiding(t)
	for _, name := range []string{"Tokens", "Config", "LoginOptions", "Schema", "Verifier"} {
		want := "core." + name + "{redacted}"
		for _, value := range []any{values[name], values["*"+name]} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				if got := fmt.Sprintf(verb, value); got != want {
					t.Errorf("%s prints %s, want %s", verb, got, want)
				}
			}
			var log bytes.Buffer
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
			if !strings.Contains(log.String(), `"value":"`+want+`"`) {
				t.Errorf("slog logs %s, want %s", &log, want)
			}
		}
	}
}

// Who adds an exported type says here what it holds.
func TestEveryTypeIsKnownToHoldSecretsOrNone(t *testing.T) {
	values, _ := hiding(t)
	harmless := map[string]string{
		"TokenSigner": "an interface", "TokenVerifier": "an interface", "RefreshStore": "an interface",
		"Claims": "what an access token says, without its signature", "Cookies": "names and attributes",
		"Error": "an error", "Reason": "a name", "CompromiseReach": "a number", "Accept": "a number", "Revocation": "holds no credential", "RecordIterator": "an interface",
		"VerifierConfig": "holds no secret", "StoreHooks": "functions", "Outcome": "a name", "Event": "holds no token", "Hooks": "functions",
		"Record": "holds no credential", "Exchange": "holds no credential", "Session": "holds no credential", "Ref": "a name",
	}
	for _, name := range exportedTypes(t) {
		if values[name] == nil && harmless[name] == "" {
			t.Errorf("does %s hold a secret? If it does it must not print it", name)
		}
	}
}

func exportedTypes(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			types, ok := decl.(*ast.GenDecl)
			if !ok || types.Tok != token.TYPE || file.Name.Name != "core" {
				continue
			}
			for _, spec := range types.Specs {
				if name := spec.(*ast.TypeSpec).Name; name.IsExported() {
					names = append(names, name.Name)
				}
			}
		}
	}
	if len(names) == 0 {
		t.Fatal("no types were found")
	}
	return names
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
