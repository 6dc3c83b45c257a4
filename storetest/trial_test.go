package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// named returns the rule of that id.
func named(t *testing.T, id string) rule {
	t.Helper()
	for _, r := range rules() {
		if r.id == id {
			return r
		}
	}
	t.Fatalf("no rule is called %s", id)
	return rule{}
}

// wantIn wants all the texts in the message of the error.
func wantIn(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("the rule passes")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in the message:\n%v", text, err)
		}
	}
}

// storeOf returns a harness of a store with that client.
func storeOf(client func(m *model) storeFunc) Harness {
	return Harness{Open: func(*testing.T) core.RefreshStore { return client(newModel()) }}
}

func TestAFailureShowsTheRuleTheCallsAndWhatWasExpectedAndSeen(t *testing.T) {
	h := storeOf(func(m *model) storeFunc {
		return m.with(changed(create, func(c *call) { c.record.Device = "" }))
	})
	r := named(t, "Create/EveryField")
	wantIn(t, r.run(t, h), r.id, r.text,
		`expected: the record that Get returns has Device: "Firefox on Linux"`, `seen:     Device: ""`,
		"#1 Create({ID: ", "#2 Get(", `UserID: "alice"`, "IssuedAt: "+formatTime(base), ": nil\n")
}

func TestAListInAnotherOrderIsToldInALine(t *testing.T) {
	h := storeOf(func(m *model) storeFunc {
		return m.with(then(listUser, func(_ state, _ call, r *result) { slices.Reverse(r.records) }))
	})
	err := named(t, "ListUser/Many").run(t, h)
	wantIn(t, err, "  seen:     the same records in another order: number 1 is ")
	for line := range strings.Lines(err.Error()) {
		if strings.Contains(line, "seen: ") && len(line) > 160 {
			t.Errorf("%d bytes: %s", len(line), line)
		}
	}
}

func TestAFailureShowsTheCallsThatTouchedTheRecord(t *testing.T) {
	h := storeOf(func(m *model) storeFunc {
		return m.with(then(exchange, func(s state, c call, _ *result) {
			for id := range s {
				s.update(id, func(r *core.Record) { r.Device = "another" })
			}
		}))
	})
	err := named(t, "Exchange/OneRecord").run(t, h)
	wantIn(t, err, `Device: "another"`, "Create({ID: ", "calls about others)")
}

func TestTheSuiteSaysLittleOfANaiveStore(t *testing.T) {
	for name, client := range map[string]func(m *model) storeFunc{
		"does nothing": func(*model) storeFunc { return func(context.Context, call) result { return result{} } },
		"panics":       func(*model) storeFunc { return func(context.Context, call) result { panic("not implemented") } },
		"fails at length": func(*model) storeFunc {
			return func(context.Context, call) result {
				return result{err: errors.New(strings.Repeat("syntax error\n", 1000) + strings.Repeat("x", 100_000))}
			}
		},
		"answers everything with all records": func(m *model) storeFunc {
			return m.with(func(s state, c call) result {
				r := s.apply(c)
				r.records = s.some(func(core.Record) bool { return true })
				return r
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range rules() {
				if h := storeOf(client); !r.varies && h.lacks(r.needs) == "" {
					bounded(t, r.run(t, h))
				}
			}
		})
	}
}

func TestAPanicOfTheStoreFailsOneRule(t *testing.T) {
	h := storeOf(func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			if c.method == revoke {
				panic("no such bucket")
			}
			return m.answer(ctx, c)
		}
	})
	wantIn(t, named(t, "Revoke/Sets").run(t, h), "seen:     panic: no such bucket", "panicked at:", "trial_test.go")
	if err := named(t, "Get/Unknown").run(t, h); err != nil {
		t.Error(err)
	}
}

func TestACallThatWaitsForItsContextStallsAndIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		released := false
		h := storeOf(func(m *model) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method == revoke {
					<-ctx.Done()
					released = true
				}
				return m.answer(ctx, c)
			}
		})
		h.Timeout = time.Hour
		start := time.Now()
		wantIn(t, named(t, "Revoke/Sets").run(t, h), "Revoke/Sets", "no call has begun or returned for 1h0m0s; in flight:\n\t#4 Revoke(", "has not returned")
		if waited := time.Since(start); waited < time.Hour {
			t.Errorf("stalled after %v", waited)
		}
		synctest.Wait()
		if !released {
			t.Error("the call is still waiting")
		}
	})
}

func TestALockThatIsKeptFailsItsRuleAndNotTheNext(t *testing.T) {
	h := storeOf(func(m *model) storeFunc {
		return func(ctx context.Context, c call) result {
			m.mu.Lock()
			r := m.state.apply(c)
			if errors.Is(r.err, core.ErrExists) {
				return r
			}
			m.mu.Unlock()
			return r
		}
	})
	h.Timeout = 100 * time.Millisecond
	wantIn(t, named(t, "Create/DuplicateID").run(t, h), "Create/DuplicateID", "in flight:\n\t#3 Create(")
	h.Timeout = 0
	if err := named(t, "Create/LimitOne").run(t, h); err != nil {
		t.Error(err)
	}
}

func TestTheLedgerForgetsAllButTheLatestCallsAndThoseInFlight(t *testing.T) {
	l := &ledger{}
	l.begin("", call{method: get, id: "waiting"})
	for range 10 * maxCalls {
		l.end(l.begin("", call{method: get, id: "done"}), result{err: core.ErrNotFound})
	}
	if n := strings.Count(l.calls(), "\n"); n > 2*maxCalls+1 {
		t.Errorf("%d lines", n)
	}
	if got, want := l.inFlight(), "#1 Get(waiting): has not returned"; !strings.Contains(got, want) {
		t.Errorf("%q is not in %q", want, got)
	}
	if got, want := l.calls(), fmt.Sprintf("#%d Get(done): ErrNotFound", 1+10*maxCalls); !strings.Contains(got, want) {
		t.Errorf("%q is not in %q", want, got)
	}
}
