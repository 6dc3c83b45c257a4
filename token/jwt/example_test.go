package jwttoken_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"time"

	"github.com/google/uuid"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func exampleClaims() core.Claims {
	now := time.Now().UTC().Truncate(time.Second)
	return core.Claims{
		UserID:    "user-42",
		Ref:       core.Ref(uuid.New()),
		SessionID: core.NewRecordID("user-42"),
		IssuedAt:  now,
		ExpiresAt: now.Add(time.Minute),
		Extra:     `{"role":"admin"}`,
	}
}

// One secret is enough for an application that verifies its own tokens. Keep it
// apart from the Secret of core.Config.
func ExampleHS256() {
	secret := make([]byte, 32)
	rand.Read(secret) // an application reads its own from a safe place

	tokens, err := jwttoken.HS256(secret)
	if err != nil {
		log.Fatal(err)
	}

	// core.New(store, tokens, …) calls these two.
	token, err := tokens.Sign(exampleClaims())
	if err != nil {
		log.Fatal(err)
	}
	claims, err := tokens.Verify(token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.UserID, claims.Extra)
	// Output: user-42 {"role":"admin"}
}

// A deployment that began with one secret goes over to a key pair, and logs
// nobody out.
func ExampleNew_rotation() {
	secret := make([]byte, 32)
	rand.Read(secret)
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}

	before, err := jwttoken.HS256(secret)
	if err != nil {
		log.Fatal(err)
	}
	old, err := before.Sign(exampleClaims())
	if err != nil {
		log.Fatal(err)
	}

	signing, err := jwttoken.NewKey("2026-11", "EdDSA", private)
	if err != nil {
		log.Fatal(err)
	}
	// Without kid, as HS256 made it. It can go once a RefreshTokenDuration has
	// passed.
	retired, err := jwttoken.NewKey("", "HS256", secret)
	if err != nil {
		log.Fatal(err)
	}
	tokens, err := jwttoken.New(jwttoken.Options{Keys: []jwttoken.Key{signing, retired}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tokens)

	_, err = tokens.Verify(old)
	fmt.Println("a token of the old key:", err)
	// Output:
	// jwttoken.Signer{EdDSA "2026-11", HS256}
	// a token of the old key: <nil>
}

// The login server publishes its public keys; a resource server verifies with
// them and holds no secret.
func ExampleNewVerifier() {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	key, err := jwttoken.NewKey("2026-11", "EdDSA", private)
	if err != nil {
		log.Fatal(err)
	}
	options := jwttoken.Options{Issuer: "https://id.example.com", Audience: "https://api.example.com"}

	options.Keys = []jwttoken.Key{key}
	tokens, err := jwttoken.New(options)
	if err != nil {
		log.Fatal(err)
	}
	loginServer := httptest.NewServer(tokens.JWKS()) // usually at /.well-known/jwks.json
	defer loginServer.Close()

	// On the resource server:
	response, err := loginServer.Client().Get(loginServer.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	set, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		log.Fatal(err)
	}
	options.Keys, err = jwttoken.ParseJWKS(set)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwttoken.NewVerifier(options)
	if err != nil {
		log.Fatal(err)
	}

	token, err := tokens.Sign(exampleClaims())
	if err != nil {
		log.Fatal(err)
	}
	// core.NewVerifier(verifier, core.VerifierConfig{}) does this, and judges the times.
	claims, err := verifier.Verify(token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verifier, claims.UserID)
	// Output: jwttoken.Verifier{EdDSA "2026-11"} user-42
}
