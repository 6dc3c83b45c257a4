package storetest

import (
	"context"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestWhatAHarnessLeavesOutIsSkippedByName(t *testing.T) {
	full := modelHarness()
	for _, test := range []struct {
		name    string
		harness Harness
		skipped []string // patterns
	}{
		{"Open alone", Harness{Open: full.Open}, []string{"Reopen/*", "Peer/*", "Dump/*", "Crash/*", "Disconnect/*", "Break/*", "DeleteExpired/NativeTTL"}},
		{"everything", full, []string{"DeleteExpired/NativeTTL"}},
		{"no Reopen", Harness{Open: full.Open, Peer: full.Peer, Dump: full.Dump}, []string{"Reopen/*", "Crash/*", "Disconnect/*", "Break/*", "DeleteExpired/NativeTTL"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, r := range rules() {
				want := false
				for _, pattern := range test.skipped {
					want = want || matches(pattern, r.id)
				}
				if why := test.harness.lacks(r.needs); (why != "") != want {
					t.Errorf("%s: skipped because %q, want it skipped: %v", r.id, why, want)
				}
			}
		})
	}
}

func TestRulesOfDeletionAreSkippedWithANativeTTL(t *testing.T) {
	h := Harness{Open: modelHarness().Open, Peer: modelHarness().Peer, NativeTTL: true}
	for _, id := range []string{"DeleteExpired/Deletes", "DeleteExpired/CountedOnce", "Peer/DeleteExpiredCountedOnce", "History/Deletion"} {
		if h.lacks(named(t, id).needs) == "" {
			t.Errorf("%s is tried", id)
		}
	}
	if why := h.lacks(named(t, "DeleteExpired/NativeTTL").needs); why != "" {
		t.Errorf("DeleteExpired/NativeTTL is skipped because %s", why)
	}
}

func TestAHarnessCanEndItsTest(t *testing.T) {
	h := modelHarness()
	h.Reopen = func(t *testing.T, _ core.RefreshStore) core.RefreshStore {
		t.Skip("the server is not there")
		return nil
	}
	var tried *testing.T
	t.Run("rule", func(t *testing.T) {
		tried = t
		t.Errorf("run returned: %v", named(t, "Reopen/Records").run(t, h))
	})
	if !tried.Skipped() {
		t.Error("the test was not skipped")
	}
}

func TestAHarnessFunctionThatReturnsNoStoreFails(t *testing.T) {
	none := func(*testing.T, core.RefreshStore) core.RefreshStore { return nil }
	h := modelHarness()
	h.Reopen, h.Peer = none, none
	wantIn(t, named(t, "Reopen/Records").run(t, h), "Harness.Reopen returns a store")
	wantIn(t, named(t, "Peer/Create").run(t, h), "Harness.Peer returns a store")
	h.Disconnect = func(*testing.T) (core.RefreshStore, func(Fault)) { return nil, nil }
	for _, id := range []string{"Failure", "NotTwice", "Mends", "Linearizable"} {
		wantIn(t, named(t, "Disconnect/"+id).run(t, h), "Harness.Disconnect returns a store and a function")
	}
	crash := h.Crash
	h.Crash = func(*testing.T) (core.RefreshStore, func() core.RefreshStore) { return nil, nil }
	wantIn(t, named(t, "Crash/Acknowledged").run(t, h), "Harness.Crash returns a store and a function")
	h.Crash = func(t *testing.T) (core.RefreshStore, func() core.RefreshStore) {
		s, _ := crash(t)
		return s, func() core.RefreshStore { return nil }
	}
	wantIn(t, named(t, "Crash/Acknowledged").run(t, h), "the function of Harness.Crash returns a store")
	h.Open = func(*testing.T) core.RefreshStore { return nil }
	wantIn(t, named(t, "Get/Unknown").run(t, h), "Harness.Open returned no store")
}

func TestAStoreThatFailsBeforeItIsKilledFails(t *testing.T) {
	h := modelHarness()
	h.Crash = func(*testing.T) (core.RefreshStore, func() core.RefreshStore) {
		m := newModel()
		s := storeFunc(func(ctx context.Context, c call) result {
			if c.method.writes() && c.method != create {
				return result{err: errDriver}
			}
			return m.answer(ctx, c)
		})
		return s, func() core.RefreshStore { return s }
	}
	h.Crashes = 50 // the first kill may come before the first failure
	wantIn(t, named(t, "Crash/Acknowledged").run(t, h), "calls are answered until the process is killed")
}

func TestHarnessFunctionsAreGivenTheStoreThatWasOpened(t *testing.T) {
	h := modelHarness()
	type opened struct{ core.RefreshStore }
	wrap := func(s core.RefreshStore) core.RefreshStore { return &opened{s} }
	open, reopen := h.Open, h.Reopen
	var last core.RefreshStore
	h.Open = func(t *testing.T) core.RefreshStore {
		last = wrap(open(t))
		return last
	}
	h.Reopen = func(t *testing.T, s core.RefreshStore) core.RefreshStore {
		if s != last {
			t.Errorf("Reopen is given %T, not the store that was opened last", s)
		}
		last = wrap(reopen(t, s))
		return last
	}
	if err := named(t, "Reopen/Users").run(t, h); err != nil {
		t.Error(err)
	}
}
