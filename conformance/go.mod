module github.com/tokenauth/tokenauth/conformance

go 1.26.0

require github.com/tokenauth/tokenauth/core v0.1.0
require github.com/tokenauth/tokenauth/store/memory v0.1.0
require github.com/tokenauth/tokenauth/storetest v0.1.0

replace github.com/tokenauth/tokenauth/core => ../core
replace github.com/tokenauth/tokenauth/store/memory => ../store/memory
replace github.com/tokenauth/tokenauth/storetest => ../storetest
