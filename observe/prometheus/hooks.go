package prometheusobserve

import (
	"context"

	"github.com/tokenauth/tokenauth/core"
)

// Hooks returns the hooks that count, for core.Config.Hooks. They never wait for
// anything.
func (o *Observer) Hooks() core.Hooks {
	return core.Hooks{
		Login:   func(context.Context, core.Event) { o.logins.Inc() },
		Refresh: func(context.Context, core.Event) { o.refreshes.Inc() },
		Retry:   func(context.Context, core.Event) { o.retries.Inc() },
		Compromise: func(_ context.Context, e core.Event) {
			o.compromises.Inc()
			o.endedByCompromise.Add(float64(e.Sessions))
		},
		Revocation: func(_ context.Context, e core.Event) {
			o.revocations.WithLabelValues(e.Reason()).Inc()
			o.endedByRevocation.Add(float64(e.Sessions))
		},
		Rejection: func(_ context.Context, e core.Event) {
			reason := e.Reason()
			count := o.byReason[reason]
			if count == nil {
				count = o.rejections.WithLabelValues(reason)
			}
			count.Inc()
		},
	}
}
