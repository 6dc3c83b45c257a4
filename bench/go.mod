module github.com/tokenauth/tokenauth/bench

go 1.26.0

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/google/uuid v1.6.0
	github.com/redis/go-redis/v9 v9.23.0
	github.com/tokenauth/tokenauth/core v0.1.0
	github.com/tokenauth/tokenauth/store/bolt v0.1.0
	github.com/tokenauth/tokenauth/store/memory v0.1.0
	github.com/tokenauth/tokenauth/store/redis v0.1.0
	github.com/tokenauth/tokenauth/storetest v0.1.0
	github.com/tokenauth/tokenauth/token/jwt v0.1.0
	go.etcd.io/bbolt v1.5.0
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
	github.com/tokenauth/tokenauth/token/jwt => ../token/jwt
)
