package prometheusobserve_test

import (
	"context"
	"fmt"
	"log"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/prometheus"
)

// A schema that is counted, with a store that is measured, beside the application's
// own hooks.
func ExampleNew() {
	var (
		store  core.RefreshStore // as packages memorystore, redisstore and others make them
		tokens core.TokenSigner  // as package jwttoken makes them
		secret []byte            // 32 random bytes or more
		audit  core.Hooks        // the application's own
	)
	observer, err := prometheusobserve.New(prometheus.DefaultRegisterer, prometheusobserve.Options{})
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
	_ = schema // promhttp.Handler() serves what it counts
	// Output: core: no store
}

// What a server scrapes after a login and two refused requests.
func ExampleObserver_Hooks() {
	registry := prometheus.NewRegistry()
	observer, err := prometheusobserve.New(registry, prometheusobserve.Options{})
	if err != nil {
		log.Fatal(err)
	}
	hooks, ctx := observer.Hooks(), context.Background()
	hooks.Login(ctx, core.Event{UserID: "ada"})
	hooks.Rejection(ctx, core.Event{Err: core.ErrAccessTokenExpired})
	hooks.Rejection(ctx, core.Event{Err: core.ErrAccessTokenExpired})

	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if n := metric.GetCounter().GetValue(); n > 0 {
				fmt.Print(family.GetName(), " ", n)
				for _, label := range metric.GetLabel() {
					fmt.Print(" ", label.GetName(), "=", label.GetValue())
				}
				fmt.Println()
			}
		}
	}
	// Output:
	// tokenauth_logins_total 1
	// tokenauth_rejections_total 2 reason=access_token_expired
}
