// A program that knows no more than the README.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func main() {
	ctx := context.Background()
	tokens, err := jwttoken.HS256([]byte("32 random bytes, kept in a secret"))
	check(err)
	schema, err := core.New(memorystore.New(), tokens, core.Config{Secret: []byte("32 other random bytes, kept too!")})
	check(err)
	pair, err := schema.Login(ctx, "ann", core.LoginOptions{})
	check(err)
	claims, err := schema.Verify(ctx, pair.AccessToken)
	check(err)
	sessions, err := schema.Sessions(ctx, "ann")
	check(err)
	if len(sessions) != 1 {
		log.Fatal(sessions)
	}
	fmt.Println(claims.UserID, "is logged in")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
