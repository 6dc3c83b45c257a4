package redisstore

import (
	_ "embed" // for the scripts

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lua/prelude.lua
	prelude string
	//go:embed lua/create.lua
	createSource string
	//go:embed lua/get.lua
	getSource string
	//go:embed lua/exchange.lua
	exchangeSource string
	//go:embed lua/revoke.lua
	revokeSource string
	//go:embed lua/revoke_user.lua
	revokeUserSource string
	//go:embed lua/list_user.lua
	listUserSource string
)

// script is a Lua script with one key. Its answer is nil where it found no record.
type script struct {
	name   string // what it does, for errors
	source string
	hash   string
	reads  bool // and changes nothing
}

var (
	createScript     = newScript("create", prelude+createSource, false)
	getScript        = newScript("get", getSource, true)
	exchangeScript   = newScript("exchange", exchangeSource, false)
	revokeScript     = newScript("revoke", prelude+revokeSource, false)
	revokeUserScript = newScript("revoke user", prelude+revokeUserSource, false)
	listUserScript   = newScript("list user", prelude+listUserSource, true)
)

func newScript(name, source string, reads bool) *script {
	return &script{name: name, source: source, hash: redis.NewScript(source).Hash(), reads: reads}
}
