package server

import (
	"testing"
	"time"
)

// waitLimit is how long servers may take to agree on something. It is seconds on a busy machine.
const waitLimit = time.Minute

// wait waits until done returns nil and reports whether it did. If it takes too long the test
// fails with what was waited for and the last error.
func wait(t testing.TB, what string, done func() error) bool {
	t.Helper()
	deadline := time.Now().Add(waitLimit)
	for {
		err := done()
		if err == nil {
			return true
		}
		if time.Now().After(deadline) {
			t.Errorf("waited %v for %s: %v", waitLimit, what, err)
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
}
