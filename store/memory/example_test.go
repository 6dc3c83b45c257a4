package memorystore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
)

// A schema that keeps its sessions in memory, and a goroutine that deletes the
// expired ones.
func ExampleNew() {
	var (
		tokens core.TokenSigner // as package jwttoken makes them
		secret []byte           // 32 random bytes or more
	)
	schema, err := core.New(memorystore.New(), tokens, core.Config{Secret: secret})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go schema.RunCleanup(ctx, time.Hour)
}

// A test can put a session of its own into a store, and look at what is there.
func Example() {
	ctx := context.Background()
	store := memorystore.New()
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	_, err := store.Create(ctx, core.Record{
		ID:          core.NewRecordID("ann"),
		UserID:      "ann",
		Device:      "Firefox on Linux",
		IssuedAt:    now,
		ExchangedAt: now,
		ExpiresAt:   now.AddDate(0, 0, 7),
	}, 1)
	if err != nil {
		log.Fatal(err)
	}

	live, err := store.ListUser(ctx, "ann", now.Add(time.Hour))
	if err != nil {
		log.Fatal(err)
	}
	for _, session := range live {
		fmt.Println(session.Device, "since", session.IssuedAt)
	}
	// Output: Firefox on Linux since 2030-01-01 12:00:00 +0000 UTC
}
