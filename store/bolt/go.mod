module github.com/tokenauth/tokenauth/store/bolt

go 1.26.0

require (
	github.com/tokenauth/tokenauth/core v0.1.0
	go.etcd.io/bbolt v1.5.0
)

require golang.org/x/sys v0.45.0 // indirect

replace github.com/tokenauth/tokenauth/core => ../../core
