package core_test

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Operations and their calls of the store. The package documentation has this table; the
// test below holds both to what is counted.
var storeCalls = []struct {
	operation string
	calls     string
	config    func(*core.Config)
	// do prepares a world and returns the operation.
	do func(w *world) func()
}{
	{"Verify", "none", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.Verify(w.ctx, pair.AccessToken) }
	}},
	{"Login", "Create", nil, func(w *world) func() {
		return func() { w.login("ada") }
	}},
	{"Login, evicting sessions", "Create", func(c *core.Config) { c.MaxSessions = 3 }, func(w *world) func() {
		many := newWorldOn(w.t, w.store, w.clock, manySessions)
		for range 10 {
			many.login("ada")
		}
		return func() { w.login("ada") }
	}},
	{"Login, in the place of a session", "Revoke, Create", nil, func(w *world) func() {
		old := w.login("ada")
		return func() { w.Login(w.ctx, "bob", core.LoginOptions{Replaces: old.RefreshToken}) }
	}},
	{"Refresh", "Exchange", nil, func(w *world) func() {
		pair := w.login("ada")
		w.expire()
		return func() { w.refresh(pair) }
	}},
	{"Refresh, without an access token", "Get, Exchange", nil, func(w *world) func() {
		pair := w.login("ada")
		w.expire()
		return func() { w.refresh(w.withoutAccess(pair)) }
	}},
	{"Refresh, of a pair a few seconds old", "Get", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.refresh(w.withoutAccess(pair)) }
	}},
	{"Refresh, with Config.RefreshClaims", "Get, Exchange", func(c *core.Config) { c.RefreshClaims = keepClaims }, func(w *world) func() {
		pair := w.login("ada")
		w.expire()
		return func() { w.refresh(pair) }
	}},
	{"Refresh, a retry", "Exchange or Get", nil, func(w *world) func() {
		pair := w.login("ada")
		w.expire()
		w.refresh(pair)
		return func() { w.refresh(pair) }
	}},
	{"Refresh, a retry", "Exchange or Get", func(c *core.Config) { c.RefreshClaims = keepClaims }, func(w *world) func() {
		pair := w.login("ada")
		w.expire()
		w.refresh(pair)
		return func() { w.refresh(pair) }
	}},
	{"Refresh, too early", "Get", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.refused(pair, core.ErrAccessTokenNotExpired) }
	}},
	{"Refresh, a compromise", "Exchange or Get, Revoke", manySessions, func(w *world) func() {
		stale := w.login("ada")
		w.login("ada")
		w.outdate(stale)
		return func() { w.refused(stale, core.ErrCompromised) }
	}},
	{"Refresh, a compromise", "Exchange or Get, Revoke", manySessions, func(w *world) func() {
		stale := w.login("ada")
		w.outdate(stale)
		return func() { w.refused(w.withoutAccess(stale), core.ErrCompromised) }
	}},
	{"Refresh, denied by Config.RefreshClaims", "Get, Revoke", func(c *core.Config) {
		c.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) { return nil, core.ErrDenied }
	}, func(w *world) func() {
		pair := w.login("ada")
		w.expire()
		return func() { w.refused(pair, core.ErrDenied) }
	}},
	{"Refresh, of a token that is not genuine", "none", nil, func(w *world) func() {
		return func() { w.Refresh(w.ctx, "junk", "") }
	}},
	{"Logout", "Revoke", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.Logout(w.ctx, pair.RefreshToken) }
	}},
	{"RevokeSession", "Revoke", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.RevokeSession(w.ctx, "ada", pair.Claims.SessionID) }
	}},
	{"RevokeSession, of a session that has ended", "Revoke, Get", nil, func(w *world) func() {
		pair := w.login("ada")
		w.Logout(w.ctx, pair.RefreshToken)
		return func() { w.RevokeSession(w.ctx, "ada", pair.Claims.SessionID) }
	}},
	{"RevokeOtherSessions", "Revoke", manySessions, func(w *world) func() {
		pair := w.login("ada")
		w.login("ada")
		w.login("ada")
		return func() { w.RevokeOtherSessions(w.ctx, "ada", pair.Claims.SessionID) }
	}},
	{"RevokeUser", "Revoke", manySessions, func(w *world) func() {
		ahead := newWorldOn(w.t, w.store, &clock{at: start.Add(time.Hour)}, manySessions)
		w.login("ada")
		ahead.login("ada")
		return func() { w.RevokeUser(w.ctx, "ada") }
	}},
	{"RevokeUserOf", "Get, Revoke", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.RevokeUserOf(w.ctx, pair.RefreshToken) }
	}},
	{"Sessions, HasSessions", "ListUser", nil, func(w *world) func() {
		w.login("ada")
		return func() { w.Sessions(w.ctx, "ada") }
	}},
	{"Sessions, HasSessions", "ListUser", nil, func(w *world) func() {
		return func() { w.HasSessions(w.ctx, "ada") }
	}},
	{"VerifySession, SessionOf", "Get", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.VerifySession(w.ctx, pair.AccessToken) }
	}},
	{"VerifySession, SessionOf", "Get", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.SessionOf(w.ctx, pair.Claims) }
	}},
	{"Compromised, VerifyRefreshToken", "Get", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.Compromised(w.ctx, pair.RefreshToken, "") }
	}},
	{"Compromised, VerifyRefreshToken", "Get", nil, func(w *world) func() {
		pair := w.login("ada")
		return func() { w.VerifyRefreshToken(w.ctx, pair.RefreshToken) }
	}},
	{"RunCleanup, each 500 expired records", "DeleteExpired", nil, func(w *world) func() {
		return func() {
			ctx, cancel := context.WithCancel(w.ctx)
			w.store.after = func(string) error { cancel(); return nil }
			w.RunCleanup(ctx, time.Hour)
		}
	}},
	{"Ping", "Get", nil, func(w *world) func() {
		return func() { w.Ping(w.ctx) }
	}},
}

func TestEveryOperationCostsTheCallsThatAreDocumented(t *testing.T) {
	hooks := map[string]func(*core.Config){
		"with all hooks":   nil,
		"without any hook": func(c *core.Config) { c.Hooks = core.Hooks{} },
	}
	for _, test := range storeCalls {
		for name, change := range hooks {
			t.Run(test.operation+" "+name, func(t *testing.T) {
				w := newWorld(t, func(c *core.Config) {
					for _, change := range []func(*core.Config){test.config, change} {
						if change != nil {
							change(c)
						}
					}
				})
				do := test.do(w)
				var calls []string
				w.store.before = func(method string) error { calls = append(calls, method); return nil }
				do()
				got := strings.Join(calls, ", ")
				if got == "" {
					got = "none"
				}
				first, rest, _ := strings.Cut(test.calls, ", ")
				for one := range strings.SplitSeq(first, " or ") {
					if got == strings.TrimSuffix(one+", "+rest, ", ") {
						return
					}
				}
				t.Errorf("the store was asked for %s, want %s", got, test.calls)
			})
		}
	}
}

func TestTheDocumentationHasTheTableOfStoreCalls(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	_, table, _ := strings.Cut(file.Doc.Text(), "# Calls of the store")
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "#") {
			break
		}
		if row, ok := strings.CutPrefix(line, "\t"); ok {
			operation, calls, _ := strings.Cut(row, "  ")
			documented[fmt.Sprintf("%s: %s", operation, strings.TrimSpace(calls))] = true
		}
	}
	counted := map[string]bool{}
	for _, test := range storeCalls {
		counted[test.operation+": "+test.calls] = true
	}
	if !maps.Equal(documented, counted) {
		t.Errorf("the documentation says\n%q\nand the test counts\n%q", slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(counted)))
	}
}

func TestPing(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.Ping(w.ctx); err != nil {
		t.Errorf("Ping = %v", err)
	}
	w.store.fail(errBroken)
	if err := w.Ping(w.ctx); !errors.Is(err, core.ErrStoreUnavailable) || !errors.Is(err, errBroken) {
		t.Errorf("Ping of a broken store = %v", err)
	}
	w.store.mend()
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if err := w.Ping(ctx); !errors.Is(err, core.ErrStoreUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("Ping of a cancelled request = %v", err)
	}
	mixedUp, err := core.New(mixedUpStore{w.store}, w.tokens, core.Config{Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if err := mixedUp.Ping(w.ctx); !errors.Is(err, core.ErrStoreUnavailable) || !strings.Contains(err.Error(), "another record") {
		t.Errorf("Ping of a store that has a record of that ID = %v", err)
	}
	if len(w.events.seen) != 0 || w.log.Len() != 0 {
		t.Errorf("hooks were told %v, and the log has %s", w.events.seen, w.log)
	}
}
