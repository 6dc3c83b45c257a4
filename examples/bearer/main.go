// Bearer is a server for clients without cookies: apps, command lines, other servers.
// They log in, present the access token in a header, refresh it and log out as OAuth
// 2.0 has it, so that its client libraries do all but the login by themselves. Run it
// and try the commands that it prints.
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
	grace := flag.Duration("grace", 10*time.Second, "how long a refresh can be repeated; negative: not at all")
	flag.Parse()

	schema, err := newSchema(core.Config{AccessTokenDuration: *access, Grace: *grace})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	go schema.RunCleanup(ctx, time.Minute)

	server := &http.Server{Handler: newHandler(schema), ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Println(commands("http://" + listener.Addr().String()))
	err = server.Serve(listener)
	stop()
	if !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

// newSchema makes a schema with new secrets: everybody has to log in again when the
// program starts again. A user can be logged in on three devices.
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
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10) // a form is read before anybody is known
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

	// What is worth a question to the store heeds a logout at once.
	mux.Handle("GET /account", schema.SessionRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, _ := core.SessionFrom(r.Context())
		fmt.Fprintln(w, session.UserID, "since", session.IssuedAt.Format(time.DateTime))
	})))

	mux.Handle("/token", schema.TokenEndpoint())
	mux.Handle("/revoke", schema.RevocationEndpoint())
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

Each refresh prints the next pair; the refresh token before it is then worth nothing.
Present it again when the grace is over, and all sessions end: invalid_grant. The flags
-access-token-duration 3s -grace 2s make the waiting short.`
}
