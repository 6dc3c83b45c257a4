package core_test

import (
	"bytes"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	long := bytes.Repeat([]byte("ab"), 16)
	for _, test := range []struct {
		name   string
		change func(*core.Config)
		want   string // in the message
	}{
		{"no secret", func(c *core.Config) { c.Secret = nil }, "Secret is empty"},
		{"short secret", func(c *core.Config) { c.Secret = long[:31] }, "31 bytes"},
		{"secret that is one byte", func(c *core.Config) { c.Secret = make([]byte, 32) }, "repeated"},
		{"short previous secret", func(c *core.Config) { c.PreviousSecrets = [][]byte{long, long[:8]} }, "PreviousSecrets[1]"},
		{"negative access duration", func(c *core.Config) { c.AccessTokenDuration = -time.Minute }, "AccessTokenDuration"},
		{"access duration with a fraction", func(c *core.Config) { c.AccessTokenDuration = 20500 * time.Millisecond }, "whole seconds"},
		{"refresh duration not longer than access duration", func(c *core.Config) { c.RefreshTokenDuration = time.Minute }, "RefreshTokenDuration"},
		{"negative refresh duration", func(c *core.Config) { c.RefreshTokenDuration = -1 }, "RefreshTokenDuration"},
		{"idle timeout not longer than access duration", func(c *core.Config) { c.IdleTimeout = time.Minute }, "IdleTimeout"},
		{"negative idle timeout", func(c *core.Config) { c.IdleTimeout = -1 }, "IdleTimeout"},
		{"refresh before a token of which a second is left", func(c *core.Config) { c.RefreshBefore = 59001 * time.Millisecond }, "RefreshBefore"},
		{"refresh before longer than the access token", func(c *core.Config) { c.RefreshBefore = math.MaxInt64 }, "RefreshBefore"},
		{"unknown reach of a compromise", func(c *core.Config) { c.CompromiseEnds = 2 }, "CompromiseEnds"},
		{"negative leeway", func(c *core.Config) { c.Leeway = -1 }, "Leeway"},
		{"long leeway", func(c *core.Config) { c.Leeway = 5*time.Minute + 1 }, "Leeway"},
		{"negative cache", func(c *core.Config) { c.VerifiedCache = -1 }, "VerifiedCache"},
		{"cache beyond all memory", func(c *core.Config) { c.VerifiedCache = math.MaxInt }, "VerifiedCache"},
		{"cache that is too large", func(c *core.Config) { c.VerifiedCache = 1<<24 + 1 }, "VerifiedCache"},
		{"cookie name that leaves no room", func(c *core.Config) { c.Cookies.RefreshTokenName = strings.Repeat("r", 4000) }, "4096"},
		{"path that browsers ignore", func(c *core.Config) { c.Cookies.RefreshPath = "/" + strings.Repeat("p", 1024) }, "1024"},
		{"origin without scheme", func(c *core.Config) { c.TrustedOrigins = []string{"app.example.com"} }, "TrustedOrigins"},
		{"origin with path", func(c *core.Config) { c.TrustedOrigins = []string{"https://app.example.com/x"} }, "TrustedOrigins"},
		{"one name for both cookies", func(c *core.Config) { c.Cookies.AccessTokenName = "refresh_token" }, "two are named"},
		{"one name for two of three cookies", func(c *core.Config) { c.Cookies.SessionName = "access_token" }, "two are named"},
		{"session cookie named with a space", func(c *core.Config) { c.Cookies.SessionName = "the session" }, "Cookies"},
		{"session cookie __Host- with a domain", func(c *core.Config) { c.Cookies.SessionName, c.Cookies.Domain = "__Host-s", "example.com" }, "Domain"},
		{"session cookie with two prefixes", func(c *core.Config) { c.Cookies.Prefix, c.Cookies.SessionName = "__Host-", "__Host-s" }, "has one already"},
		{"unknown prefix", func(c *core.Config) { c.Cookies.Prefix = "__Http-" }, "Prefix"},
		{"prefix before a prefix", func(c *core.Config) { c.Cookies.Prefix, c.Cookies.AccessTokenName = "__Secure-", "__host-a" }, "has one already"},
		{"prefix before the prefix of the refresh token", func(c *core.Config) { c.Cookies.Prefix, c.Cookies.RefreshTokenName = "__Host-", "__Host-r" }, "has one already"},
		{"prefix __Host- with a path", func(c *core.Config) { c.Cookies.Prefix, c.Cookies.RefreshPath = "__Host-", "/refresh" }, "path /"},
		{"prefix __Host- with a domain", func(c *core.Config) { c.Cookies.Prefix, c.Cookies.Domain = "__Host-", "example.com" }, "Domain"},
		{"prefix __Secure-, not Secure", func(c *core.Config) { c.Cookies.Prefix, c.Cookies.Insecure = "__Secure-", true }, "Insecure"},
		{"previous cookies of the same name", func(c *core.Config) {
			c.Cookies.Previous = []core.Cookies{{AccessTokenName: "a", Domain: "example.com"}}
		}, `two are named "refresh_token"`},
		{"two previous cookies of one name", func(c *core.Config) {
			c.Cookies.Prefix, c.Cookies.Previous = "__Host-", []core.Cookies{{}, {RefreshPath: "/refresh"}}
		}, "two are named"},
		{"previous cookies that can't be", func(c *core.Config) {
			c.Cookies.Prefix, c.Cookies.Previous = "__Host-", []core.Cookies{{Insecure: true, Partitioned: true}}
		}, "Previous[0]"},
		{"previous cookies of previous ones", func(c *core.Config) {
			c.Cookies.Prefix, c.Cookies.Previous = "__Host-", []core.Cookies{{Previous: []core.Cookies{{AccessTokenName: "a", RefreshTokenName: "b"}}}}
		}, "side by side"},
		{"cookie name with a space", func(c *core.Config) { c.Cookies.AccessTokenName = "access token" }, "Cookies"},
		{"bad domain", func(c *core.Config) { c.Cookies.Domain = "exa mple.com" }, "Cookies"},
		{"relative path", func(c *core.Config) { c.Cookies.RefreshPath = "token" }, "RefreshPath"},
		{"path with a semicolon", func(c *core.Config) { c.Cookies.RefreshPath = "/a;b" }, "Cookies"},
		{"SameSite default", func(c *core.Config) { c.Cookies.SameSite = http.SameSiteDefaultMode }, "SameSite"},
		{"SameSite None, not Secure", func(c *core.Config) { c.Cookies.SameSite, c.Cookies.Insecure = http.SameSiteNoneMode, true }, "SameSite"},
		{"Partitioned, not Secure", func(c *core.Config) { c.Cookies.Partitioned, c.Cookies.Insecure = true, true }, "Cookies"},
		{"__Host- not Secure", func(c *core.Config) { c.Cookies.AccessTokenName, c.Cookies.Insecure = "__Host-a", true }, "Insecure"},
		{"__Secure- not Secure", func(c *core.Config) { c.Cookies.RefreshTokenName, c.Cookies.Insecure = "__secure-r", true }, "Insecure"},
		{"__Secure- alone, not Secure", func(c *core.Config) { c.Cookies.AccessTokenName, c.Cookies.Insecure = "__Secure-", true }, "Insecure"},
		{"__Host- with a domain", func(c *core.Config) { c.Cookies.AccessTokenName, c.Cookies.Domain = "__Host-a", "example.com" }, "Domain"},
		{"__Host- with a path", func(c *core.Config) { c.Cookies.RefreshTokenName, c.Cookies.RefreshPath = "__HOST-r", "/token" }, "path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := core.Config{Secret: secret}
			test.change(&cfg)
			_, err := core.New(newStore(), &testTokens{}, cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New = %v, want an error about %q", err, test.want)
			}
		})
	}
	cfg := core.Config{Secret: secret}
	if _, err := core.New(nil, &testTokens{}, cfg); err == nil {
		t.Error("New without a store: no error")
	}
	if _, err := core.New(newStore(), nil, cfg); err == nil {
		t.Error("New without access tokens: no error")
	}
	if _, err := core.NewVerifier(nil, core.VerifierConfig{}); err == nil {
		t.Error("NewVerifier without access tokens: no error")
	}
	if _, err := core.NewVerifier(&testTokens{}, core.VerifierConfig{Leeway: -1}); err == nil {
		t.Error("NewVerifier with a negative leeway: no error")
	}
}

func TestNewTakesWhatCanWork(t *testing.T) {
	for name, change := range map[string]func(*core.Config){
		"only a secret":          func(*core.Config) {},
		"shortest access token":  func(c *core.Config) { c.AccessTokenDuration = time.Second },
		"longest grace":          func(c *core.Config) { c.Grace = math.MaxInt64 },
		"no refresh before":      func(c *core.Config) { c.RefreshBefore = -1 },
		"longest refresh before": func(c *core.Config) { c.RefreshBefore = 59 * time.Second },
		"longest leeway":         func(c *core.Config) { c.Leeway = 5 * time.Minute },
		"longest path":           func(c *core.Config) { c.Cookies.RefreshPath, c.Cookies.MaxBytes = "/"+strings.Repeat("p", 1023), 1<<20 },
		"SameSite None":          func(c *core.Config) { c.Cookies.SameSite = http.SameSiteNoneMode },
		"SameSite Strict":        func(c *core.Config) { c.Cookies.SameSite = http.SameSiteStrictMode },
		"__Host-":                func(c *core.Config) { c.Cookies.AccessTokenName, c.Cookies.RefreshTokenName = "__Host-a", "__Host-r" },
		"__Secure- with a domain and a path": func(c *core.Config) {
			c.Cookies = core.Cookies{RefreshTokenName: "__Secure-r", Domain: "example.com", RefreshPath: "/token"}
		},
	} {
		t.Run(name, func(t *testing.T) { newWorld(t, change) })
	}
}

func TestNewCopiesTheSecrets(t *testing.T) {
	mine := bytes.Clone(secret)
	w := newWorld(t, func(c *core.Config) { c.Secret = mine })
	pair := w.login("ada")
	clear(mine)
	w.expire()
	w.refresh(pair)
}
