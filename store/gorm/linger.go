package gormstore

import (
	"context"
	"time"
)

// lingering is how long a commit may go on after its context is over. Its driver
// would leave it at once, but not so the server, which has it already: the call
// would have returned before it takes effect.
const lingering = 2 * time.Second

// linger returns a context that is over some time after ctx is, and a function to
// be called when it is no longer used.
func linger(ctx context.Context) (longer context.Context, end func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(lingering)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}
