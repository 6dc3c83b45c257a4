package otelobserve

import (
	"context"
	"errors"
	"os"

	"github.com/tokenauth/tokenauth/core"
)

// outcome is what a call returned.
type outcome int

const (
	ok outcome = iota
	notFound
	exists
	conflict
	cancelled
	timeout
	failed
)

var outcomes = [...]string{
	ok: "ok", notFound: "not_found", exists: "exists", conflict: "conflict", cancelled: "cancelled", timeout: "timeout", failed: "error",
}

func outcomeOf(ctx context.Context, err error) outcome {
	switch {
	case err == nil:
		return ok
	case errors.Is(err, core.ErrNotFound):
		return notFound
	case errors.Is(err, core.ErrExists):
		return exists
	case errors.Is(err, core.ErrConflict):
		return conflict
	case errors.Is(err, context.DeadlineExceeded):
		return timeout
	case errors.Is(err, context.Canceled) && ctx.Err() != nil: // else the driver gave up
		return cancelled
	case errors.Is(err, os.ErrDeadlineExceeded): // a connection's, which is the driver's
		return timeout
	default:
		return failed
	}
}
