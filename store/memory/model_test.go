package memorystore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// model does what the contract says in the plainest way: it looks at all records.
type model map[string]core.Record

func (m model) Create(r core.Record, limit int) ([]core.Record, error) {
	if _, ok := m[r.ID]; ok {
		return nil, core.ErrExists
	}
	var evicted []core.Record
	if live := m.ListUser(r.UserID, r.IssuedAt); limit > 0 && len(live) >= limit {
		evicted = m.revoke(live[limit-1:], r.IssuedAt)
	}
	m[r.ID] = r
	return evicted, nil
}

func (m model) revoke(records []core.Record, at time.Time) []core.Record {
	for i := range records {
		records[i].RevokedAt = at
		m[records[i].ID] = records[i]
	}
	return records
}

func (m model) Get(id string) (core.Record, error) {
	t, ok := m[id]
	if !ok {
		return t, core.ErrNotFound
	}
	return t, nil
}

func (m model) Exchange(x core.Exchange) (core.Record, error) {
	t, ok := m[x.ID]
	switch {
	case !ok:
		return t, core.ErrNotFound
	case !t.Live(x.At), t.Generation > x.Generation, t.Generation == x.Generation && t.AccessRef != x.From:
		return t, core.ErrConflict
	}
	t.Generation, t.AccessRef, t.PreviousRef = x.Generation+1, x.To, x.From
	t.ExchangedAt, t.ExpiresAt = x.At, x.ExpiresAt
	m[x.ID] = t
	return t, nil
}

func (m model) Revoke(v core.Revocation) []core.Record {
	return m.revoke(m.newestFirst(func(r core.Record) bool {
		return r.RevokedAt.IsZero() && (v.ID == "" || r.ID == v.ID) && (v.UserID == "" || r.UserID == v.UserID) &&
			r.ID != v.Except && (v.IssuedUntil.IsZero() || !r.IssuedAt.After(v.IssuedUntil))
	}), v.At)
}

func (m model) ListUser(userID string, at time.Time) []core.Record {
	return m.newestFirst(func(r core.Record) bool { return r.UserID == userID && r.Live(at) })
}

func (m model) newestFirst(pick func(core.Record) bool) []core.Record {
	var picked []core.Record
	for _, r := range m {
		if pick(r) {
			picked = append(picked, r)
		}
	}
	slices.SortFunc(picked, func(a, b core.Record) int {
		return cmp.Or(b.IssuedAt.Compare(a.IssuedAt), strings.Compare(b.ID, a.ID))
	})
	return picked
}

// expired returns the moments when the records expired that have before that time.
func (m model) expired(before time.Time) []time.Time {
	var expired []time.Time
	for _, t := range m {
		if t.ExpiresAt.Before(before) {
			expired = append(expired, t.ExpiresAt)
		}
	}
	slices.SortFunc(expired, time.Time.Compare)
	return expired
}

// run is one random sequence of calls, to a store and to the model of it.
type run struct {
	*rand.Rand
	ctx   context.Context
	store *memorystore.Store
	model model
	users []string
	ids   map[string][]string // of each user
	calls [][]any
}

// A world so small that calls meet: few users, few ids, few moments.
func newRun(ctx context.Context, seed uint64) *run {
	r := &run{
		Rand: rand.New(rand.NewPCG(seed, 0)), ctx: ctx, store: memorystore.New(), model: model{},
		users: []string{neighbour1, neighbour2, "ann", strings.Repeat("é\x00", 85)}, ids: map[string][]string{},
	}
	for _, user := range r.users {
		stem := core.NewRecordID(user)[:39]
		r.ids[user] = []string{stem + "2", stem + "a", stem + "z", core.NewRecordID(user), core.NewRecordID(user)}
	}
	return r
}

func (r *run) moment() time.Time { return after(r.IntN(20)) }
func (r *run) ref() core.Ref     { return core.Ref{byte(r.IntN(3))} }
func (r *run) user() string      { return r.users[r.IntN(len(r.users))] }
func (r *run) id() string        { return r.ids[r.user()][r.IntN(5)] }

// text returns a text of any length up to max, with short ones as likely as long.
func (r *run) text(max int) string {
	return strings.Repeat("0123456789abcdef", max/16+1)[:r.IntN(1+r.IntN(1+r.IntN(max)))]
}

func (r *run) record() core.Record {
	user := r.user()
	at := r.moment()
	return core.Record{
		ID: r.ids[user][r.IntN(5)], UserID: user, Generation: int64(r.IntN(3)), AccessRef: r.ref(), PreviousRef: r.ref(),
		Device: r.text(core.MaxDeviceBytes), Data: []byte(r.text(core.MaxDataBytes)),
		IssuedAt: at, ExchangedAt: at, ExpiresAt: at.Add(time.Duration(1+r.IntN(15)) * time.Millisecond),
	}
}

// revocation selects by one or more of its conditions.
func (r *run) revocation(at time.Time) core.Revocation {
	v := core.Revocation{UserID: r.user(), At: at}
	if r.IntN(2) == 0 {
		v.ID = r.ids[v.UserID][r.IntN(5)]
		v.UserID = []string{"", v.UserID, r.user()}[r.IntN(3)]
	}
	if r.IntN(3) == 0 {
		v.Except = r.id()
	}
	if r.IntN(3) == 0 {
		v.IssuedUntil = r.moment()
	}
	return v
}

// step makes one call and returns what the store and the model answered.
func (r *run) step() (got, want []any) {
	at := r.moment()
	switch r.IntN(10) {
	case 0, 1, 2:
		record, limit := r.record(), r.IntN(5)-1
		r.call("Create", record, limit)
		return answers(r.store.Create(r.ctx, record, limit)), answers(r.model.Create(record, limit))
	case 3:
		id := r.id()
		r.call("Get", id)
		return answer(r.store.Get(r.ctx, id)), answer(r.model.Get(id))
	case 4, 5:
		x := core.Exchange{
			ID: r.id(), Generation: int64(r.IntN(4)), From: r.ref(), To: r.ref(), At: at, ExpiresAt: r.moment(),
		}
		r.call("Exchange", x)
		return answer(r.store.Exchange(r.ctx, x)), answer(r.model.Exchange(x))
	case 6, 7:
		v := r.revocation(at)
		r.call("Revoke", v)
		return answers(r.store.Revoke(r.ctx, v)), answers(r.model.Revoke(v), nil)
	case 8:
		user := r.user()
		r.call("ListUser", user, at)
		return answers(r.store.ListUser(r.ctx, user, at)), answers(r.model.ListUser(user, at), nil)
	default:
		return r.deleteExpired(at, 1+r.IntN(3))
	}
}

// deleteExpired leaves the choice between records that expired together to the
// store, and compares when the deleted ones expired.
func (r *run) deleteExpired(before time.Time, max int) (got, want []any) {
	r.call("DeleteExpired", before, max)
	wanted := r.model.expired(before)
	wanted = wanted[:min(len(wanted), max)]
	n, err := r.store.DeleteExpired(r.ctx, before, max)
	var deleted []time.Time
	for id, t := range r.model {
		if _, err := r.store.Get(r.ctx, id); errors.Is(err, core.ErrNotFound) {
			deleted = append(deleted, t.ExpiresAt)
			delete(r.model, id)
		}
	}
	slices.SortFunc(deleted, time.Time.Compare)
	return []any{n, err, deleted}, []any{len(wanted), nil, wanted}
}

// call notes a call, to be printed if it goes wrong.
func (r *run) call(args ...any) { r.calls = append(r.calls, args) }

func (r *run) String() string {
	var text strings.Builder
	for _, call := range r.calls {
		fmt.Fprintf(&text, "%+v\n", call)
	}
	return text.String()
}

// answer and answers make results comparable: Data becomes nil where it is empty.
func answer(r core.Record, err error) []any {
	if len(r.Data) == 0 {
		r.Data = nil
	}
	return []any{r, err}
}

func answers(records []core.Record, err error) []any {
	all := []any{err}
	for _, r := range records {
		all = append(all, answer(r, nil)...)
	}
	return all
}

func TestStoreDoesWhatTheModelDoes(t *testing.T) {
	for seed := range uint64(50) {
		r := newRun(t.Context(), seed)
		for range 300 {
			if got, want := r.step(); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: after the calls\n%vthe store answered %v, the model %v", seed, r, got, want)
			}
		}
	}
}
