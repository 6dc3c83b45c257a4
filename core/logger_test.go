package core_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// records is a handler that writes records down: level, message and keys.
type records struct{ seen []string }

func (*records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r *records) WithGroup(string) slog.Handler          { return r }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	var keys []string
	for attr := range record.Attrs {
		if attr.Value.String() == "" {
			attr.Key += " (empty)"
		}
		keys = append(keys, attr.Key)
	}
	r.seen = append(r.seen, fmt.Sprintf("%s %q: %s", record.Level, record.Message, strings.Join(keys, ", ")))
	return nil
}

// Alarms look for these messages and keys.
func TestLogRecordsAreStable(t *testing.T) {
	const (
		unavailable = `ERROR "tokenauth: store unavailable": doing, err`
		compromised = `WARN "tokenauth: refresh token compromised": user, session`
	)
	computing := func(c *core.Config) {
		c.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) { return nil, errBroken }
	}
	for name, test := range map[string]struct {
		config func(*core.Config)
		do     func(w *world)
		want   []string
	}{
		"what is everyday": {nil, func(w *world) {
			pair := w.login("ada")
			w.Verify(w.ctx, "junk")
			w.refused(pair, core.ErrAccessTokenNotExpired)
			w.expire()
			w.Verify(w.ctx, pair.AccessToken)
			w.refresh(pair)
			w.refresh(pair)
			w.Logout(w.ctx, pair.RefreshToken)
			w.refused(pair, core.ErrInvalidRefreshToken)
		}, nil},
		"a compromise": {nil, func(w *world) {
			pair := w.login("ada")
			w.outdate(pair)
			w.refused(pair, core.ErrCompromised)
		}, []string{compromised, `WARN "tokenauth: sessions of a compromised refresh token ended": user, session, sessions`}},
		"a compromise whose sessions go on": {nil, func(w *world) {
			pair := w.login("ada")
			w.outdate(pair)
			w.store.fail(errBroken, "Revoke")
			w.refused(pair, core.ErrStoreUnavailable)
		}, []string{compromised, unavailable}},
		"a store that is down": {nil, func(w *world) {
			pair := w.login("ada")
			w.expire()
			w.store.fail(errBroken)
			w.Login(w.ctx, "ada", core.LoginOptions{})
			w.refused(pair, core.ErrStoreUnavailable)
			w.Logout(w.ctx, pair.RefreshToken)
			w.RevokeUser(w.ctx, "ada")
			w.Sessions(w.ctx, "ada")
			w.VerifyRefreshToken(w.ctx, pair.RefreshToken)
		}, slices.Repeat([]string{unavailable}, 6)},
		"a client that gave up": {nil, func(w *world) {
			pair := w.login("ada")
			w.expire()
			ctx, cancel := context.WithCancel(w.ctx)
			cancel()
			w.Refresh(ctx, pair.RefreshToken, pair.AccessToken)
		}, nil},
		"claims that can't be computed": {computing, func(w *world) {
			pair := w.login("ada")
			w.expire()
			w.refused(pair, core.ErrClaims)
		}, []string{`ERROR "tokenauth: claims unavailable": user, session, err`}},
		"a login that can't be signed": {nil, func(w *world) {
			w.tokens.signErr = errBroken
			w.Login(w.ctx, "ada", core.LoginOptions{})
		}, []string{`ERROR "tokenauth: claims unavailable": user, err`}},
	} {
		t.Run(name, func(t *testing.T) {
			log := &records{}
			w := newWorld(t, func(c *core.Config) {
				c.Logger = slog.New(log)
				if test.config != nil {
					test.config(c)
				}
			})
			if test.do(w); !slices.Equal(log.seen, test.want) {
				t.Errorf("it logged\n%s\nwant\n%s", strings.Join(log.seen, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// What the comment of Config.Logger lists is what the source logs.
func TestTheLoggersCommentListsEveryMessage(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	comment, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if file.Name() == "hooks.go" { // its records are not the logger's
			continue
		}
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") || file.Name() == "config.go" {
			continue
		}
		text, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), `"tokenauth: `)[1:] {
			message, _, _ := strings.Cut(part, `"`)
			if !strings.Contains(string(comment), `"tokenauth: `+message+`"`) {
				t.Errorf("%s logs %q, which the comment of Config.Logger does not list", file.Name(), message)
			}
			found++
		}
	}
	if found == 0 {
		t.Error("no message was found")
	}
}
