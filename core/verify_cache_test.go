package core_test

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// sayingVerifier takes every text that begins with "good" or "old" for an access token,
// which expires in a minute or has expired.
type sayingVerifier struct{}

func (sayingVerifier) Verify(token string) (core.Claims, error) {
	c := core.Claims{UserID: "ada", Ref: core.Ref{1}, SessionID: "s", IssuedAt: start, ExpiresAt: start.Add(time.Minute)}
	switch {
	case strings.HasPrefix(token, "good"):
		return c, nil
	case strings.HasPrefix(token, "old"):
		c.ExpiresAt = start
		return c, nil
	}
	return core.Claims{}, errors.New("it does not say that it is good")
}

// cached returns a verifier with a cache of that size and what counts the tokens that are
// not in it.
func cached(t *testing.T, size int) (*core.Verifier, *countingVerifier) {
	t.Helper()
	counting := &countingVerifier{TokenVerifier: sayingVerifier{}}
	v, err := core.NewVerifier(counting, core.VerifierConfig{Clock: newClock().Now, VerifiedCache: size})
	if err != nil {
		t.Fatal(err)
	}
	return v, counting
}

// held returns how much memory is in use.
func held() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestVerifiedCacheStaysSmall(t *testing.T) {
	const size = 100
	short, long := strings.Repeat(".", 300), strings.Repeat(".", 10_000)
	for name, test := range map[string]struct {
		tokens int
		text   func(number string) string
	}{
		"tokens that verify":         {100_000, func(number string) string { return "good" + number + short }},
		"tokens that have expired":   {100_000, func(number string) string { return "old" + number + short }},
		"tokens that do not verify":  {100_000, func(number string) string { return "bad" + number + short }},
		"tokens of a longer header":  {1000, func(number string) string { return ("good" + number + long)[:20] }},
		"tokens that are far longer": {1000, func(number string) string { return "good" + number + long }},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := cached(t, size)
			before := held()
			for i := range test.tokens {
				v.Verify(t.Context(), test.text(strconv.Itoa(i)))
			}
			// A token of these and what the cache knows of it is less than 1 KiB.
			if grown := held() - before; grown > size<<10 {
				t.Errorf("after %d tokens a cache of %d holds %d bytes", test.tokens, size, grown)
			}
			runtime.KeepAlive(v)
		})
	}
}

func TestVerifiedCacheIsNotFilledByWhatIsRefused(t *testing.T) {
	for _, refused := range []string{"old", "bad", "good" + strings.Repeat(".", 9000)} {
		v, counting := cached(t, 50)
		remembered := 0
		for range 2 {
			counting.calls.Store(0)
			for i := range 50 {
				v.Verify(t.Context(), fmt.Sprint("good", i))
			}
			remembered = 50 - int(counting.calls.Load())
		}
		if remembered == 0 {
			t.Fatal("nothing was remembered")
		}
		for i := range 1000 {
			v.Verify(t.Context(), fmt.Sprint(refused, i))
		}
		counting.calls.Store(0)
		for i := range 50 {
			v.Verify(t.Context(), fmt.Sprint("good", i))
		}
		if now := 50 - int(counting.calls.Load()); now < remembered {
			t.Errorf("1000 texts like %.8q have pushed out %d tokens of %d", refused, remembered-now, remembered)
		}
	}
}
