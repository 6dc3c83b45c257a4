package conformance_test

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
	"github.com/tokenauth/tokenauth/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(*testing.T) core.RefreshStore { return memorystore.New() },
	})
}
