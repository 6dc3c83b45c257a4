module github.com/tokenauth/tokenauth/storetest

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/tokenauth/tokenauth/core v0.1.0
	pgregory.net/rapid v1.3.0
)

replace github.com/tokenauth/tokenauth/core => ../core
