// A program that knows no more than the README.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tokenauth/tokenauth/core"
	prometheusobserve "github.com/tokenauth/tokenauth/observe/prometheus"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func main() {
	ctx := context.Background()
	registry := prometheus.NewRegistry()
	observer, err := prometheusobserve.New(registry, prometheusobserve.Options{})
	check(err)
	tokens, err := jwttoken.HS256([]byte("32 random bytes, kept in a secret"))
	check(err)
	schema, err := core.New(observer.Store(memorystore.New()), tokens, core.Config{
		Secret: []byte("32 other random bytes, kept too!"),
		Hooks:  observer.Hooks(),
	})
	check(err)
	pair, err := schema.Login(ctx, "ann", core.LoginOptions{})
	check(err)
	claims, err := schema.Verify(ctx, pair.AccessToken)
	check(err)
	families, err := registry.Gather()
	check(err)
	for _, family := range families {
		if family.GetName() == "tokenauth_logins_total" && family.GetMetric()[0].GetCounter().GetValue() == 1 {
			fmt.Println(claims.UserID, "is logged in")
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
