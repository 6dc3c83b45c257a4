package redisstore_test

import (
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	redisstore "github.com/tokenauth/tokenauth/store/redis"
)

func ExampleNew() {
	client := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:6379",
		ContextTimeoutEnabled: true, // a deadline is minded while the server is silent, too
	})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Options{Prefix: "myapp:"})
	fmt.Println(store != nil, err)
	// Output: true <nil>
}

func ExampleNew_cluster() {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:                 []string{"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"},
		ContextTimeoutEnabled: true,
	})
	defer client.Close()
	// No change is acknowledged before a replica has it.
	store, err := redisstore.New(client, redisstore.Options{WaitReplicas: 1, WaitTimeout: 500 * time.Millisecond})
	fmt.Println(store != nil, err)
	// Output: true <nil>
}
