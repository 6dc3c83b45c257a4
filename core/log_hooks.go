package core

import (
	"context"
	"errors"
	"log/slog"
)

// LogHooks returns hooks that write an audit log: a record for every event, with the keys
// of [Event.LogValue] and one of these messages:
//
//	INFO  "tokenauth: login"
//	INFO  "tokenauth: revocation"
//	WARN  "tokenauth: compromise"
//	INFO  "tokenauth: rejection"
//	DEBUG "tokenauth: refresh"
//	DEBUG "tokenauth: retry"
//
// A rejection is at the level DEBUG where it is everyday: an access token that is missing,
// has expired, or has not expired yet. Where logger is nil it is the default one of package
// slog at the time of the event. JoinHooks has other hooks told beside these. See
// Config.Logger for what the schema logs without them.
func LogHooks(logger *slog.Logger) Hooks {
	log := func(level slog.Level, message string) func(context.Context, Event) {
		return func(ctx context.Context, e Event) { logEvent(ctx, logger, level, message, e) }
	}
	return Hooks{
		Login:      log(slog.LevelInfo, "tokenauth: login"),
		Refresh:    log(slog.LevelDebug, "tokenauth: refresh"),
		Retry:      log(slog.LevelDebug, "tokenauth: retry"),
		Compromise: log(slog.LevelWarn, "tokenauth: compromise"),
		Revocation: log(slog.LevelInfo, "tokenauth: revocation"),
		Rejection: func(ctx context.Context, e Event) {
			level := slog.LevelInfo
			if isEveryday(e.Err) {
				level = slog.LevelDebug
			}
			logEvent(ctx, logger, level, "tokenauth: rejection", e)
		},
	}
}

func isEveryday(err error) bool {
	return !isOurs(err) && (errors.Is(err, ErrMissingAccessToken) || errors.Is(err, ErrAccessTokenExpired) || errors.Is(err, ErrAccessTokenNotExpired))
}

func logEvent(ctx context.Context, logger *slog.Logger, level slog.Level, message string, e Event) {
	if logger == nil {
		logger = slog.Default()
	}
	if logger.Enabled(ctx, level) {
		logger.LogAttrs(ctx, level, message, e.LogValue().Group()...)
	}
}
