package browser_test

import (
	"io"
	"net/http"

	"github.com/tokenauth/tokenauth/core"
)

// application returns what the site serves: a login, a page that only users see, a
// refresh and a logout, and beside them what an attacker's site has.
func application(s *core.Schema) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/{user}", func(w http.ResponseWriter, r *http.Request) {
		claims := map[string]any{"claim": r.FormValue("claim")}
		if err := s.SetTokenCookies(w, r, r.PathValue("user"), claims); err != nil {
			s.WriteError(w, r, err)
		}
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ClearTokenCookies(w, r); err != nil {
			s.WriteError(w, r, err)
		}
	})
	mux.Handle("/refresh", s.RefreshAccessToken(nil))
	mux.Handle("/me", s.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.ClaimsFrom(r.Context())
		io.WriteString(w, c.UserID)
	})))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><script>`+pageScript+`</script><body>`)
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
