package storetest

import (
	"context"
	"errors"
	"flag"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// Bench is tried as the rules are: it succeeds on the model, and a store that does not
// do what is measured fails it.
func TestBenchChecksWhatItMeasures(t *testing.T) {
	old := flag.Lookup("test.benchtime").Value.String()
	flag.Set("test.benchtime", "3x")
	defer flag.Set("test.benchtime", old)
	measured := func(answer func(m *model) storeFunc) bool {
		failed := false
		testing.Benchmark(func(b *testing.B) {
			Bench(b, func(*testing.B) core.RefreshStore { return answer(newModel()) }, benchGoroutines, 200)
			failed = b.Failed()
		})
		return !failed
	}
	if !measured(func(m *model) storeFunc { return m.answer }) {
		t.Error("the model fails")
	}
	for _, m := range []method{create, exchange, revoke, listUser, deleteExpired} {
		if measured(func(inner *model) storeFunc {
			return func(ctx context.Context, c call) result {
				r := inner.answer(ctx, c)
				switch {
				case c.method != m:
				case m == listUser || m == revoke:
					return result{} // as if there were nobody
				case m == deleteExpired:
					r.n--
				default:
					r.err = errors.New("the disk is on fire")
				}
				return r
			}
		}) {
			t.Errorf("a store whose %s fails is measured", m)
		}
	}
}
