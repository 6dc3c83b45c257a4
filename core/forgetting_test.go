package core_test

import (
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

func TestAStoreSetBackLogsNobodyOut(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	earlier := w.store.snapshot()
	for range 5 {
		w.expire()
		pair = w.refresh(pair)
	}
	w.store.restore(earlier)
	for range 5 {
		w.expire()
		pair = w.refresh(pair)
	}
	if r := w.store.of("ada")[0]; r.Generation != 10 {
		t.Errorf("the record stands at generation %d, want 10", r.Generation)
	}
	if n := w.events.count("compromise"); n != 0 {
		t.Error("taken for a compromise")
	}
}

// The store forgets the exchange whose answer got lost too: the retry leads to the
// reference that the lost answer carried, because it is derived.
func TestARepeatedExchangeLeadsToTheSameReference(t *testing.T) {
	w := newWorld(t, nil)
	first := w.login("ada")
	w.expire()
	before := w.store.snapshot()
	lost := w.refresh(first)
	w.store.restore(before)
	samePair(t, w.refresh(first), lost)

	w.store.restore(before)
	w.clock.Advance(time.Second)
	if again := w.refresh(first); again.Claims.Ref != lost.Claims.Ref {
		t.Errorf("the reference is %v, want %v", again.Claims.Ref, lost.Claims.Ref)
	}
	w.expire()
	w.refresh(lost)
}

func TestAYoungPairOfAForgottenExchangeIsKept(t *testing.T) {
	w := newWorld(t, nil)
	first := w.login("ada")
	before := w.store.snapshot()
	w.expire()
	next := w.refresh(first)
	w.store.restore(before)
	w.clock.Advance(time.Second)
	samePair(t, w.refresh(core.Tokens{RefreshToken: next.RefreshToken, AccessToken: first.AccessToken}), next)
}

// After a restored backup a thief's copy may be ahead of the record as well. It
// gets no further than the owner's: once they are two exchanges apart, neither refreshes.
func TestAStoreSetBackStillCatchesAThief(t *testing.T) {
	w := newWorld(t, nil)
	pair := w.login("ada")
	earlier := w.store.snapshot()
	w.expire()
	pair = w.refresh(pair)
	thiefs := pair
	w.expire()
	pair = w.refresh(pair)
	w.store.restore(earlier)

	w.expire()
	thiefs = w.refresh(thiefs)
	pair = w.outdate(pair)
	w.expire()
	w.refused(thiefs, core.ErrCompromised)
	w.refused(pair, core.ErrInvalidRefreshToken)
}
