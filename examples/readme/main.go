package main

import (
	"errors"
	"log"
	"net/http"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func main() {
	tokens, err := jwttoken.HS256([]byte("32 random bytes, kept in a secret"))
	schema, err2 := core.New(memorystore.New(), tokens, core.Config{
		Secret:  []byte("32 other random bytes, kept too!"),
		Cookies: core.Cookies{Prefix: "__Host-"}, // no other host can plant these
	})
	if err := errors.Join(err, err2); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) { // check the password first
		if _, err := schema.SetTokenCookies(w, r, "ada", core.LoginOptions{}); err != nil {
			schema.WriteError(w, r, err)
		}
	})
	http.Handle("POST /refresh", schema.RefreshAccessToken(nil))
	http.Handle("GET /", schema.TokenRequired(http.FileServer(http.Dir("private"))))
	handler := http.NewCrossOriginProtection().Handler(http.DefaultServeMux)
	log.Fatal(http.ListenAndServeTLS(":8443", "cert.pem", "key.pem", handler))
}
