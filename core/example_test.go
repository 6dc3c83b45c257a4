package core_test

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// An audit log, beside an alarm of the application's own.
func ExampleLogHooks() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	alarm := core.Hooks{Compromise: func(_ context.Context, e core.Event) {
		os.Stdout.WriteString("mail " + e.UserID + ": somebody else used your session\n")
	}}
	hooks := core.JoinHooks(core.LogHooks(logger), alarm)

	// With core.Config{Hooks: hooks} the schema calls them. This is what it does:
	ctx, at := context.Background(), time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	hooks.Login(ctx, core.Event{At: at, UserID: "ada", SessionID: "k3z", Device: "Firefox"})
	hooks.Compromise(ctx, core.Event{At: at.Add(time.Hour), UserID: "ada", SessionID: "k3z", Sessions: 2, Reason: core.ReasonCompromised, Err: core.ErrCompromised})
	hooks.Rejection(ctx, core.Event{At: at.Add(2 * time.Hour), Err: core.ErrAccessTokenExpired}) // DEBUG
	// Output:
	// level=INFO msg="tokenauth: login" at=2030-01-02T03:04:05.000Z user=ada session=k3z device=Firefox
	// level=WARN msg="tokenauth: compromise" at=2030-01-02T04:04:05.000Z user=ada session=k3z sessions=2 reason=refresh_token_compromised err="refresh token compromised"
	// mail ada: somebody else used your session
}

// The application's own hooks beside others, such as those of a package that counts.
func ExampleJoinHooks() {
	alarm := core.Hooks{Compromise: func(_ context.Context, e core.Event) {
		os.Stdout.WriteString("mail " + e.UserID + ": somebody else used your session\n")
	}}
	rejected := map[core.Reason]int{}
	metrics := core.Hooks{
		Compromise: func(context.Context, core.Event) { os.Stdout.WriteString("count a compromise\n") },
		Rejection:  func(_ context.Context, e core.Event) { rejected[e.Reason]++ },
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
	logger.Warn("rejection", "event", core.Event{UserID: "ada", SessionID: "k3z", Reason: core.ReasonAccessTokenExpired, Err: core.ErrAccessTokenExpired})
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
