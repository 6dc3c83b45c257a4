package oauth2_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tokenauth/tokenauth/core"
)

func TestAClientRefreshesByItself(t *testing.T) {
	s := newServer(t, nil)
	client := s.client(s.logIn("ada"))
	s.get(client)
	for range 5 {
		s.expire()
		s.get(client)
	}
	if n := s.refreshes.Load(); n != 5 {
		t.Errorf("%d refreshes, want 5", n)
	}
	if s.compromises.Load() != 0 || s.live("ada") != 1 {
		t.Errorf("%d compromises, %d live sessions", s.compromises.Load(), s.live("ada"))
	}
}

// With the defaults a client refreshes when its token has expired, and not before.
func TestAClientKeepsATokenThatHasNotExpired(t *testing.T) {
	s := newServer(t, func(c *core.Config) { c.AccessTokenDuration = 0 })
	res, err := http.PostForm(s.url+"/login", url.Values{"username": {"ada"}, "password": {"lovelace"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var token oauth2.Token
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	if token.Type() != "Bearer" || token.ExpiresIn != 60 || token.RefreshToken == "" {
		t.Errorf("a token of type %s for %d seconds", token.Type(), token.ExpiresIn)
	}
	token.Expiry = time.Now().Add(time.Duration(token.ExpiresIn) * time.Second)
	client := s.client(&token)
	s.get(client)
	s.get(client)
	if n := s.grants.Load(); n != 0 {
		t.Errorf("%d requests to refresh", n)
	}

	s.advance(time.Minute)
	token.Expiry = time.Now().Add(-time.Second)
	client = s.client(&token)
	s.get(client)
	s.get(client)
	if n := s.grants.Load(); n != 1 {
		t.Errorf("%d requests to refresh, want 1", n)
	}
}

func TestClientsMayAuthenticateAsTheyLike(t *testing.T) {
	for name, style := range map[string]oauth2.AuthStyle{
		"detected": oauth2.AuthStyleAutoDetect, "in the header": oauth2.AuthStyleInHeader, "in the form": oauth2.AuthStyleInParams,
	} {
		for _, id := range []string{"", "app"} {
			t.Run(name+", id "+id, func(t *testing.T) {
				s := newServer(t, nil)
				token := s.logIn("ada")
				s.expire()
				c := s.config(style)
				c.ClientID = id
				s.get(c.Client(t.Context(), token))
				if n := s.grants.Load(); n != 1 {
					t.Errorf("%d requests to refresh, want 1", n)
				}
			})
		}
	}
}

func TestASessionThatIsOverIsAnInvalidGrant(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(s *server, token *oauth2.Token)
	}{
		{"logout", func(s *server, token *oauth2.Token) {
			if err := s.Logout(s.t.Context(), token.RefreshToken); err != nil {
				s.t.Fatal(err)
			}
		}},
		{"the end of all of the user's sessions", func(s *server, _ *oauth2.Token) {
			if _, err := s.RevokeUser(s.t.Context(), "ada"); err != nil {
				s.t.Fatal(err)
			}
		}},
		{"expiry", func(s *server, _ *oauth2.Token) { s.advance(7 * 24 * time.Hour) }},
		{"another login, with one session for each user", func(s *server, _ *oauth2.Token) { s.logIn("ada") }},
		{"a thief who was there twice", func(s *server, token *oauth2.Token) {
			thief := s.client(token)
			for range 2 {
				s.expire()
				s.get(thief)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, nil)
			token := s.logIn("ada")
			client := s.client(token)
			test.end(s, token)
			s.expire()
			s.refused(client, 400, "invalid_grant")
			s.refused(client, 400, "invalid_grant")
			s.get(s.client(s.logIn("ada")))
		})
	}
}

func TestAStolenCopyEndsBothSides(t *testing.T) {
	for _, test := range []struct {
		name  string
		grace time.Duration
		steal func(s *server, thief *http.Client)
	}{
		{"two exchanges old", 0, func(s *server, thief *http.Client) {
			s.expire()
			s.get(thief)
			s.expire()
			s.get(thief)
		}},
		{"one exchange old, after Grace", 3 * time.Second, func(s *server, thief *http.Client) {
			s.expire()
			s.get(thief)
			s.advance(3 * time.Second)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t, func(c *core.Config) { c.Grace = test.grace })
			token := s.logIn("ada")
			owner, thief := s.client(token), s.client(token)
			test.steal(s, thief)
			s.refused(owner, 400, "invalid_grant")
			s.refused(thief, 400, "invalid_grant")
			if n := s.compromises.Load(); n != 1 {
				t.Errorf("%d compromises were told of, want 1", n)
			}
		})
	}
}

// A last access token may be valid for less than a second. A client that was told of
// 0 seconds would never refresh it again, and never hear that its session is over.
func TestAClientHearsOfTheEndOfItsSession(t *testing.T) {
	s := newServer(t, nil)
	token := s.logIn("ada")
	s.advance(7*24*time.Hour - time.Second/2)
	source := s.config(oauth2.AuthStyleInParams).TokenSource(t.Context(), token)
	last, err := source.Token()
	if err != nil {
		t.Fatal(err)
	}
	if last.Expiry.IsZero() {
		t.Error("the client takes its last token for one that never expires")
	}
	s.advance(time.Second)
	s.refused(s.client(last), 400, "invalid_grant")
}

func TestAStoreThatIsDownEndsNoSession(t *testing.T) {
	s := newServer(t, nil)
	client := s.client(s.logIn("ada"))
	s.expire()
	s.store.down.Store(true)
	for range 3 {
		refused := s.refused(client, 503, "store_unavailable")
		if after := refused.Response.Header.Get("Retry-After"); after != "5" {
			t.Errorf("Retry-After is %q", after)
		}
	}
	s.store.down.Store(false)
	s.get(client)
}

func TestDevicesHaveSessionsOfTheirOwn(t *testing.T) {
	s := newServer(t, func(c *core.Config) { c.MaxSessions = 3 })
	var devices []*http.Client
	for range 4 {
		devices = append(devices, s.client(s.logIn("ada")))
		s.advance(time.Second)
	}
	for range 3 {
		s.expire()
		s.refused(devices[0], 400, "invalid_grant")
		for _, client := range devices[1:] {
			s.get(client)
		}
	}
	if n := s.live("ada"); n != 3 {
		t.Errorf("%d live sessions, want 3", n)
	}
}
