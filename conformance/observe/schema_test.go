package observe_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// observer is what both observers are.
type observer interface {
	Hooks() core.Hooks
	Store(core.RefreshStore) core.RefreshStore
}

// live has a schema that is observed live through a login, a refresh, a retry, a rejection, a
// compromise, another login, a logout and a failing store, and returns the text that no
// observer may tell: users, sessions, devices and tokens.
func live(ctx context.Context, t *testing.T, o observer) (private []string) {
	t.Helper()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tokens, err := jwttoken.HS256([]byte("32 random bytes, kept in a secret"))
	if err != nil {
		t.Fatal(err)
	}
	store := &failing{RefreshStore: memorystore.New()}
	schema, err := core.New(o.Store(store), tokens, core.Config{
		Secret: []byte("32 other random bytes, kept too!"),
		Hooks:  core.JoinHooks(core.Hooks{}, o.Hooks()),
		Clock:  func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	login := func() core.Tokens {
		pair, err := schema.Login(ctx, "ada lovelace", core.LoginOptions{Device: "analytical engine"})
		if err != nil {
			t.Fatal(err)
		}
		private = append(private, pair.AccessToken, pair.RefreshToken, pair.Claims.SessionID)
		return pair
	}
	refresh := func(pair core.Tokens, want error) {
		if _, err := schema.Refresh(ctx, pair.RefreshToken, pair.AccessToken); !errors.Is(err, want) {
			t.Fatalf("Refresh = %v, want %v", err, want)
		}
	}
	first := login()
	now = now.Add(time.Minute)
	schema.Verify(ctx, first.AccessToken) // has expired
	refresh(first, nil)
	refresh(first, nil) // a retry
	now = now.Add(time.Minute)
	refresh(first, core.ErrCompromised)
	second := login()
	schema.Logout(ctx, second.RefreshToken)
	now = now.Add(time.Minute)
	store.err = errors.New("the disk of ada lovelace is full")
	refresh(second, core.ErrStoreUnavailable)
	return append(private, "ada lovelace", "analytical engine")
}

// failing is a store whose exchanges fail.
type failing struct {
	core.RefreshStore
	err error
}

func (s *failing) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	if s.err != nil {
		return core.Record{}, s.err
	}
	return s.RefreshStore.Exchange(ctx, x)
}
