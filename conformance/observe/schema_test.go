package observe_test

import (
	"context"
	"errors"
	"log/slog"
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

// live takes a schema that is observed through every event and every end of a session but a
// denied one. It returns the text that no observer may tell: users, sessions, devices and
// tokens.
func live(ctx context.Context, t *testing.T, o observer) (private []string) {
	t.Helper()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	signer, err := jwttoken.HS256([]byte("32 random bytes, kept in a secret"))
	if err != nil {
		t.Fatal(err)
	}
	store := &failing{RefreshStore: memorystore.New()}
	schema, err := core.New(o.Store(store), signer, core.Config{
		Secret:      []byte("32 other random bytes, kept too!"),
		MaxSessions: 2,
		Hooks:       core.JoinHooks(core.Hooks{}, o.Hooks()),
		Logger:      slog.New(slog.DiscardHandler),
		Clock:       func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	keep := func(pair core.Tokens, err error) core.Tokens {
		if err != nil {
			t.Fatal(err)
		}
		private = append(private, pair.AccessToken, pair.RefreshToken, pair.Claims.SessionID)
		now = now.Add(time.Minute)
		return pair
	}
	login := func(replaces string) core.Tokens {
		return keep(schema.Login(ctx, "ada lovelace", core.LoginOptions{Device: "analytical engine", Replaces: replaces}))
	}
	refused := func(err, want error) {
		if !errors.Is(err, want) {
			t.Fatalf("the error is %v, want %v", err, want)
		}
	}

	first := login("")
	_, err = schema.Verify(ctx, first.AccessToken)
	refused(err, core.ErrAccessTokenExpired)
	next := keep(schema.Refresh(ctx, first.RefreshToken, first.AccessToken))
	keep(schema.Refresh(ctx, first.RefreshToken, first.AccessToken)) // a retry
	keep(schema.Refresh(ctx, next.RefreshToken, next.AccessToken))

	login("")
	_, err = schema.Refresh(ctx, first.RefreshToken, first.AccessToken)
	refused(err, core.ErrCompromised) // which ends both sessions

	evicted := login("")
	login("")
	replaced := login("") // the third session
	last := login(replaced.RefreshToken)
	if err := schema.Logout(ctx, last.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if n, err := schema.RevokeUser(ctx, "ada lovelace"); n != 1 || err != nil {
		t.Fatalf("RevokeUser = %d, %v, want 1 session", n, err)
	}

	store.err = errors.New("the disk of ada lovelace is full")
	_, err = schema.Refresh(ctx, evicted.RefreshToken, evicted.AccessToken)
	refused(err, core.ErrStoreUnavailable)
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
