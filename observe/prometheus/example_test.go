package prometheusobserve_test

import (
	"context"
	"fmt"
	"log"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/observe/prometheus"
)

func ExampleNew() {
	var (
		store  core.RefreshStore // of package memorystore, redisstore or another
		signer core.TokenSigner  // of package jwttoken
		secret []byte            // of core.NewSecret
		audit  core.Hooks        // your own
	)
	observer, err := prometheusobserve.New(prometheus.DefaultRegisterer, prometheusobserve.Options{})
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
	_ = schema // and serve the metrics by promhttp.Handler
}

// Prometheus scrapes these metrics after a login and two refused requests.
func ExampleObserver_Hooks() {
	registry := prometheus.NewRegistry()
	observer, err := prometheusobserve.New(registry, prometheusobserve.Options{})
	if err != nil {
		log.Fatal(err)
	}
	hooks, ctx := observer.Hooks(), context.Background()
	hooks.Login(ctx, core.Event{UserID: "ada"})
	hooks.Rejection(ctx, core.Event{Reason: core.ReasonAccessTokenExpired})
	hooks.Rejection(ctx, core.Event{Reason: core.ReasonAccessTokenExpired})

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
