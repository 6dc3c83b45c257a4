// Sessions is a server whose users see where they are logged in, and end one session,
// all others, or all. Before that, the server asks the store whether the user's own
// session is live. A change of the password also requires a recent login.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// recent is how long after a login its user may change the password.
const recent = 5 * time.Minute

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "listen on this `address`")
	flag.Parse()
	schema, err := newSchema(core.Config{})
	if err != nil {
		log.Fatal(err)
	}
	go schema.RunCleanup(context.Background(), time.Minute) // as long as the program runs
	fmt.Println("Listening on http://" + *addr + ". Log in from several clients: POST /login with user and password.")
	server := &http.Server{Addr: *addr, Handler: newHandler(schema, time.Now), ReadTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// newSchema allows a user ten sessions. Each lasts 30 days if it is used once a week.
func newSchema(config core.Config) (*core.Schema, error) {
	tokens, err := jwttoken.HS256(core.NewSecret())
	if err != nil {
		return nil, err
	}
	config.Secret = core.NewSecret()
	config.MaxSessions = 10
	config.RefreshTokenDuration = 30 * 24 * time.Hour
	config.IdleTimeout = 7 * 24 * time.Hour
	config.Cookies = core.Cookies{Insecure: true} // plain HTTP; leave it out behind TLS
	return core.New(memorystore.New(), tokens, config)
}

func newHandler(schema *core.Schema, now func() time.Time) http.Handler {
	// answer makes a handler of a function that can return an error.
	answer := func(h func(w http.ResponseWriter, r *http.Request, c core.Claims) error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			c, _ := core.ClaimsFrom(r.Context()) // none where nobody is logged in
			if err := h(w, r, c); err != nil {
				schema.WriteError(w, r, err)
			}
		})
	}
	mux := http.NewServeMux()

	mux.Handle("POST /login", answer(func(w http.ResponseWriter, r *http.Request, _ core.Claims) error {
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10) // anybody can send a form
		user, password := r.PostFormValue("user"), r.PostFormValue("password")
		if user == "" || password != "lovelace" { // a real server checks a hash made by bcrypt or argon2
			http.Error(w, "wrong user or password", http.StatusForbidden) // a 401 asks for a token
			return nil
		}
		_, err := schema.SetTokenCookies(w, r, user, core.LoginOptions{})
		return err
	}))
	mux.Handle("POST /refresh", schema.RefreshAccessToken(nil))

	mux.Handle("GET /sessions", schema.TokenRequired(answer(func(w http.ResponseWriter, r *http.Request, c core.Claims) error {
		sessions, err := schema.Sessions(r.Context(), c.UserID)
		for _, s := range sessions {
			note := ""
			if s.ID == c.SessionID {
				note = " (this one)"
			}
			fmt.Fprintf(w, "%s %q since %s, last used %s%s\n", s.ID, s.Device,
				s.IssuedAt.Format(time.DateTime), s.ExchangedAt.Format(time.DateTime), note)
		}
		return err
	})))

	mux.Handle("DELETE /sessions/{id}", schema.SessionRequired(answer(func(w http.ResponseWriter, r *http.Request, c core.Claims) error {
		if err := schema.RevokeSession(r.Context(), c.UserID, r.PathValue("id")); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})))

	mux.Handle("POST /sessions/end-others", schema.SessionRequired(answer(func(w http.ResponseWriter, r *http.Request, c core.Claims) error {
		n, err := schema.RevokeOtherSessions(r.Context(), c.UserID, c.SessionID)
		if err == nil {
			fmt.Fprintln(w, "ended:", n)
		}
		return err
	})))

	mux.Handle("POST /sessions/end-all", schema.SessionRequired(answer(func(w http.ResponseWriter, r *http.Request, c core.Claims) error {
		if _, err := schema.RevokeUser(r.Context(), c.UserID); err != nil {
			return err
		}
		return schema.ClearTokenCookies(w, r)
	})))

	mux.Handle("POST /password", schema.SessionRequired(answer(func(w http.ResponseWriter, r *http.Request, c core.Claims) error {
		session, _ := core.SessionFrom(r.Context())
		if now().Sub(session.IssuedAt) > recent {
			http.Error(w, "log in once more first", http.StatusForbidden)
			return nil
		}
		// Store the new password here. Then end all sessions, this one too, in case its
		// tokens were copied. This client gets a new session.
		n, err := schema.RevokeUser(r.Context(), c.UserID)
		if err != nil {
			return err
		}
		if _, err := schema.SetTokenCookies(w, r, c.UserID, core.LoginOptions{}); err != nil {
			return err
		}
		fmt.Fprintln(w, "changed, sessions ended:", n)
		return nil
	})))

	return http.NewCrossOriginProtection().Handler(mux)
}
