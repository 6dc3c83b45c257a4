package bench

import (
	"testing"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// BenchmarkVerifiedCache measures Schema.Verify of a token that was seen before,
// with Config.VerifiedCache and without.
func BenchmarkVerifiedCache(b *testing.B) {
	tokens := tokensOf(b)(jwttoken.HS256(random(32)))
	for _, bench := range []struct {
		name string
		size int
	}{{"Off", 0}, {"On", 1000}} {
		b.Run(bench.name, func(b *testing.B) {
			schema, err := core.New(memorystore.New(), tokens, core.Config{Secret: random(32), VerifiedCache: bench.size})
			if err != nil {
				b.Fatal(err)
			}
			pair, err := schema.Login(b.Context(), "ada", core.LoginOptions{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := schema.Verify(b.Context(), pair.AccessToken); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
