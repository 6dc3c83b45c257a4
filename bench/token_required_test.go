package bench

import (
	"net/http"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// discard is a ResponseWriter that costs nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkTokenRequired measures the middleware around an empty handler. What it
// adds is the time above Bare; its floor is what ReadCookie adds.
func BenchmarkTokenRequired(b *testing.B) {
	key := random(32)
	tokens, err := jwttoken.HS256(key)
	if err != nil {
		b.Fatal(err)
	}
	newSchema := func(cache int) *core.Schema {
		schema, err := core.New(memorystore.New(), tokens, core.Config{Secret: random(32), VerifiedCache: cache})
		if err != nil {
			b.Fatal(err)
		}
		return schema
	}
	pair, err := newSchema(0).Login(b.Context(), "ada", core.LoginOptions{})
	if err != nil {
		b.Fatal(err)
	}
	empty := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	readCookie := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("access_token"); err != nil {
			b.Error(err)
		}
	})
	// What a handler on net/http and golang-jwt alone does.
	byHand := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("access_token")
		if err != nil {
			b.Error(err)
			return
		}
		_, err = jwt.Parse(cookie.Value, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			b.Error(err)
		}
	})
	for _, bench := range []struct {
		name    string
		handler http.Handler
	}{
		{"Bare", empty},
		{"ReadCookie", readCookie},
		{"TokenRequired", newSchema(0).TokenRequired(empty)},
		{"TokenRequiredCached", newSchema(1000).TokenRequired(empty)},
		{"GolangJWT", byHand},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://127.0.0.1/", nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Cookie", "access_token="+pair.AccessToken+"; refresh_token="+pair.RefreshToken)
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				bench.handler.ServeHTTP(w, r)
			}
			if len(w.header) != 0 {
				b.Fatal("the request was refused")
			}
		})
	}
}
