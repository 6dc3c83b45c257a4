package rotation

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// session is the RefreshTokenDuration of the servers.
const session = 10 * time.Minute

// deployment is what a server is configured with: the keys of its access tokens and
// its secrets, those in use first.
type deployment struct {
	keys    []jwttoken.Key
	secrets [][]byte
}

// fleet is a number of servers that share a store, behind a balancer that gives
// each request to the next one.
type fleet struct {
	t       *testing.T
	store   core.RefreshStore
	elapsed atomic.Int64
	servers [3]atomic.Pointer[http.ServeMux]
	turn    atomic.Int64
	url     string
}

func newFleet(t *testing.T, d deployment) *fleet {
	f := &fleet{t: t, store: memorystore.New()}
	f.deploy(d)
	balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.servers[f.turn.Add(1)%int64(len(f.servers))].Load().ServeHTTP(w, r)
	}))
	t.Cleanup(balancer.Close)
	f.url = balancer.URL
	return f
}

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func (f *fleet) now() time.Time { return start.Add(time.Duration(f.elapsed.Load())) }

// deploy replaces one server after the other, while requests come in.
func (f *fleet) deploy(d deployment) {
	for i := range f.servers {
		tokens, err := jwttoken.New(jwttoken.Options{Keys: d.keys})
		if err != nil {
			f.t.Error(err)
			return
		}
		schema, err := core.New(f.store, tokens, core.Config{
			Secret: d.secrets[0], PreviousSecrets: d.secrets[1:],
			RefreshTokenDuration: session, MaxSessions: -1, VerifiedCache: 100,
			Cookies: core.Cookies{Insecure: true}, Clock: f.now,
		})
		if err != nil {
			f.t.Error(err)
			return
		}
		f.servers[i].Store(handler(schema))
	}
}

func handler(schema *core.Schema) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/{user}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := schema.SetTokenCookies(w, r, r.PathValue("user"), core.LoginOptions{}); err != nil {
			schema.WriteError(w, r, err)
		}
	})
	mux.Handle("POST /refresh", schema.RefreshAccessToken(nil))
	mux.Handle("GET /", schema.TokenRequired(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.ClaimsFrom(r.Context())
		io.WriteString(w, c.UserID)
	})))
	return mux
}

// key makes a key for the access tokens.
func key(t *testing.T, kid string) jwttoken.Key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := jwttoken.NewKey(kid, "EdDSA", private)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// user is a browser with several tabs, which share its cookies.
type user struct {
	*fleet
	http.Client
	name     string
	loggedIn time.Time
}

// request sends a request and returns its status and body; without a
// response, 0 and what went wrong.
func (u *user) request(method, path string) (int, string) {
	r, err := http.NewRequestWithContext(u.t.Context(), method, u.url+path, nil)
	if err != nil {
		return 0, err.Error()
	}
	res, err := u.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(body)
}

// logIn begins a session.
func (u *user) logIn() error {
	u.loggedIn = u.now()
	if status, body := u.request("POST", "/login/"+u.name); status != 200 {
		return fmt.Errorf("login: %d %s", status, body)
	}
	return nil
}

// useTab does what a page does: it asks for data, and where the access token has
// expired it refreshes and asks again.
func (u *user) useTab() error {
	status, body := u.request("GET", "/")
	if status == 401 && errorCode(body) == "access_token_expired" {
		// Another tab may have been faster: then it has not expired.
		if status, body := u.request("POST", "/refresh"); status != 204 && status != 409 {
			return fmt.Errorf("refresh: %d %s", status, body)
		}
		status, body = u.request("GET", "/")
	}
	if status != 200 || body != u.name {
		return fmt.Errorf("request: %d %s", status, body)
	}
	return nil
}

func errorCode(body string) string {
	var e struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(body), &e) != nil {
		return ""
	}
	return e.Error
}
