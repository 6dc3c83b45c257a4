package browser_test

import (
	"io"
	"net/http"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// application returns what the site serves: a login, a page that only users see, a
// refresh and a logout, and what an attacker's site has.
func application(s *core.Schema) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/{user}", func(w http.ResponseWriter, r *http.Request) {
		opts := core.LoginOptions{
			Claims:         map[string]any{"claim": r.FormValue("claim")},
			BrowserSession: r.FormValue("browser-session") != "",
		}
		if text := r.FormValue("duration"); text != "" {
			var err error
			if opts.Duration, err = time.ParseDuration(text); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
		}
		if _, err := s.SetTokenCookies(w, r, r.PathValue("user"), opts); err != nil {
			s.WriteError(w, r, err)
		}
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ClearTokenCookies(w, r); err != nil {
			s.WriteError(w, r, err)
		}
	})
	me := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.ClaimsFrom(r.Context())
		io.WriteString(w, c.UserID)
	})
	mux.Handle("/refresh", s.RefreshAccessToken(nil))
	mux.Handle("/refresh/me", s.RefreshAccessToken(me))
	mux.Handle("/me", s.TokenRequired(me))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, pageHead+`<body>`)
	})
	mux.HandleFunc("GET /app", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, pageHead+`<script>`+appScript+`</script><body>`)
	})
	mux.HandleFunc("/bounce", func(w http.ResponseWriter, r *http.Request) {
		// The method and the body stay.
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/plant", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = r.URL.Query()["cookie"]
	})
	return mux
}
