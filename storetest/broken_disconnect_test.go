package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// wire is a network between a client and the model.
type wire struct {
	*model
	fault   atomic.Int64
	answers atomic.Int64 // since the fault was set
}

// cut reports whether the next answer is the one to be lost.
func (w *wire) cut() bool {
	n, ok := Fault(w.fault.Load()).Response()
	return ok && w.answers.Add(1) == int64(n)
}

// send makes a call over the wire, as a client does that knows its contract.
func (w *wire) send(ctx context.Context, c call) result {
	for Fault(w.fault.Load()) == Stalled {
		select {
		case <-ctx.Done():
			return result{err: ctx.Err()}
		case <-time.After(time.Millisecond):
		}
	}
	switch Fault(w.fault.Load()) {
	case Refused:
		return result{err: fmt.Errorf("%w: connection refused", errDriver)}
	case ResponsesCut:
		w.answer(ctx, c)
		return result{err: fmt.Errorf("%w: connection reset", errDriver)}
	}
	r := w.answer(ctx, c)
	if w.cut() {
		return result{err: fmt.Errorf("%w: connection reset", errDriver)}
	}
	return r
}

// disconnecting makes a harness of a store behind a wire.
func disconnecting(client func(w *wire) storeFunc) func() Harness {
	return func() Harness {
		return Harness{
			Open: func(*testing.T) core.RefreshStore { return storeFunc(newModel().answer) },
			Disconnect: func(*testing.T) (core.RefreshStore, func(Fault)) {
				w := &wire{model: newModel()}
				return client(w), func(f Fault) { w.answers.Store(0); w.fault.Store(int64(f)) }
			},
		}
	}
}

func honest(w *wire) storeFunc { return w.send }

// failing makes a client that tells failures of the wire in a way of its own.
func failing(tell func(c call, r result) result) func(w *wire) storeFunc {
	return func(w *wire) storeFunc {
		return func(ctx context.Context, c call) result {
			r := w.send(ctx, c)
			if r.err != nil && !isSentinel(r.err) {
				return tell(c, r)
			}
			return r
		}
	}
}

var brokenDisconnect = []broken{
	{
		bug:     "tells a failure as not found",
		harness: disconnecting(failing(func(call, result) result { return result{err: core.ErrNotFound} })),
		fails:   "Disconnect/Failure Disconnect/NotTwice Disconnect/NotTwiceAtCommit",
		races:   "Disconnect/Linearizable",
	},
	{
		bug: "tells a failure as a conflict",
		harness: disconnecting(failing(func(c call, r result) result {
			if c.method == exchange {
				r.err = fmt.Errorf("%w: %w", core.ErrConflict, r.err)
			}
			return r
		})),
		fails: "Disconnect/Failure Disconnect/NotTwice Disconnect/NotTwiceAtCommit",
		races: "Disconnect/Linearizable",
	},
	{
		bug: "takes a revocation that failed for one of nothing",
		harness: disconnecting(failing(func(c call, r result) result {
			if c.method == revoke {
				return result{}
			}
			return r
		})),
		fails: "Disconnect/Failure Disconnect/NotTwice Disconnect/NotTwiceAtCommit",
		races: "Disconnect/Linearizable",
	},
	{
		bug: "tells that it waited too long in the driver's own words",
		harness: disconnecting(failing(func(_ call, r result) result {
			if errors.Is(r.err, context.DeadlineExceeded) {
				return result{err: fmt.Errorf("%w: i/o timeout", errDriver)}
			}
			return r
		})),
		fails: "Disconnect/Failure",
	},
	{
		bug: "answers from what it remembers while the network fails",
		harness: disconnecting(func(w *wire) storeFunc {
			var mu sync.Mutex
			remembered := map[string]result{}
			return func(ctx context.Context, c call) result {
				r := w.send(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				key := fmt.Sprint(c.method, c.userID)
				if c.method != listUser {
					return r
				}
				if r.err != nil {
					return result{records: remembered[key].records}
				}
				remembered[key] = result{records: copiedAll(r.records)}
				return r
			}
		}),
		fails: "Disconnect/Failure",
		races: "Disconnect/Linearizable",
	},
	{
		bug: "never connects again",
		harness: disconnecting(func(w *wire) storeFunc {
			var broken atomic.Bool
			return func(ctx context.Context, c call) result {
				if broken.Load() {
					return result{err: errDriver}
				}
				r := w.send(ctx, c)
				if errors.Is(r.err, errDriver) {
					broken.Store(true)
				}
				return r
			}
		}),
		fails: "Disconnect/Failure Disconnect/NotTwice Disconnect/Mends Disconnect/NotTwiceAtCommit",
	},
	{
		bug: "makes a call again whose answer was lost",
		harness: disconnecting(func(w *wire) storeFunc {
			return func(ctx context.Context, c call) result {
				for {
					cut := Fault(w.fault.Load()) == ResponsesCut
					r := w.send(ctx, c)
					if r.err == nil || isSentinel(r.err) || !cut || ctx.Err() != nil {
						return r
					}
					time.Sleep(time.Millisecond)
				}
			}
		}),
		fails: "Disconnect/NotTwice",
	},
	{
		bug: "makes a transaction again whatever it lost, the answer to its COMMIT included",
		harness: disconnecting(func(w *wire) storeFunc {
			return func(ctx context.Context, c call) result {
				if !c.method.writes() || Fault(w.fault.Load()) <= ResponsesCut {
					return w.send(ctx, c)
				}
				for {
					begin := w.cut()
					if begin || w.cut() { // the responses to BEGIN and to a statement
						continue
					}
					r := w.send(ctx, c) // COMMIT
					if !errors.Is(r.err, errDriver) {
						return r
					}
				}
			}
		}),
		fails: "Disconnect/NotTwiceAtCommit",
	},
	{
		bug: "overlooks that a statement of its transaction failed",
		harness: disconnecting(func(w *wire) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method.writes() && w.cut() {
					w.mu.Lock()
					defer w.mu.Unlock()
					return w.state.clone().apply(c)
				}
				return w.send(ctx, c)
			}
		}),
		fails: "Disconnect/NotTwiceAtCommit",
	},
	{
		bug: "takes the late answer to one call for that to the next",
		harness: disconnecting(func(w *wire) storeFunc {
			var mu sync.Mutex
			late := map[method]result{}
			return func(ctx context.Context, c call) result {
				r := w.send(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(r.err, context.DeadlineExceeded) && c.method != get {
					late[c.method] = w.answer(context.Background(), c)
					return r
				}
				if l, ok := late[c.method]; ok && r.err == nil {
					delete(late, c.method)
					return l
				}
				return r
			}
		}),
		races: "Disconnect/Linearizable",
	},
	{
		bug: "sets half of what it should where the answer is cut",
		harness: disconnecting(func(w *wire) storeFunc {
			return func(ctx context.Context, c call) result {
				if c.method == exchange && Fault(w.fault.Load()) == ResponsesCut {
					w.mu.Lock()
					defer w.mu.Unlock()
					if t, ok := w.state[c.exchange.ID]; ok && stands(t, c.exchange) && t.Live(c.exchange.At) {
						w.state.update(t.ID, func(t *core.Record) { t.Generation++ })
					}
					return result{err: errDriver}
				}
				return w.send(ctx, c)
			}
		}),
		races: "Disconnect/Linearizable",
	},
}
