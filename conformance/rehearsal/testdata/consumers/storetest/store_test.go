package mystore

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(*testing.T) core.RefreshStore { return New() },
	})
}
