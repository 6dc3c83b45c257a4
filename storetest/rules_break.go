package storetest

import (
	"context"
	"fmt"
)

var breakRules = []rule{
	{
		id:    "Break/Failure",
		text:  "A store that cannot answer returns an error from every call, never one that says what the store found.",
		needs: []ability{needsBreak},
		check: func(t *trial) {
			calls := t.oneOfEach("user")
			if t.hasRecords() {
				calls = append(calls, call{method: iterate})
			}
			t.broken()
			for range 2 { // a store may notice at the first call only
				for _, c := range calls {
					if t.failed() {
						return
					}
					ctx, cancel := context.WithTimeout(t.ctx, faultTime)
					r := c.on(ctx, t.store)
					cancel()
					if r.err == nil || isSentinel(r.err) {
						t.fail(fmt.Sprintf("%s is an error that is no sentinel", c.method), r.format(c.method))
					}
				}
			}
		},
	},
}
