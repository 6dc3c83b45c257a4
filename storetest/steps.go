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
func (t *trial) create(records ...core.Record) {
	for _, record := range records {
		t.createLimited(record, 0)
	}
}

func (t *trial) createLimited(record core.Record, limit int) {
	t.must(call{method: create, record: record, limit: limit})
}

func (t *trial) get(id string) core.Record {
	return t.must(call{method: get, id: id}).record
}

// exchange returns the record as it stands after the exchange.
func (t *trial) exchange(x core.Exchange) core.Record {
	t.must(call{method: exchange, exchange: x})
	return t.get(x.ID)
}

// moves wants the exchange to leave the record, given as it stood, exactly as the
// contract says, and returns it so.
func (t *trial) moves(record core.Record, x core.Exchange) core.Record {
	want := exchanged(record, x)
	t.wantRecord("the record that Exchange returns", want, t.must(call{method: exchange, exchange: x}).record)
	t.holds(want)
	return want
}

// evicts creates the record at that limit and wants it to evict exactly those records,
// given as they stood, the newest first.
func (t *trial) evicts(record core.Record, limit int, want ...core.Record) {
	got := t.must(call{method: create, record: record, limit: limit}).records
	t.wantRecords("Create returns", allRevokedAt(want, record.IssuedAt), got)
}

// revoke revokes the record of that ID.
func (t *trial) revoke(id string, at time.Time) { t.must(revokesOne(id, at)) }

// revokes wants the revocation to revoke exactly those records, given as they stood,
// the newest first. With a native TTL the expired ones may be gone.
func (t *trial) revokes(v core.Revocation, want ...core.Record) {
	got := t.must(call{method: revoke, revocation: v}).records
	want = slices.DeleteFunc(allRevokedAt(want, v.At), func(w core.Record) bool {
		return t.harness.NativeTTL && !v.At.Before(w.ExpiresAt) &&
			!slices.ContainsFunc(got, func(g core.Record) bool { return g.ID == w.ID })
	})
	t.wantRecords("Revoke returns", want, got)
}

// revokesUser wants the revocation of all the user's records to revoke exactly those,
// given as they stood, the newest first.
func (t *trial) revokesUser(userID string, at time.Time, want ...core.Record) {
	t.revokes(core.Revocation{UserID: userID, At: at}, want...)
}

// endsUser revokes all the user's records.
func (t *trial) endsUser(userID string, at time.Time) { t.must(revokesUser(userID, at)) }

func (t *trial) deleteExpired(before time.Time, max, want int) {
	t.wantNumber("records deleted", want, t.must(call{method: deleteExpired, at: before, max: max}).n)
}

// lists wants those records listed and no others, by their IDs and in any order.
func (t *trial) lists(userID string, at time.Time, want ...core.Record) {
	got := t.must(call{method: listUser, userID: userID, at: at}).records
	if !t.failed() && !slices.Equal(ids(want), ids(got)) {
		expected, seen := listDifference(want, got)
		t.failAbout("ListUser returns "+expected, seen, append(lacking(want, got), lacking(got, want)...)...)
	}
}

// listsExactly wants those records listed in that order, every field exact.
func (t *trial) listsExactly(userID string, at time.Time, want ...core.Record) {
	got := t.must(call{method: listUser, userID: userID, at: at}).records
	t.wantRecords("ListUser returns", want, got)
}

// ids returns the IDs of the records in ascending order.
func ids(rs []core.Record) []string {
	all := make([]string, len(rs))
	for i, r := range rs {
		all[i] = r.ID
	}
	slices.Sort(all)
	return all
}

// holds wants Get to return exactly those records.
func (t *trial) holds(want ...core.Record) {
	for _, w := range want {
		t.wantRecord("the record that Get returns", w, t.get(w.ID))
	}
}

// lacks wants Get to find none of those IDs.
func (t *trial) lacks(ids ...string) {
	for _, id := range ids {
		t.refused(call{method: get, id: id}, core.ErrNotFound)
	}
}

// there returns the record of that ID, or nil if the store lacks it.
func (t *trial) there(id string) *core.Record {
	if t.failed() {
		return nil
	}
	r := t.call(call{method: get, id: id})
	switch {
	case r.err == nil:
		return &r.record
	case !isJust(r.err, core.ErrNotFound):
		t.fail("Get succeeds or is ErrNotFound", r.format(get))
	}
	return nil
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
		t.wantRecord("the record that Get returns", w, r.record)
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
	t.wantRecord("the record that comes with ErrConflict", stands, r.record)
}

func (t *trial) wantRecord(what string, want, got core.Record) {
	if t.failed() || sameRecord(want, got) {
		return
	}
	expected, seen := difference(want, got)
	t.failAbout(what+" has "+expected, seen, want)
}

// wantRecords wants those records in that order, every field exact.
func (t *trial) wantRecords(what string, want, got []core.Record) {
	if t.failed() || sameRecords(want, got) {
		return
	}
	sameID := func(a, b core.Record) bool { return a.ID == b.ID }
	if !slices.EqualFunc(want, got, sameID) {
		expected, seen := listDifference(want, got)
		t.failAbout(what+" "+expected, seen, append(lacking(want, got), lacking(got, want)...)...)
		return
	}
	for i := range want {
		t.wantRecord(fmt.Sprintf("%s %d records, and number %d", what, len(want), i+1), want[i], got[i])
	}
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
		record := newRecord(user, base)
		t.createLimited(record, 1)
		record = t.exchange(next(record, base.Add(time.Hour)))
		t.lists(user, base.Add(time.Hour), record)
		t.endsUser(user, base.Add(2*time.Hour))
		t.holds(revokedAt(record, base.Add(2*time.Hour)))
		t.lists(user, base.Add(2*time.Hour))
	}
}

// everything is a max for DeleteExpired beyond all that a rule creates.
const everything = 10_000
