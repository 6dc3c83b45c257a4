module github.com/tokenauth/tokenauth/conformance

go 1.26.0

require (
	github.com/redis/go-redis/v9 v9.23.0
	github.com/tokenauth/tokenauth/core v0.1.0
	github.com/tokenauth/tokenauth/store/bolt v0.1.0
	github.com/tokenauth/tokenauth/store/memory v0.1.0
	github.com/tokenauth/tokenauth/store/redis v0.1.0
	github.com/tokenauth/tokenauth/storetest v0.1.0
	go.etcd.io/bbolt v1.5.0
	golang.org/x/mod v0.42.0
)

require (
	github.com/anishathalye/porcupine v1.3.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)

replace (
	github.com/tokenauth/tokenauth/core => ../core
	github.com/tokenauth/tokenauth/store/bolt => ../store/bolt
	github.com/tokenauth/tokenauth/store/memory => ../store/memory
	github.com/tokenauth/tokenauth/store/redis => ../store/redis
	github.com/tokenauth/tokenauth/storetest => ../storetest
)
