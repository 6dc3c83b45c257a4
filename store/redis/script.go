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

// script is a Lua script with one key. What it answers is nil where there is no
// record.
type script struct {
	name   string // what it does, for errors
	source string
	hash   string
	reads  bool // and changes nothing
}

var (
	createScript     = newScript("create", createSource)
	exchangeScript   = newScript("exchange", exchangeSource)
	revokeScript     = newScript("revoke", revokeSource)
	revokeUserScript = newScript("revoke user", revokeUserSource)
	getScript        = newReader("get", getSource)
	listUserScript   = newReader("list user", listUserSource)
)

func newScript(name, source string) *script {
	source = prelude + source
	return &script{name: name, source: source, hash: redis.NewScript(source).Hash()}
}

func newReader(name, source string) *script {
	s := newScript(name, source)
	s.reads = true
	return s
}
