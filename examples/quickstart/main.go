// Quickstart is a server with a login, a protected page, a refresh, a logout and a list
// of sessions. Run it and try the commands that it prints.
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

	schema, err := newSchema(memorystore.New(), core.Config{
		AccessTokenDuration: *access,
		MaxSessions:         3,
		Cookies:             core.Cookies{Insecure: true}, // plain HTTP; leave it out behind TLS
	})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go schema.RunCleanup(ctx, time.Minute)

	server := &http.Server{Handler: newHandler(schema), ReadTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	fmt.Println(commands("http://" + listener.Addr().String()))
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}

// newSchema makes a schema with new secrets, so everybody must log in again after a
// restart. To change that, keep the secrets and use a durable store.
func newSchema(store core.RefreshStore, config core.Config) (*core.Schema, error) {
	tokens, err := jwttoken.HS256(core.NewSecret())
	if err != nil {
		return nil, err
	}
	config.Secret = core.NewSecret()
	return core.New(store, tokens, config)
}

func newHandler(schema *core.Schema) http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10) // anybody can send a form
		user := r.PostFormValue("user")
		if !passwordIsRight(user, r.PostFormValue("password")) {
			http.Error(w, "wrong user or password", http.StatusForbidden) // a 401 asks for a token
			return
		}
		opts := core.LoginOptions{Claims: map[string]any{"role": "mathematician"}}
		if _, err := schema.SetTokenCookies(w, r, user, opts); err != nil {
			schema.WriteError(w, r, err)
			return
		}
		fmt.Fprintln(w, "logged in as", user)
	})

	mux.Handle("GET /{$}", schema.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := core.ClaimsFrom(r.Context())
		fmt.Fprintln(w, claims.UserID)
	})))

	mux.Handle("POST /token/refresh_access_token", schema.RefreshAccessToken(nil))

	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := schema.ClearTokenCookies(w, r); err != nil {
			schema.WriteError(w, r, err)
			return
		}
		fmt.Fprintln(w, "logged out")
	})

	mux.Handle("GET /sessions", schema.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := core.ClaimsFrom(r.Context())
		sessions, err := schema.Sessions(r.Context(), claims.UserID)
		if err != nil {
			schema.WriteError(w, r, err)
			return
		}
		// The device is text from the client. No browser may take it for HTML.
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		for _, s := range sessions {
			note := ""
			if s.ID == claims.SessionID {
				note = " (this one)"
			}
			fmt.Fprintf(w, "%q since %s%s\n", s.Device, s.IssuedAt.Format(time.DateTime), note)
		}
	})))

	// Pages of other sites must not log anybody in.
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		schema.WriteError(w, r, core.ErrCrossOrigin)
	}))
	return origins.Handler(mux)
}

// passwordIsRight knows one user. A real server looks up a hash made by bcrypt or argon2.
func passwordIsRight(user, password string) bool {
	u := subtle.ConstantTimeCompare([]byte(user), []byte("ada"))
	p := subtle.ConstantTimeCompare([]byte(password), []byte("lovelace"))
	return u&p == 1
}

func commands(url string) string {
	return `Listening on ` + url + `. Try, in another terminal:

  curl -b cookies.txt -c cookies.txt -d user=ada -d password=lovelace ` + url + `/login
  curl -b cookies.txt -c cookies.txt ` + url + `/
  curl -b cookies.txt -c cookies.txt ` + url + `/sessions
  curl -b cookies.txt -c cookies.txt -X POST ` + url + `/token/refresh_access_token
  curl -b cookies.txt -c cookies.txt -X POST ` + url + `/logout

A refresh succeeds once the access token has expired or is about to. Before that the
response is access_token_not_expired. To see a theft caught, copy cookies.txt after
the login, refresh twice with one file, and then once with the other. Between the
refreshes the access token must expire: -access-token-duration 3s makes that short.`
}
