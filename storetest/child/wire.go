package child

import (
	"context"
	"errors"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// The methods of a store, as requests name them.
const (
	methodCreate = iota
	methodGet
	methodExchange
	methodRevoke
	methodListUser
	methodDeleteExpired
	methodCancel // of the call with the same number
)

// request is one call on its way to the child, a gob value. Which fields count
// depends on the method.
type request struct {
	Number     uint64    // chosen by the parent, repeated in the response
	Deadline   time.Time // of the call's context, zero if there is none
	Method     int
	Record     core.Record
	Exchange   core.Exchange
	Revocation core.Revocation
	Text       string // the ID or the user ID
	At         time.Time
	Limit      int // or max
}

// response is what a call returned, a gob value.
type response struct {
	Number  uint64
	Record  core.Record
	Records []core.Record
	Count   int
	Err     failure
}

// known are the errors that keep what they are on their way. The order is part of
// the wire format between two runs of one binary, no more.
var known = []error{core.ErrNotFound, core.ErrExists, core.ErrConflict, context.Canceled, context.DeadlineExceeded}

// failure is an error as a gob value: its text, and which of the known errors it
// matches.
type failure struct {
	Failed  bool
	Text    string
	Matches []int
}

func failureOf(err error) (f failure) {
	if err == nil {
		return f
	}
	f = failure{Failed: true, Text: err.Error()}
	for i, k := range known {
		if errors.Is(err, k) {
			f.Matches = append(f.Matches, i)
		}
	}
	return f
}

func (f failure) err() error {
	if !f.Failed {
		return nil
	}
	return f
}

func (f failure) Error() string { return f.Text }

// Is makes errors.Is tell what it would have told in the child.
func (f failure) Is(target error) bool {
	for _, i := range f.Matches {
		if known[i] == target {
			return true
		}
	}
	return false
}

// context returns a context of the call in the child.
func (r request) context() (context.Context, context.CancelFunc) {
	if r.Deadline.IsZero() {
		return context.WithCancel(context.Background())
	}
	return context.WithDeadline(context.Background(), r.Deadline)
}

// on makes the call.
func (r request) on(ctx context.Context, s core.RefreshStore) response {
	a := response{Number: r.Number}
	var err error
	switch r.Method {
	case methodCreate:
		a.Records, err = s.Create(ctx, r.Record, r.Limit)
	case methodGet:
		a.Record, err = s.Get(ctx, r.Text)
	case methodExchange:
		a.Record, err = s.Exchange(ctx, r.Exchange)
	case methodRevoke:
		a.Records, err = s.Revoke(ctx, r.Revocation)
	case methodListUser:
		a.Records, err = s.ListUser(ctx, r.Text, r.At)
	case methodDeleteExpired:
		a.Count, err = s.DeleteExpired(ctx, r.At, r.Limit)
	}
	a.Err = failureOf(err)
	return a
}
