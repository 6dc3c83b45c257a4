module github.com/tokenauth/tokenauth/store/memory

go 1.26.0

require github.com/tokenauth/tokenauth/core v0.1.0

replace github.com/tokenauth/tokenauth/core => ../../core
