package memorystore_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// A store takes the memory of deleted records for new ones: with logins that come
// and go for a long time it stays as large as in the beginning.
func TestMemoryIsUsedAgain(t *testing.T) {
	const sessions, rounds = 5000, 10
	s := memorystore.New()
	before := heapInUse()
	var first uint64
	for round := range rounds {
		for i := range sessions {
			at := after(round)
			record := newRecord(fmt.Sprintf("user-%d-%d", round, i), at, at.Add(time.Millisecond))
			// From round to round other records have the long texts.
			record.Device = strings.Repeat("d", (i+round)%core.MaxDeviceBytes)
			create(t, s, record, 1)
		}
		if round == 0 {
			first = heapInUse() - before
		}
		expectDeleted(t, s, after(round+2), sessions, sessions)
	}
	if last := heapInUse() - before; last > first+first/4 {
		t.Errorf("the store grew from %d bytes with %d records to %d bytes with none, %d rounds later", first, sessions, last, rounds)
	}
	runtime.KeepAlive(s)
}

// The garbage that a call makes is what it returns: the store itself takes no new
// memory for an exchange, however many records it has.
func TestExchangeAllocatesWhatItReturns(t *testing.T) {
	s := memorystore.New()
	record := newRecord("ann", epoch, after(10))
	record.Device, record.Data = "phone", []byte("data")
	create(t, s, record, 0)
	x := core.Exchange{ID: record.ID, From: record.AccessRef, To: record.AccessRef, At: epoch, ExpiresAt: after(10)}
	exchange := func() {
		_, err := s.Exchange(t.Context(), x)
		must(t, err)
		x.Generation++
	}
	for _, others := range []int{0, 10_000} {
		for i := range others {
			create(t, s, newRecord(fmt.Sprintf("user-%d", i), epoch, after(10)), 0)
		}
		const want = 2 // UserID and Device, Data
		if got := testing.AllocsPerRun(100, exchange); got != want {
			t.Errorf("beside %d records an exchange allocates %v times, want %v", others, got, want)
		}
	}
}
