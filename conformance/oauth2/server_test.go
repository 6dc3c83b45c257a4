// Package oauth2_test drives the endpoints for clients without cookies with the client
// of golang.org/x/oauth2, as it is.
package oauth2_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// The client takes a token for expired 10 seconds before it is. One that is valid for
// less it refreshes before every request, so that these tests need not wait; what has
// expired for the server is decided by the server's clock, which they move.
const accessTokenDuration = 8 * time.Second

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// server is an application whose clients have no cookies.
type server struct {
	*core.Schema
	t       *testing.T
	url     string
	elapsed atomic.Int64
	store   *fragileStore
	// grants counts the requests for the token endpoint. The answers to the next
	// `lose` of them get lost, after they have had their effect.
	grants, lose atomic.Int64
	// What the hooks were told.
	refreshes, retries, compromises atomic.Int64
}

func newServer(t *testing.T, change func(*core.Config)) *server {
	t.Helper()
	s := &server{t: t, store: &fragileStore{RefreshStore: memorystore.New()}}
	tokens, err := jwttoken.HS256(core.NewSecret())
	if err != nil {
		t.Fatal(err)
	}
	count := func(n *atomic.Int64) func(context.Context, core.Event) {
		return func(context.Context, core.Event) { n.Add(1) }
	}
	cfg := core.Config{
		Secret:              core.NewSecret(),
		AccessTokenDuration: accessTokenDuration,
		Clock:               func() time.Time { return start.Add(time.Duration(s.elapsed.Load())) },
		Logger:              slog.New(slog.DiscardHandler),
		Hooks: core.Hooks{
			Refresh: count(&s.refreshes), Retry: count(&s.retries),
			Compromise: count(&s.compromises),
		},
	}
	if change != nil {
		change(&cfg)
	}
	if s.Schema, err = core.New(s.store, tokens, cfg); err != nil {
		t.Fatal(err)
	}
	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.ClaimsFrom(r.Context())
		io.WriteString(w, c.UserID)
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("/token", s.token)
	mux.Handle("/revoke", s.RevocationEndpoint())
	mux.Handle("GET /me", s.TokenRequired(whoami))
	mux.Handle("GET /account", s.SessionRequired(whoami))
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	s.url = h.URL
	return s
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("password") != "lovelace" {
		http.Error(w, "wrong password", http.StatusUnauthorized)
		return
	}
	pair, err := s.Login(r.Context(), r.FormValue("username"), core.LoginOptions{})
	if err != nil {
		s.WriteError(w, r, err)
		return
	}
	s.WriteTokens(w, pair)
}

func (s *server) token(w http.ResponseWriter, r *http.Request) {
	s.grants.Add(1)
	if s.lose.Add(-1) >= 0 {
		s.TokenEndpoint().ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	s.TokenEndpoint().ServeHTTP(w, r)
}

func (s *server) advance(d time.Duration) { s.elapsed.Add(int64(d)) }

// expire moves the clock to where an access token issued now has expired.
func (s *server) expire() { s.advance(accessTokenDuration) }

func (s *server) live(userID string) int {
	s.t.Helper()
	sessions, err := s.Sessions(s.t.Context(), userID)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(sessions)
}

// config is what a client is told of the server.
func (s *server) config(style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     "app",
		ClientSecret: "kept by nobody",
		Endpoint:     oauth2.Endpoint{TokenURL: s.url + "/token", AuthStyle: style},
	}
}

// logIn returns the tokens of a new session.
func (s *server) logIn(userID string) *oauth2.Token {
	s.t.Helper()
	c := s.config(oauth2.AuthStyleInParams)
	c.Endpoint.TokenURL = s.url + "/login"
	token, err := c.PasswordCredentialsToken(s.t.Context(), userID, "lovelace")
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

// client returns an HTTP client that holds a copy of the token.
func (s *server) client(token *oauth2.Token) *http.Client {
	held := *token
	return s.config(oauth2.AuthStyleAutoDetect).Client(s.t.Context(), &held)
}

// get fails the test unless the client is let in as ada.
func (s *server) get(client *http.Client) {
	s.t.Helper()
	if err := s.try(client); err != nil {
		s.t.Errorf("GET /me: %v", err)
	}
}

// refused fails the test unless the client is refused a refresh with that status and
// error of RFC 6749 §5.2.
func (s *server) refused(client *http.Client, status int, code string) *oauth2.RetrieveError {
	s.t.Helper()
	err := s.try(client)
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		s.t.Fatalf("GET /me: %v, want an oauth2.RetrieveError", err)
	}
	if refused.Response.StatusCode != status || refused.ErrorCode != code || refused.ErrorDescription == "" {
		s.t.Fatalf("the refresh is refused with %d %v, want %d %s", refused.Response.StatusCode, refused, status, code)
	}
	return refused
}

// try asks for the protected page.
func (s *server) try(client *http.Client) error {
	res, err := client.Get(s.url + "/me")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || string(body) != "ada" {
		return errors.New(res.Status + ": " + string(body))
	}
	return nil
}

// fragileStore fails while it is down.
type fragileStore struct {
	core.RefreshStore
	down atomic.Bool
}

var errDown = errors.New("the store is down")

func (s *fragileStore) Get(ctx context.Context, id string) (core.Record, error) {
	if s.down.Load() {
		return core.Record{}, errDown
	}
	return s.RefreshStore.Get(ctx, id)
}

func (s *fragileStore) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if s.down.Load() {
		return core.Record{}, errDown
	}
	return s.RefreshStore.Exchange(ctx, x)
}

func (s *fragileStore) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	if s.down.Load() {
		return nil, errDown
	}
	return s.RefreshStore.Revoke(ctx, v)
}
