package oauth2_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tokenauth/tokenauth/core"
)

const many = 16

// together calls the protected page with all clients at once.
func (s *server) together(clients []*http.Client) {
	s.t.Helper()
	var wg sync.WaitGroup
	for _, client := range clients {
		wg.Go(func() { s.get(client) })
	}
	wg.Wait()
}

func TestManyGoroutinesShareOneClient(t *testing.T) {
	s := newServer(t, nil)
	client := s.client(s.logIn("ada"))
	clients := make([]*http.Client, many)
	for i := range clients {
		clients[i] = client
	}
	for range 5 {
		s.expire()
		s.together(clients)
	}
	if n := s.refreshes.Load(); n != 5 {
		t.Errorf("%d exchanges, want 5", n)
	}
	if s.compromises.Load() != 0 || s.live("ada") != 1 {
		t.Errorf("%d compromises, %d live sessions", s.compromises.Load(), s.live("ada"))
	}
}

// Processes that share what one login gave them, and do not know of each other.
func TestManyClientsShareOneRefreshToken(t *testing.T) {
	s := newServer(t, nil)
	token := s.logIn("ada")
	clients := make([]*http.Client, many)
	for i := range clients {
		clients[i] = s.client(token)
	}
	for round := range int64(5) {
		s.expire()
		s.together(clients)
		// One exchange, and for all others the same pair again.
		if exchanges, again := s.refreshes.Load(), s.retries.Load(); exchanges != round+1 || again != (many-1)*(round+1) {
			t.Fatalf("after %d rounds: %d exchanges, %d retries", round+1, exchanges, again)
		}
	}
	if s.compromises.Load() != 0 || s.live("ada") != 1 {
		t.Errorf("%d compromises, %d live sessions", s.compromises.Load(), s.live("ada"))
	}
}

func TestClientsOfOneRefreshTokenGetTheSamePair(t *testing.T) {
	s := newServer(t, nil)
	token := s.logIn("ada")
	s.expire()
	pairs := make([]oauth2.Token, many)
	var wg sync.WaitGroup
	for i := range pairs {
		wg.Go(func() {
			held := *token
			next, err := s.config(oauth2.AuthStyleInParams).TokenSource(t.Context(), &held).Token()
			if err != nil {
				t.Error(err)
				return
			}
			pairs[i] = oauth2.Token{AccessToken: next.AccessToken, RefreshToken: next.RefreshToken}
		})
	}
	wg.Wait()
	for _, pair := range pairs {
		if pair != pairs[0] || pair.RefreshToken == token.RefreshToken {
			t.Fatal("not one new pair for all")
		}
	}
}

func TestALostAnswerIsAskedForAgain(t *testing.T) {
	s := newServer(t, nil)
	token := s.logIn("ada")
	// A client that knows how to authenticate leaves it to its caller.
	client := s.config(oauth2.AuthStyleInParams).Client(t.Context(), token)
	s.expire()
	s.lose.Store(1)
	if err := s.try(client); err == nil {
		t.Fatal("the answer was not lost")
	}
	s.advance(time.Hour) // it sleeps with that
	s.get(client)
	// One that does not tries again by itself, the other way.
	client = s.client(s.logIn("ada"))
	s.expire()
	s.lose.Store(1)
	s.get(client)
	s.expire()
	s.get(client)
	if exchanges, again := s.refreshes.Load(), s.retries.Load(); exchanges != 3 || again != 2 {
		t.Errorf("%d exchanges, %d retries", exchanges, again)
	}
	if n := s.compromises.Load(); n != 0 {
		t.Errorf("%d compromises", n)
	}
}

func TestGraceLimitsTheTimeToAskAgain(t *testing.T) {
	const grace = 3 * time.Second
	for _, test := range []struct {
		after   time.Duration
		refused bool
	}{{grace - time.Millisecond, false}, {grace, true}} {
		t.Run(test.after.String(), func(t *testing.T) {
			s := newServer(t, func(c *core.Config) { c.Grace = grace })
			client := s.config(oauth2.AuthStyleInParams).Client(t.Context(), s.logIn("ada"))
			s.expire()
			s.lose.Store(1)
			if err := s.try(client); err == nil {
				t.Fatal("the response was not lost")
			}
			s.advance(test.after)
			if test.refused {
				s.refused(client, 400, "invalid_grant")
			} else {
				s.get(client)
			}
		})
	}
}
