module github.com/tokenauth/tokenauth/core

go 1.26.0
