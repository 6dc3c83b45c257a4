package boltstore_test

import (
	"context"
	"log"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
)

// A schema that keeps its sessions in a file, and a goroutine that deletes the
// expired ones.
func ExampleNew() {
	var (
		tokens core.TokenSigner // as package jwttoken makes them
		secret []byte           // 32 random bytes or more
	)
	db, err := bbolt.Open("tokens.db", 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := boltstore.New(db, boltstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	schema, err := core.New(store, tokens, core.Config{Secret: secret})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go schema.RunCleanup(ctx, time.Hour)
}
