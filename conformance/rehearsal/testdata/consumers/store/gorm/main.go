// A program that knows no more than the README.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/tokenauth/tokenauth/core"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

func main() {
	ctx := context.Background()
	db, err := gorm.Open(sqlite.Open(os.Args[1]), &gorm.Config{})
	check(err)
	store, err := gormstore.New(db, gormstore.Options{})
	check(err)
	check(store.Migrate(ctx))
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
