package storetest

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// modelHarness handles the model as a store that has every ability: its data
// outlives the client that is closed, and each client sees it.
func modelHarness() Harness {
	var m *model
	client := func(*testing.T, core.RefreshStore) core.RefreshStore { return storeFunc(m.answer) }
	return Harness{
		Open: func(*testing.T) core.RefreshStore {
			m = newModel()
			return storeFunc(m.answer)
		},
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
	Run(t, modelHarness())
}

func TestAStoreThatWrapsItsErrorsPassesEveryRule(t *testing.T) {
	h := modelHarness()
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

func TestAStoreWithANativeTTLPassesEveryRule(t *testing.T) {
	Run(t, native(idle)())
}
