package core

import (
	"context"
	"errors"
	"time"
)

const (
	// cleanupStep is how many records one call of the store deletes.
	cleanupStep = 500
	// cleanupMargin keeps expired records a little longer, for servers whose clocks
	// are behind, and because a refusal depends on how long ago a session ended.
	cleanupMargin = time.Minute
)

// RunCleanup deletes expired records from the store, at once and then every so
// often, in steps of 500, until ctx is done; then it returns ctx.Err(). Once an hour is
// usual. It keeps a record for a minute after its expiry. Run it in a goroutine of your
// own, on one server or on all. A failure of the store is logged and tried again the next
// time. It returns another error only for an
// interval that is not positive. Stores whose records go by themselves don't need it.
func (s *Schema) RunCleanup(ctx context.Context, every time.Duration) error {
	if every <= 0 {
		return errors.New("core: the interval of a cleanup must be positive")
	}
	tick := time.Tick(every)
	for {
		s.cleanup(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick:
		}
	}
}

func (s *Schema) cleanup(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := s.store.DeleteExpired(ctx, s.now().Add(-cleanupMargin), cleanupStep)
		if err != nil {
			s.logFailure(ctx, "tokenauth: store unavailable", "doing", "delete expired sessions", "err", err)
			return
		}
		if n < cleanupStep {
			return
		}
	}
}
