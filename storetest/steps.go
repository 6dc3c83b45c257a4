package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// What follows are the calls and comparisons that the checks are written in.
// Each expects success of what it calls and does nothing after a violation.

// create stores records without a limit.
func (t *trial) create(tokens ...core.Record) {
	for _, token := range tokens {
		t.createLimited(token, 0)
	}
}

func (t *trial) createLimited(token core.Record, limit int) {
	t.must(call{method: create, token: token, limit: limit})
}

func (t *trial) get(id string) core.Record {
	return t.must(call{method: get, id: id}).token
}

// exchange returns the record as it stands after the exchange.
func (t *trial) exchange(x core.Exchange) core.Record {
	t.must(call{method: exchange, exchange: x})
	return t.get(x.ID)
}

// moves wants the exchange to leave the record, given as it stood, exactly as the
// contract says, and returns it so.
func (t *trial) moves(token core.Record, x core.Exchange) core.Record {
	want := exchanged(token, x)
	t.wantToken("the record that Exchange returns", want, t.must(call{method: exchange, exchange: x}).token)
	t.holds(want)
	return want
}

func (t *trial) revoke(id string, at time.Time) {
	t.must(call{method: revoke, id: id, at: at})
}

func (t *trial) revokeUser(userID string, at time.Time, want int) {
	t.wantNumber("records revoked", want, t.must(call{method: revokeUser, userID: userID, at: at}).n)
}

func (t *trial) deleteExpired(before time.Time, max, want int) {
	t.wantNumber("records deleted", want, t.must(call{method: deleteExpired, at: before, max: max}).n)
}

// lists wants those records listed and no others, by their ids and in any order.
func (t *trial) lists(userID string, at time.Time, want ...core.Record) {
	got := t.must(call{method: listUser, userID: userID, at: at}).tokens
	if !t.failed() && !slices.Equal(ids(want), ids(got)) {
		t.fail("ListUser returns "+formatTokens(want), formatTokens(got))
	}
}

// listsExactly wants those records listed in that order, every field exact.
func (t *trial) listsExactly(userID string, at time.Time, want ...core.Record) {
	got := t.must(call{method: listUser, userID: userID, at: at}).tokens
	if !t.failed() && !sameTokens(want, got) {
		t.fail("ListUser returns "+formatTokens(want), formatTokens(got))
	}
}

// ids returns the ids of the records in ascending order.
func ids(ts []core.Record) []string {
	all := make([]string, len(ts))
	for i, t := range ts {
		all[i] = t.ID
	}
	slices.Sort(all)
	return all
}

// holds wants Get to return exactly those records.
func (t *trial) holds(want ...core.Record) {
	for _, w := range want {
		t.wantToken("the record that Get returns", w, t.get(w.ID))
	}
}

// lacks wants Get to find none of those ids.
func (t *trial) lacks(ids ...string) {
	for _, id := range ids {
		t.refused(call{method: get, id: id}, core.ErrNotFound)
	}
}

// holdsDead is holds for records that have expired: with a native TTL they may
// be gone.
func (t *trial) holdsDead(want ...core.Record) {
	for _, w := range want {
		if t.failed() {
			return
		}
		r := t.call(call{method: get, id: w.ID})
		if t.gone(r.err) {
			continue
		}
		if r.err != nil {
			t.fail("Get succeeds", r.format(get))
			return
		}
		t.wantToken("the record that Get returns", w, r.token)
	}
}

// gone reports whether the error is what a native TTL may answer about a record
// that has expired.
func (t *trial) gone(err error) bool {
	return t.harness.NativeTTL && errors.Is(err, core.ErrNotFound)
}

// conflicts wants the exchange refused with the record as it stands.
func (t *trial) conflicts(stands core.Record, x core.Exchange) {
	if t.failed() {
		return
	}
	c := call{method: exchange, exchange: x}
	r := t.call(c)
	if !x.At.Before(stands.ExpiresAt) && t.gone(r.err) {
		return
	}
	if !isJust(r.err, core.ErrConflict) {
		t.fail("Exchange is ErrConflict", r.format(exchange))
		return
	}
	t.wantToken("the record that comes with ErrConflict", stands, r.token)
}

func (t *trial) wantToken(what string, want, got core.Record) {
	if t.failed() || sameToken(want, got) {
		return
	}
	expected, seen := difference(want, got)
	t.fail(what+" has "+expected, seen)
}

func (t *trial) wantNumber(what string, want, got int) {
	if !t.failed() && want != got {
		t.fail(fmt.Sprintf("%d %s", want, what), fmt.Sprint(got))
	}
}

// usable wants the store to go on as ever, through each client. The text tells its
// users from those of another call.
func (t *trial) usable(when string) {
	for i, client := range t.clients {
		t := t.as(client)
		user := fmt.Sprintf("usable %s %d", when, i)
		token := newToken(user, base)
		t.createLimited(token, 1)
		token = t.exchange(next(token, base.Add(time.Hour)))
		t.lists(user, base.Add(time.Hour), token)
		t.revokeUser(user, base.Add(2*time.Hour), 1)
		t.holds(revokedAt(token, base.Add(2*time.Hour)))
		t.lists(user, base.Add(2*time.Hour))
	}
}

// everything is a max for DeleteExpired beyond all that a rule creates.
const everything = 1000
