package core_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestLogHooksWriteARecordOfEveryEvent(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := newWorld(t, func(c *core.Config) { c.Hooks = core.LogHooks(logger) })
	other := w.login("bob")
	stale := w.login("ada")
	w.Verify(w.ctx, "")
	w.Verify(w.ctx, "junk")
	w.expire()
	w.Verify(w.ctx, stale.AccessToken)
	next := w.refresh(stale)
	w.refresh(stale)
	w.expire()
	w.refresh(next)
	w.refused(stale, core.ErrCompromised)
	if err := w.Logout(w.ctx, other.RefreshToken); err != nil {
		t.Fatal(err)
	}
	w.store.fail(errBroken)
	w.refused(other, core.ErrStoreUnavailable)

	sessions := map[any]string{nil: "", other.Claims.SessionID: "b", stale.Claims.SessionID: "a"}
	var got []string
	for line := range strings.Lines(log.String()) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		text := fmt.Sprint(r["level"], " ", r["msg"])
		for _, key := range []string{"user", "session", "sessions", "reason"} {
			value := r[key]
			if key == "session" {
				value = sessions[value]
			}
			if value != nil && value != "" {
				text += fmt.Sprint(" ", key, "=", value)
			}
		}
		got = append(got, text)
		for _, token := range []string{other.AccessToken, other.RefreshToken, stale.AccessToken, stale.RefreshToken} {
			if strings.Contains(line, token) {
				t.Errorf("a record holds a token: %s", line)
			}
		}
	}
	want := []string{
		"INFO tokenauth: login user=bob session=b",
		"INFO tokenauth: login user=ada session=a",
		"DEBUG tokenauth: rejection reason=missing_access_token",
		"INFO tokenauth: rejection reason=invalid_access_token",
		"DEBUG tokenauth: rejection user=ada session=a reason=access_token_expired",
		"DEBUG tokenauth: refresh user=ada session=a",
		"DEBUG tokenauth: retry user=ada session=a",
		"DEBUG tokenauth: refresh user=ada session=a",
		"WARN tokenauth: compromise user=ada session=a sessions=1 reason=refresh_token_compromised",
		"INFO tokenauth: revocation user=ada session=a reason=refresh_token_compromised",
		"INFO tokenauth: revocation user=bob session=b reason=logout",
		"INFO tokenauth: rejection user=bob session=b reason=store_unavailable",
	}
	if !slices.Equal(got, want) {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLogHooksHeedTheDefaultLogger(t *testing.T) {
	hooks := core.LogHooks(nil)
	var log bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	hooks.Login(t.Context(), core.Event{UserID: "ada"})
	hooks.Refresh(t.Context(), core.Event{UserID: "ada"})
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, `level=INFO msg="tokenauth: login" user=ada`) {
		t.Errorf("logged %q", text)
	}
}

// Whatever a store's error wraps, that the store could not answer is not everyday.
func TestLogHooksTellFailuresOfTheStoreAloud(t *testing.T) {
	for _, test := range []struct {
		err   error
		level string
	}{
		{core.ErrAccessTokenExpired, "DEBUG"},
		{core.ErrAccessTokenNotExpired, "DEBUG"},
		{core.ErrMissingAccessToken, "DEBUG"},
		{core.ErrInvalidAccessToken, "INFO"},
		{fmt.Errorf("%w: %w", core.ErrStoreUnavailable, core.ErrAccessTokenExpired), "INFO"},
		{fmt.Errorf("%w: %w", core.ErrClaims, core.ErrMissingAccessToken), "INFO"},
	} {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		core.LogHooks(logger).Rejection(t.Context(), core.Event{Err: test.err})
		if !strings.Contains(log.String(), "level="+test.level) {
			t.Errorf("%v is logged as %s, want %s", test.err, log.String(), test.level)
		}
	}
}
