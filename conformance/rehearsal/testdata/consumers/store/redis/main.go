// A program that knows no more than the README.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/tokenauth/tokenauth/core"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func main() {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: os.Args[1]})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Options{Prefix: "myapp:"})
	check(err)
	tokens, err := jwttoken.HS256([]byte("32 random bytes, kept in a secret"))
	check(err)
	schema, err := core.New(store, tokens, core.Config{Secret: []byte("32 other random bytes, kept too!")})
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
