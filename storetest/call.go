package storetest

import (
	"context"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// method names a method of core.RefreshStore.
type method string

const (
	create        method = "Create"
	get           method = "Get"
	exchange      method = "Exchange"
	revoke        method = "Revoke"
	revokeUser    method = "RevokeUser"
	listUser      method = "ListUser"
	deleteExpired method = "DeleteExpired"
)

// writes reports whether the method can change what the store holds.
func (m method) writes() bool { return m != get && m != listUser }

// call is one call of a store's method as a value, so that it can be recorded,
// printed, planned ahead and put to the model.
type call struct {
	method   method
	token    core.Record   // Create
	limit    int           // Create
	id       string        // Get, Revoke
	exchange core.Exchange // Exchange
	userID   string        // RevokeUser, ListUser
	at       time.Time     // Revoke, RevokeUser, ListUser; DeleteExpired's before
	max      int           // DeleteExpired
}

// record returns the id of the one record that the call names, if it does.
func (c call) record() string {
	switch c.method {
	case create:
		return c.token.ID
	case exchange:
		return c.exchange.ID
	}
	return c.id
}

// now returns the caller's time that the call tells, zero for Get.
func (c call) now() time.Time {
	switch c.method {
	case create:
		return c.token.IssuedAt
	case exchange:
		return c.exchange.At
	}
	return c.at
}

// result is what a call returned.
type result struct {
	token  core.Record   // Get, Exchange
	tokens []core.Record // ListUser
	n      int           // RevokeUser, DeleteExpired
	err    error
}

// on makes the call.
func (c call) on(ctx context.Context, s core.RefreshStore) result {
	var r result
	switch c.method {
	case create:
		r.err = s.Create(ctx, c.token, c.limit)
	case get:
		r.token, r.err = s.Get(ctx, c.id)
	case exchange:
		r.token, r.err = s.Exchange(ctx, c.exchange)
	case revoke:
		r.err = s.Revoke(ctx, c.id, c.at)
	case revokeUser:
		r.n, r.err = s.RevokeUser(ctx, c.userID, c.at)
	case listUser:
		r.tokens, r.err = s.ListUser(ctx, c.userID, c.at)
	case deleteExpired:
		r.n, r.err = s.DeleteExpired(ctx, c.at, c.max)
	}
	return r
}

// storeFunc is a store that answers every call with one function. It is as safe
// for concurrent use as that.
type storeFunc func(ctx context.Context, c call) result

func (f storeFunc) Create(ctx context.Context, t core.Record, limit int) error {
	return f(ctx, call{method: create, token: t, limit: limit}).err
}

func (f storeFunc) Get(ctx context.Context, id string) (core.Record, error) {
	r := f(ctx, call{method: get, id: id})
	return r.token, r.err
}

func (f storeFunc) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	r := f(ctx, call{method: exchange, exchange: x})
	return r.token, r.err
}

func (f storeFunc) Revoke(ctx context.Context, id string, at time.Time) error {
	return f(ctx, call{method: revoke, id: id, at: at}).err
}

func (f storeFunc) RevokeUser(ctx context.Context, userID string, at time.Time) (int, error) {
	r := f(ctx, call{method: revokeUser, userID: userID, at: at})
	return r.n, r.err
}

func (f storeFunc) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	r := f(ctx, call{method: listUser, userID: userID, at: at})
	return r.tokens, r.err
}

func (f storeFunc) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	r := f(ctx, call{method: deleteExpired, at: before, max: max})
	return r.n, r.err
}
