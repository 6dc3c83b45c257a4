// Bearer is a server for clients without cookies: apps, command lines, other servers.
// They present the access token in a header, and refresh and log out by OAuth 2.0, so
// its client libraries do that by themselves. Run it and try the commands that it prints.
package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "listen on this `address`")
	access := flag.Duration("access-token-duration", time.Minute, "how long an access token is valid")
	flag.Parse()

	schema, err := newSchema(core.Config{AccessTokenDuration: *access})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	go schema.RunCleanup(ctx, time.Minute)

	server := &http.Server{Handler: newHandler(schema), ReadTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Println(commands("http://" + listener.Addr().String()))
	err = server.Serve(listener)
	stop()
	if !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

// newSchema makes a schema with new secrets, so everybody must log in again after a
// restart. A user can be logged in on three devices.
func newSchema(config core.Config) (*core.Schema, error) {
	tokens, err := jwttoken.HS256(core.NewSecret())
	if err != nil {
		return nil, err
	}
	config.Secret = core.NewSecret()
	config.MaxSessions = 3
	return core.New(memorystore.New(), tokens, config)
}

func newHandler(schema *core.Schema) http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10) // anybody can send a form
		user := r.PostFormValue("username")
		if !passwordIsRight(user, r.PostFormValue("password")) {
			http.Error(w, "wrong user or password", http.StatusForbidden) // a 401 asks for a token
			return
		}
		pair, err := schema.Login(r.Context(), user, core.LoginOptions{
			Claims: map[string]any{"role": "mathematician"},
			Device: r.UserAgent(),
		})
		if err != nil {
			schema.WriteError(w, r, err)
			return
		}
		schema.WriteTokens(w, pair)
	})

	mux.Handle("GET /{$}", schema.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := core.ClaimsFrom(r.Context())
		fmt.Fprintln(w, claims.UserID)
	})))

	// SessionRequired asks the store, so a logout counts at once.
	mux.Handle("GET /account", schema.SessionRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := core.SessionFrom(r.Context())
		fmt.Fprintln(w, session.UserID, "since", session.IssuedAt.Format(time.DateTime))
	})))

	mux.Handle("POST /token", schema.TokenEndpoint())
	mux.Handle("POST /revoke", schema.RevocationEndpoint())
	return mux
}

// passwordIsRight knows one user. A real server looks up a hash made by bcrypt or argon2.
func passwordIsRight(user, password string) bool {
	u := subtle.ConstantTimeCompare([]byte(user), []byte("ada"))
	p := subtle.ConstantTimeCompare([]byte(password), []byte("lovelace"))
	return u&p == 1
}

func commands(url string) string {
	return `Listening on ` + url + `. Try, in another terminal:

  curl -d username=ada -d password=lovelace ` + url + `/login

It prints an access token and a refresh token. Put them where $ACCESS_TOKEN and
$REFRESH_TOKEN stand:

  curl -H "Authorization: Bearer $ACCESS_TOKEN" ` + url + `/
  curl -H "Authorization: Bearer $ACCESS_TOKEN" ` + url + `/account
  curl -d grant_type=refresh_token -d refresh_token="$REFRESH_TOKEN" ` + url + `/token
  curl -d token="$REFRESH_TOKEN" ` + url + `/revoke

A refresh prints the next pair, or in the first 10 seconds the same one again. If a
response is lost, present the same refresh token again, at any time until the next
refresh. An older one is a stolen copy: invalid_grant, and all the user's sessions end.`
}
