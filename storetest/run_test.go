package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// modelHarness handles the model as a store that has every ability: its data
// outlives the client that is closed, and each client sees it.
func modelHarness() Harness {
	var m *model
	isBroken := false
	client := func(*testing.T, core.RefreshStore) core.RefreshStore { return storeFunc(m.answer) }
	return Harness{
		Open: func(*testing.T) core.RefreshStore {
			m, isBroken = newModel(), false
			return storeFunc(func(ctx context.Context, c call) result {
				if isBroken {
					return result{err: errDriver}
				}
				return m.answer(ctx, c)
			})
		},
		Break:  func(*testing.T, core.RefreshStore) { isBroken = true },
		Reopen: client,
		Peer:   client,
		Dump:   func(*testing.T, core.RefreshStore) []byte { return m.dump() },

		Crash:      crashing((*disk).write)().Crash,
		Disconnect: disconnecting(honest)().Disconnect,
	}
}

// dump returns every byte of the records.
func (m *model) dump() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b bytes.Buffer
	for _, t := range m.state {
		fmt.Fprintf(&b, "%s %s %d %s %s %s %s %v %v %v %v\n", t.ID, t.UserID, t.Generation,
			t.AccessRef, t.PreviousRef, t.Device, t.Data, t.IssuedAt, t.ExchangedAt, t.ExpiresAt, t.RevokedAt)
	}
	return b.Bytes()
}

func TestTheModelPassesEveryRule(t *testing.T) {
	h := modelHarness()
	for _, r := range disconnectRules {
		if err := runQuickly(t, r, h); err != nil {
			t.Error(err)
		}
	}
	h.Disconnect = nil
	Run(t, h)
}

func TestAStoreThatWrapsItsErrorsPassesEveryRule(t *testing.T) {
	h := modelHarness()
	h.Disconnect = nil
	open := h.Open
	h.Open = func(t *testing.T) core.RefreshStore {
		inner := open(t)
		return storeFunc(func(ctx context.Context, c call) result {
			r := c.on(ctx, inner)
			if r.err != nil {
				r.err = fmt.Errorf("mystore: %s: %w", c.method, r.err)
			}
			return r
		})
	}
	Run(t, h)
}

func TestAStoreThatIteratesIsTriedAndAnotherIsSkipped(t *testing.T) {
	h := modelHarness()
	open := h.Open
	h.Open = func(t *testing.T) core.RefreshStore {
		return struct{ core.RefreshStore }{open(t)}
	}
	for _, r := range recordsRules {
		var why skipped
		if err := r.run(t, h); !errors.As(err, &why) || !strings.Contains(err.Error(), "core.RecordIterator") {
			t.Errorf("%s without Records: %v", r.id, err)
		}
	}
}

func TestAStoreWithANativeTTLPassesEveryRule(t *testing.T) {
	Run(t, native(idle)())
}
