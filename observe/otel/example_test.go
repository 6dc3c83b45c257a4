package otelobserve_test

import (
	"fmt"
	"log"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/otel"
)

// A schema that is counted, with a store whose calls are spans, beside the application's
// own hooks. The global providers are those that the application has set.
func ExampleNew() {
	var (
		store  core.RefreshStore // as packages memorystore, redisstore and others make them
		tokens core.TokenSigner  // as package jwttoken makes them
		secret []byte            // 32 random bytes or more
		audit  core.Hooks        // the application's own
	)
	observer, err := otelobserve.New(otelobserve.Options{})
	if err != nil {
		log.Fatal(err)
	}
	schema, err := core.New(observer.Store(store), tokens, core.Config{
		Secret: secret,
		Hooks:  core.JoinHooks(audit, observer.Hooks()),
	})
	if err != nil {
		fmt.Println(err) // for want of a store, here
		return
	}
	_ = schema
	// Output: core: no store
}
