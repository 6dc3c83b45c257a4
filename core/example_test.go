package core_test

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// An audit log: every event is a record of its own, at a level that says who should
// look at it.
func ExampleHooks() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	write := func(level slog.Level, message string) func(context.Context, core.Event) {
		return func(ctx context.Context, e core.Event) { logger.Log(ctx, level, message, "event", e) }
	}
	audit := core.Hooks{
		Login:      write(slog.LevelInfo, "login"),
		Compromise: write(slog.LevelError, "compromise"),
		Revocation: write(slog.LevelInfo, "revocation"),
		Rejection:  write(slog.LevelDebug, "rejection"), // an expired access token is everyday
	}

	// With core.Config{Hooks: audit} the schema calls them. This is what it does:
	ctx, at := context.Background(), time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	audit.Login(ctx, core.Event{At: at, UserID: "ada", SessionID: "k3z", Device: "Firefox"})
	audit.Compromise(ctx, core.Event{At: at.Add(time.Hour), UserID: "ada", SessionID: "k3z", Sessions: 2, Err: core.ErrCompromised})
	audit.Revocation(ctx, core.Event{At: at.Add(2 * time.Hour), UserID: "bob", Sessions: 1})
	// Output:
	// level=INFO msg=login event.at=2030-01-02T03:04:05.000Z event.user=ada event.session=k3z event.device=Firefox
	// level=ERROR msg=compromise event.at=2030-01-02T04:04:05.000Z event.user=ada event.session=k3z event.sessions=2 event.reason=refresh_token_compromised event.err="refresh token compromised"
	// level=INFO msg=revocation event.at=2030-01-02T05:04:05.000Z event.user=bob event.sessions=1
}

// The application's own hooks beside others, such as those of a package that counts.
func ExampleJoinHooks() {
	alarm := core.Hooks{Compromise: func(_ context.Context, e core.Event) {
		os.Stdout.WriteString("mail " + e.UserID + ": somebody else used your session\n")
	}}
	rejected := map[string]int{}
	metrics := core.Hooks{
		Compromise: func(context.Context, core.Event) { os.Stdout.WriteString("count a compromise\n") },
		Rejection:  func(_ context.Context, e core.Event) { rejected[e.Reason()]++ },
	}

	hooks := core.JoinHooks(alarm, metrics) // for core.Config{Hooks: hooks}
	hooks.Compromise(context.Background(), core.Event{UserID: "ada", Err: core.ErrCompromised})
	// Output:
	// mail ada: somebody else used your session
	// count a compromise
}

// The keys are the same wherever an event is logged.
func ExampleEvent_LogValue() {
	logger := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	logger.Warn("rejection", "event", core.Event{UserID: "ada", SessionID: "k3z", Err: core.ErrAccessTokenExpired})
	// Output:
	// {"level":"WARN","msg":"rejection","event":{"user":"ada","session":"k3z","reason":"access_token_expired","err":"access token expired"}}
}

// withoutTime leaves the time out, which is another one at every run.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
