package storetest

import (
	"context"
	"iter"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// method names a method of core.RefreshStore or core.RecordIterator.
type method string

const (
	create        method = "Create"
	get           method = "Get"
	exchange      method = "Exchange"
	revoke        method = "Revoke"
	listUser      method = "ListUser"
	deleteExpired method = "DeleteExpired"
	iterate       method = "Records"
)

// methods are those that every store has.
var methods = []method{create, get, exchange, revoke, listUser, deleteExpired}

// writes reports whether the method can change what the store holds.
func (m method) writes() bool { return m != get && m != listUser && m != iterate }

// call is one call of a store's method as a value, so that it can be recorded,
// printed, planned ahead and put to the model.
type call struct {
	method     method
	record     core.Record     // Create
	limit      int             // Create
	id         string          // Get
	exchange   core.Exchange   // Exchange
	revocation core.Revocation // Revoke
	userID     string          // ListUser
	at         time.Time       // ListUser; DeleteExpired's before
	max        int             // DeleteExpired
}

// revokesOne returns the call that revokes the record of that ID.
func revokesOne(id string, at time.Time) call {
	return call{method: revoke, revocation: core.Revocation{ID: id, At: at}}
}

// revokesUser returns the call that revokes all records of that user.
func revokesUser(userID string, at time.Time) call {
	return call{method: revoke, revocation: core.Revocation{UserID: userID, At: at}}
}

// recordID returns the ID of the one record that the call names, if it does.
func (c call) recordID() string {
	switch c.method {
	case create:
		return c.record.ID
	case exchange:
		return c.exchange.ID
	case revoke:
		return c.revocation.ID
	}
	return c.id
}

// user returns the user that the call names, if it does.
func (c call) user() string {
	switch c.method {
	case create:
		return c.record.UserID
	case revoke:
		return c.revocation.UserID
	}
	return c.userID
}

// now returns the caller's time that the call tells, zero for Get and Records.
func (c call) now() time.Time {
	switch c.method {
	case create:
		return c.record.IssuedAt
	case exchange:
		return c.exchange.At
	case revoke:
		return c.revocation.At
	}
	return c.at
}

// result is what a call returned.
type result struct {
	record  core.Record   // Get, Exchange
	records []core.Record // Create, Revoke, ListUser, Records
	n       int           // DeleteExpired
	err     error
}

// on makes the call.
func (c call) on(ctx context.Context, s core.RefreshStore) result {
	var r result
	switch c.method {
	case create:
		r.records, r.err = s.Create(ctx, c.record, c.limit)
	case get:
		r.record, r.err = s.Get(ctx, c.id)
	case exchange:
		r.record, r.err = s.Exchange(ctx, c.exchange)
	case revoke:
		r.records, r.err = s.Revoke(ctx, c.revocation)
	case listUser:
		r.records, r.err = s.ListUser(ctx, c.userID, c.at)
	case deleteExpired:
		r.n, r.err = s.DeleteExpired(ctx, c.at, c.max)
	case iterate:
		for record, err := range s.(core.RecordIterator).Records(ctx) {
			if err != nil {
				r.err = err
				break
			}
			r.records = append(r.records, record)
		}
	}
	return r
}

// storeFunc is a store that answers every call with one function. It is as safe
// for concurrent use as that.
type storeFunc func(ctx context.Context, c call) result

var (
	_ core.RefreshStore   = storeFunc(nil)
	_ core.RecordIterator = storeFunc(nil)
)

func (f storeFunc) Create(ctx context.Context, record core.Record, limit int) ([]core.Record, error) {
	r := f(ctx, call{method: create, record: record, limit: limit})
	return r.records, r.err
}

func (f storeFunc) Get(ctx context.Context, id string) (core.Record, error) {
	r := f(ctx, call{method: get, id: id})
	return r.record, r.err
}

func (f storeFunc) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r := f(ctx, call{method: exchange, exchange: x})
	return r.record, r.err
}

func (f storeFunc) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	r := f(ctx, call{method: revoke, revocation: v})
	return r.records, r.err
}

func (f storeFunc) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	r := f(ctx, call{method: listUser, userID: userID, at: at})
	return r.records, r.err
}

func (f storeFunc) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	r := f(ctx, call{method: deleteExpired, at: before, max: max})
	return r.n, r.err
}

// Records yields what the function answers all at once.
func (f storeFunc) Records(ctx context.Context) iter.Seq2[core.Record, error] {
	return func(yield func(core.Record, error) bool) {
		r := f(ctx, call{method: iterate})
		for _, record := range r.records {
			if !yield(record, nil) {
				return
			}
			if r.err == nil {
				r.err = ctx.Err()
			}
			if r.err != nil {
				break
			}
		}
		if r.err != nil {
			yield(core.Record{}, r.err)
		}
	}
}
