package otelobserve_test

import (
	"log"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/otel"
)

// The global providers are those that the application has set.
func ExampleNew() {
	var (
		store  core.RefreshStore // of package memorystore, redisstore or another
		signer core.TokenSigner  // of package jwttoken
		secret []byte            // of core.NewSecret
		audit  core.Hooks        // your own
	)
	observer, err := otelobserve.New(otelobserve.Options{})
	if err != nil {
		log.Fatal(err)
	}
	schema, err := core.New(observer.Store(store), signer, core.Config{
		Secret: secret,
		Hooks:  core.JoinHooks(audit, observer.Hooks()),
	})
	if err != nil {
		log.Fatal(err)
	}
	_ = schema
}
