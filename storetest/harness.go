package storetest

import (
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// Harness tells the suite how to handle the stores of one kind. Open is required.
// Rules that need what is left out are skipped by name. The suite calls the functions
// one at a time, from the goroutine of the test that they are given, so they may use
// all of it. They close what they open with its Cleanup. A Harness is a plain value. It
// is not safe for concurrent use.
//
// A function with a parameter s is given a store that Open or Reopen returned. Find its
// data by that: s.(*mystore.Store), or a map that Open fills.
type Harness struct {
	// Open returns a new store that holds nothing. It is called once for each
	// rule, so it should be quick: an empty database on a running server, not a
	// new server.
	Open func(t *testing.T) core.RefreshStore

	// Reopen closes the store and opens the same data again, as a new process
	// does. It declares the store durable. Default: none, durability is not
	// tested.
	Reopen func(t *testing.T, s core.RefreshStore) core.RefreshStore

	// Peer returns a second client of the store's data with nothing in common
	// but the data: its own connections and its own caches, as another process
	// has. It declares that processes share the data. Default: none, sharing is
	// not tested.
	Peer func(t *testing.T, s core.RefreshStore) core.RefreshStore

	// Dump returns every byte that the store holds, as a thief of the data would
	// read it, with compressed or encrypted parts undone. Texts must be found in it as they are, or in hexadecimal
	// or base64. Default: none, the bytes are not searched.
	Dump func(t *testing.T, s core.RefreshStore) []byte

	// Crash opens a new store that holds nothing and whose data another process
	// keeps: a server, or a child of the test (package storetest/child). It returns
	// the store and a function that kills that process with SIGKILL, whatever it is
	// doing, and returns the same data opened again by a new one. It declares
	// that no crash loses what the store acknowledged. Default: none, crashes are
	// not tested.
	Crash func(t *testing.T) (s core.RefreshStore, kill func() core.RefreshStore)

	// Crashes is how often the process is killed. Default: 5.
	Crashes int

	// Disconnect opens a new store that holds nothing behind a network that fails,
	// and returns it with a function that makes the network fail or work again.
	// That function is called by one goroutine at a time, not always the test's,
	// and may be called while the store is in use. It declares that a call which
	// failed may take effect shortly after it returned, so provide one for every
	// store behind a network. Default: none, a failing network
	// is not tested.
	Disconnect func(t *testing.T) (s core.RefreshStore, network func(Fault))

	// Break makes the store unable to answer, for good: it closes the store's file or
	// database, or stops the process that keeps the data. Every call must then return
	// an error that is none of the sentinels. The store is not used again. Default:
	// none, a store that cannot answer is not tested.
	Break func(t *testing.T, s core.RefreshStore)

	// NativeTTL declares that records go by themselves some time after they
	// have expired, as keys with a time to live do, and that DeleteExpired
	// does nothing. The suite then accepts ErrNotFound as an answer about an
	// expired record. Default: false, an expired record stays until DeleteExpired
	// deletes it or, once revoked, until later ones take its place.
	NativeTTL bool

	// Timeout is how long no call may begin or return before the rule fails as
	// stalled. The rules after it run all the same. The functions of the harness
	// are not timed. Default: 1 minute.
	Timeout time.Duration
}

func (h Harness) crashes() int {
	if h.Crashes <= 0 {
		return 5
	}
	return h.Crashes
}

func (h Harness) timeout() time.Duration {
	if h.Timeout <= 0 {
		return time.Minute
	}
	return h.Timeout
}
