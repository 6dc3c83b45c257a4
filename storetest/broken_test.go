package storetest

import (
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tokenauth/tokenauth/core"
)

// broken is a store with one bug, and the rules that have to find it.
type broken struct {
	bug string

	// Exactly one of these makes the store. apply is the model's with the bug
	// in it, called under the model's lock; client makes a client of the
	// model's data; harness makes everything.
	apply   func(s state, c call) result
	client  func(m *model) storeFunc
	harness func() Harness

	// fails are the rules that it breaks, of those whose outcome does not
	// depend on what runs at the same time: these and no others. They are ids or
	// patterns of path.Match.
	fails string
	// races are further rules that find it every time.
	races string
	// waits says that some of its calls never return.
	waits bool
}

// finds reports whether the rule is said to find the bug.
func (b broken) finds(r rule) bool {
	if r.varies {
		return matches(b.races, r.id)
	}
	return matches(b.fails, r.id)
}

// try runs the rule on such a store.
func (b broken) try(t *testing.T, r rule, h Harness) error {
	if b.waits || slices.Contains(r.needs, needsDisconnect) {
		return runQuickly(t, r, h)
	}
	return r.run(t, h)
}

// runQuickly runs the rule by a false clock, so that no time passes where it waits.
func runQuickly(t *testing.T, r rule, h Harness) (err error) {
	synctest.Test(t, func(t *testing.T) { err = r.run(t, h) })
	return err
}

func (b broken) open() Harness {
	if b.harness != nil {
		return b.harness()
	}
	client := b.client
	if client == nil {
		client = func(m *model) storeFunc { return m.with(b.apply) }
	}
	return Harness{Open: func(*testing.T) core.RefreshStore { return client(newModel()) }}
}

// with returns a client that answers by apply instead of the model's own.
func (m *model) with(apply func(s state, c call) result) storeFunc {
	return func(ctx context.Context, c call) result {
		if err := ctx.Err(); err != nil {
			return result{err: err}
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		return apply(m.state, c)
	}
}

func allBroken() []broken {
	return slices.Concat(brokenCreate, brokenLimit, brokenGet, brokenExchange, brokenRefusal, brokenRevoke,
		brokenList, brokenDelete, brokenDead, brokenRecords, brokenUser, brokenTime, brokenContext, brokenRaces,
		brokenShared, brokenCrash, brokenDisconnect, brokenBreak)
}

func TestMain(m *testing.M) {
	flag.Parse()
	// The stores here are to fail: no files to repeat that, no long search for
	// the simplest failure.
	flag.Set("rapid.nofailfile", "true")
	flag.Set("rapid.shrinktime", "300ms")
	os.Exit(m.Run())
}

func TestEveryBrokenStoreFailsItsRulesAndNoOthers(t *testing.T) {
	all := rules()
	for _, b := range allBroken() {
		t.Run(b.bug, func(t *testing.T) {
			t.Parallel()
			h := b.open()
			for _, r := range all {
				want := b.finds(r)
				if h.lacks(r.needs) != "" || r.varies && !want {
					continue
				}
				err := b.try(t, r, h)
				if _, ok := errors.AsType[skipped](err); ok {
					continue
				}
				bounded(t, err)
				switch {
				case want && err == nil && testing.Short() && r.id == "Sequence/Model":
					// It draws too few sequences then.
				case want && err == nil:
					t.Errorf("%s passes", r.id)
				case !want && err != nil:
					t.Errorf("%s fails too: %v", r.id, err)
				}
			}
		})
	}
}

// bounded wants the message of a failure to fit on a screen.
func bounded(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines > maxMessageLines || len(err.Error()) > maxMessageBytes {
		t.Errorf("%d lines and %d bytes in a message: %v", lines, len(err.Error()), err)
	}
}

func TestEveryRuleHasABrokenStoreThatFailsIt(t *testing.T) {
	all := rules()
	said := slices.Concat(allBroken(), brokenMistakes)
	for _, r := range all {
		if !slices.ContainsFunc(said, func(b broken) bool { return b.finds(r) }) {
			t.Errorf("no broken store is said to fail %s", r.id)
		}
	}
	for _, b := range said {
		for _, pattern := range strings.Fields(b.fails + " " + b.races) {
			if !slices.ContainsFunc(all, func(r rule) bool { return matches(pattern, r.id) }) {
				t.Errorf("the store that %s is said to fail %s, which is no rule", b.bug, pattern)
			}
		}
	}
}

// matches reports whether one of the patterns, apart by spaces, is that of the id.
func matches(patterns, id string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		ok, err := path.Match(pattern, id)
		if err != nil {
			panic(err)
		}
		return ok
	})
}

func TestRuleIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules() {
		if seen[r.id] {
			t.Errorf("two rules are called %s", r.id)
		}
		seen[r.id] = true
		if method, name, ok := strings.Cut(r.id, "/"); !ok || method == "" || name == "" || strings.Contains(name, "/") {
			t.Errorf("%q is not of the form Method/Case", r.id)
		}
		if !strings.HasSuffix(r.text, ".") {
			t.Errorf("%s: %q is not a sentence", r.id, r.text)
		}
	}
}

// What follows makes bugs short to write.

// changed answers the calls of one method after a change to their arguments.
func changed(m method, change func(c *call)) func(state, call) result {
	return func(s state, c call) result {
		if c.method == m {
			change(&c)
		}
		return s.apply(c)
	}
}

// instead answers the calls of one method by another function.
func instead(m method, answer func(s state, c call) result) func(state, call) result {
	return func(s state, c call) result {
		if c.method == m {
			return answer(s, c)
		}
		return s.apply(c)
	}
}

// then lets the model answer the calls of one method and spoils the state or the
// result afterwards.
func then(m method, spoil func(s state, c call, r *result)) func(state, call) result {
	return func(s state, c call) result {
		r := s.apply(c)
		if c.method == m {
			spoil(s, c, &r)
		}
		return r
	}
}

// update changes a record in the state.
func (s state) update(id string, change func(t *core.Record)) {
	t := s[id]
	change(&t)
	s[id] = t
}

// each returns the user's records for which the condition holds, the newest first.
func (s state) each(userID string, holds func(r core.Record) bool) []core.Record {
	return s.some(func(r core.Record) bool { return r.UserID == userID && holds(r) })
}

// createAfter stores the record of a Create after revoking others as evict says.
func (s state) createAfter(c call, evict func(live []core.Record) []core.Record) result {
	if _, ok := s[c.record.ID]; ok || c.limit <= 0 {
		return s.apply(c)
	}
	evicted := s.revokeEach(evict(s.live(c.record.UserID, c.record.IssuedAt)), c.record.IssuedAt)
	c.limit = math.MaxInt
	s.apply(c)
	return result{records: evicted}
}
