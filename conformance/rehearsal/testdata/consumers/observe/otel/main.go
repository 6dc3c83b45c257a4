// A program that knows no more than the README.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/tokenauth/tokenauth/core"
	otelobserve "github.com/tokenauth/tokenauth/observe/otel"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func main() {
	ctx := context.Background()
	observer, err := otelobserve.New(otelobserve.Options{})
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
	fmt.Println(claims.UserID, "is logged in")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
