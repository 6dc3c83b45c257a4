package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// BenchmarkRefresh measures a refresh on stores of different sizes, round robin
// over up to 1000 sessions spread among them. Its floor is Sign: the part that
// no store changes.
func BenchmarkRefresh(b *testing.B) {
	tokens, err := jwttoken.HS256(random(32))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Sign", func(b *testing.B) {
		now := time.Now().Truncate(time.Second)
		claims := core.Claims{
			UserID: "user 1", Ref: core.Ref{6: 0x40, 8: 0x80}, SessionID: core.NewRecordID("user 1"),
			IssuedAt: now, ExpiresAt: now.Add(time.Minute),
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := tokens.Sign(claims); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, idle := range []time.Duration{0, 24 * time.Hour * 365 * 20} {
		for _, records := range []int{1, 1_000, 1_000_000} {
			b.Run(fmt.Sprintf("idle=%t/records=%d", idle != 0, records), func(b *testing.B) {
				benchmarkRefresh(b, tokens, idle, records)
			})
		}
	}
}

func benchmarkRefresh(b *testing.B, tokens core.TokenSigner, idle time.Duration, records int) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	schema, err := core.New(memorystore.New(), tokens, core.Config{
		Secret: random(32),
		// Each refresh finds its access token expired, and none its session.
		AccessTokenDuration:  time.Second,
		RefreshTokenDuration: 100 * 365 * 24 * time.Hour,
		IdleTimeout:          idle,
		Clock:                func() time.Time { return now },
	})
	if err != nil {
		b.Fatal(err)
	}
	pairs := make([]core.Tokens, 0, 1000)
	every := max(1, records/cap(pairs))
	for i := range records {
		pair, err := schema.Login(b.Context(), fmt.Sprint("user ", i), core.LoginOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if i%every == 0 && len(pairs) < cap(pairs) {
			pairs = append(pairs, pair)
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		now = now.Add(time.Second)
		pair := &pairs[i%len(pairs)]
		if *pair, err = schema.Refresh(b.Context(), pair.RefreshToken, pair.AccessToken); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
