package oauth2_test

import (
	"net/http"
	"net/url"
	"testing"

	"golang.org/x/oauth2"
)

// revoke sends a token to the revocation endpoint and returns the status.
func (s *server) revoke(token string) int {
	s.t.Helper()
	res, err := http.PostForm(s.url+"/revoke", url.Values{"token": {token}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestRevocationEndsTheSessionOfAClient(t *testing.T) {
	for name, which := range map[string]func(*oauth2.Token) string{
		"the refresh token": func(t *oauth2.Token) string { return t.RefreshToken },
		"the access token":  func(t *oauth2.Token) string { return t.AccessToken },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, nil)
			token := s.logIn("ada")
			client := s.client(token)
			s.expire()
			s.get(client) // the token revoked is the one before the client's last

			s.store.down.Store(true)
			if status := s.revoke(which(token)); status != 503 {
				t.Errorf("with the store down: %d", status)
			}
			s.store.down.Store(false)
			for range 2 {
				if status := s.revoke(which(token)); status != 200 {
					t.Errorf("the status is %d", status)
				}
			}
			s.refused(client, 400, "invalid_grant")
			if s.compromises.Load() != 0 || s.live("ada") != 0 {
				t.Errorf("%d compromises, %d live sessions", s.compromises.Load(), s.live("ada"))
			}
		})
	}
}

// The access token goes on until it expires, except where the store is asked.
func TestRevocationCountsAtOnceWhereTheSessionIsRequired(t *testing.T) {
	s := newServer(t, nil)
	token := s.logIn("ada")
	if status := s.revoke(token.RefreshToken); status != 200 {
		t.Errorf("the status is %d", status)
	}
	bare := oauth2.NewClient(t.Context(), oauth2.StaticTokenSource(token))
	for path, want := range map[string]int{"/me": 200, "/account": 401} {
		res, err := bare.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, res.StatusCode, want)
		}
	}
}
