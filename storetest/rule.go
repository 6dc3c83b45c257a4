package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// rule is one sentence of the contract and how to see whether a store keeps it.
type rule struct {
	id    string // Method/Case
	text  string
	needs []ability
	// varies marks a rule that goes by chance: by what runs at the same time or
	// by what is drawn. Where the harness has a Peer it runs a second time, over
	// both clients.
	varies bool
	// check tries the rule on t's store and tells t of what it finds.
	check func(t *trial)
}

// ability is what a rule needs of a harness or of its stores beyond Open.
type ability int

const (
	needsReopen ability = iota
	needsPeer
	needsDump
	needsCrash
	needsDisconnect
	needsBreak
	needsDead    // expired records stay until DeleteExpired takes them
	needsTTL     // expired records go by themselves
	needsRecords // the store is a core.RecordIterator
)

// lacks returns why the harness cannot run a rule with those needs, empty if it
// can.
func (h Harness) lacks(needs []ability) string {
	for _, need := range needs {
		switch {
		case need == needsReopen && h.Reopen == nil:
			return "the harness has no Reopen: provide one to show that a durable store keeps what it acknowledged"
		case need == needsPeer && h.Peer == nil:
			return "the harness has no Peer: provide one to show that several processes see the same data"
		case need == needsDump && h.Dump == nil:
			return "the harness has no Dump: provide one to show that what the store holds logs nobody in"
		case need == needsCrash && h.Crash == nil:
			return "the harness has no Crash: provide one to show that a crash loses nothing acknowledged"
		case need == needsDisconnect && h.Disconnect == nil:
			return "the harness has no Disconnect: provide one to show what a network that fails does"
		case need == needsBreak && h.Break == nil:
			return "the harness has no Break: provide one to show how a store says that it cannot answer"
		case need == needsDead && h.NativeTTL:
			return "the harness declares NativeTTL: records go by themselves, and DeleteExpired has nothing to do"
		case need == needsTTL && !h.NativeTTL:
			return "the harness does not declare NativeTTL: DeleteExpired is what removes records"
		}
	}
	return ""
}

// rules returns all rules in the order they run.
func rules() []rule {
	all := slices.Concat(
		createRules, limitRules, getRules, exchangeRules, revokeRules, listRules, deleteRules, deadRules,
		recordsRules, userRules(), timeRules, contextRules(),
		exchangeRaces, readRaces, loginRaces, revocationRaces, deletionRaces, sequenceRules, historyRules)
	var shared []rule
	for _, r := range all {
		if r.varies {
			shared = append(shared, r.acrossPeers())
		}
	}
	return slices.Concat(all, peerRules, shared, reopenRules, crashRules, disconnectRules, breakRules, dumpRules)
}

// acrossPeers returns the rule for two clients of the same data.
func (r rule) acrossPeers() rule {
	return rule{
		id:     "Peer/" + strings.ReplaceAll(r.id, "/", ""),
		text:   "Across two clients of the same data: " + r.text,
		needs:  append([]ability{needsPeer}, r.needs...),
		varies: true,
		check: func(t *trial) {
			t.clients = append(t.clients, t.peer())
			r.check(t)
		},
	}
}

// skipped is the error of a rule that the store which was opened need not keep.
type skipped string

func (s skipped) Error() string { return string(s) }

// run tries the rule on a store of the harness and returns how the store departs
// from it, nil if it does not, or a skipped. It must be called on the goroutine of the
// test.
func (r rule) run(t *testing.T, h Harness) error {
	opened := h.Open(t)
	if opened == nil {
		return fmt.Errorf("%s: Harness.Open returned no store", r.id)
	}
	if _, ok := opened.(core.RecordIterator); !ok && slices.Contains(r.needs, needsRecords) {
		return skipped("the store has no method Records: implement core.RecordIterator to show what it yields")
	}
	tr := newTrial(t, h, opened)
	tr.supervise(t, func() {
		r.check(tr)
		if r.varies {
			tr.usable("afterwards")
		}
	})
	v := tr.ledger.first()
	if v == nil {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  rule:     %s\n", r.id, r.text)
	short := func(text string) string { return clip(text, maxSeenLines, maxSeenBytes) }
	fmt.Fprintf(&b, "  expected: %s\n  seen:     %s\n", short(v.expected), short(v.seen))
	if v.hint != "" {
		fmt.Fprintf(&b, "  again:    %s\n", short(v.hint))
	}
	fmt.Fprintf(&b, "  calls:\n%s\n", clip(v.calls, maxCallLines, maxCallBytes))
	if stack := tr.ledger.stack(); stack != "" {
		fmt.Fprintf(&b, "  panicked at:\n%s\n", topOf(stack))
	}
	return errors.New(b.String())
}
