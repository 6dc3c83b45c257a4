package bench

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	"github.com/tokenauth/tokenauth/storetest"
)

func BenchmarkMemory(b *testing.B) {
	storetest.Bench(b, func(*testing.B) core.RefreshStore { return memorystore.New() }, 1_000, 100_000, 1_000_000)
}
