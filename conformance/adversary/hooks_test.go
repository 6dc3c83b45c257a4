package adversary_test

import (
	"context"

	"github.com/tokenauth/tokenauth/core"
)

// hooks note in the request what they are told.
var hooks = core.Hooks{
	Login:   note("login"),
	Refresh: note("refresh"),
	Retry:   note("retry"),
	Compromise: func(ctx context.Context, e core.Event) {
		r := requestOf(ctx)
		r.told["compromise"]++
		r.told["sessions of a compromise"] += e.Sessions
	},
	Revocation: func(ctx context.Context, e core.Event) {
		r := requestOf(ctx)
		r.endings[e.SessionID] = append(r.endings[e.SessionID], e.Reason)
	},
	Rejection: note("rejection"),
}

func note(what string) func(context.Context, core.Event) {
	return func(ctx context.Context, _ core.Event) { requestOf(ctx).told[what]++ }
}

// judgeHooks looks at what the hooks were told of a request.
func (w *world) judgeHooks(r *request) {
	times := func(n int, of ...string) {
		told := 0
		for _, what := range of {
			told += r.told[what]
		}
		if told != n {
			violated(toldOnce, "%v: %d %s, and the hooks were told: %v", r, r.status, r.code, r.told)
		}
	}
	compromises := 0
	if r.refreshes() && len(r.ends) > 0 {
		compromises = 1
		w.count("compromises told")
	}
	times(compromises, "compromise")
	switch {
	case r.refreshes() && r.issues():
		times(1, "refresh", "retry")
		times(0, "rejection")
	case r.refreshes():
		times(0, "refresh", "retry")
		times(1, "rejection", "compromise")
	case r.kind == login && !r.failed:
		times(1, "login")
	}
	if r.refreshes() {
		times(len(r.ends), "sessions of a compromise")
	}
	for id := range r.ends {
		if len(r.endings[id]) != 1 && !w.restored {
			violated(toldOnce, "%v ended %s, and its end was told %d times", r, id[8:12], len(r.endings[id]))
		}
	}
	for id, reasons := range r.endings {
		if !r.ends[id] || w.told[id] && !w.restored { // what was rolled back can end again
			violated(toldOnce, "%v did not end %s, and its end was told: %v", r, id[8:12], reasons)
		}
		w.told[id] = true
		w.count("ends told: " + string(reasons[0]))
		if compromised := reasons[0] == core.ReasonCompromised; compromised != r.refreshes() {
			violated(toldOnce, "%v ended %s because of %s", r, id[8:12], reasons[0])
		}
	}
}
