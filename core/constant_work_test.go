package core_test

import (
	"encoding/base64"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// What is as long as a refresh token costs the same until its MAC has been checked,
// whatever it says and wherever it is damaged: it is decoded as a whole, the MAC is made of
// the whole under the key of every secret, also after one has fitted, and compared
// as a whole ([hmac.Equal]). Before that nothing of what it says is looked at, and the
// store is not asked. So neither the work nor the time tells which sessions there
// are, how much of a guess is right, or which secret made a token. That is how it is
// written; what can be measured without a clock is what it allocates.

// guesses returns texts that are as long as a refresh token and are none.
func guesses(t testing.TB, genuine string) map[string]string {
	t.Helper()
	stranger, _ := blank(t, core.Config{Secret: otherKey})
	pair, err := stranger.Login(t.Context(), "ada", core.LoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	damaged := func(at int) string {
		sealed, err := base64.RawURLEncoding.DecodeString(genuine)
		if err != nil {
			t.Fatal(err)
		}
		sealed[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(sealed)
	}
	return map[string]string{
		"Unknown":     pair.RefreshToken,
		"Version":     damaged(0),
		"Flags":       damaged(1),
		"ID":          damaged(2),
		"Deadline":    damaged(66),
		"MACFirst":    damaged(67),
		"MACLast":     damaged(98),
		"AllTheSame":  base64.RawURLEncoding.EncodeToString(make([]byte, 99)),
		"OtherSecret": forgeries(t, 2)[1],
	}
}

// twoSecrets returns a schema that knows two secrets, and a token of each.
func twoSecrets(t testing.TB) (s *core.Schema, present, earlier string) {
	t.Helper()
	token := func(s *core.Schema) string {
		pair, err := s.Login(t.Context(), "ada", core.LoginOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return pair.RefreshToken
	}
	before := []byte("a secret before it, of 32 bytes.")
	old, _ := blank(t, core.Config{Secret: before})
	s, _ = blank(t, core.Config{PreviousSecrets: [][]byte{before}})
	return s, token(s), token(old)
}

func TestEveryGuessCostsTheSame(t *testing.T) {
	s, present, earlier := twoSecrets(t)
	costs := func(text string) [2]uint64 {
		bytes, allocations := allocated(50, func() { s.Compromised(t.Context(), text, "") })
		return [2]uint64{allocations, bytes}
	}
	want := costs(guesses(t, present)["MACLast"])
	for name, text := range guesses(t, present) {
		if got := costs(text); got != want {
			t.Errorf("%s costs %d allocations and bytes, want %d", name, got, want)
		}
	}
	// The first key fits the one, the last the other.
	if one, other := costs(present), costs(earlier); one != other {
		t.Errorf("a token of the present secret costs %d allocations and bytes, one of the earlier %d", one, other)
	}
}

// BenchmarkGuess measures the refusal of what is as long as a refresh token, side by side
// with a text of another length and with genuine tokens, which the store is asked for.
func BenchmarkGuess(b *testing.B) {
	s, present, earlier := twoSecrets(b)
	texts := guesses(b, present)
	texts["Short"], texts["GenuineOfThePresentSecret"], texts["GenuineOfTheEarlier"] = present[1:], present, earlier
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Compromised(b.Context(), text, "")
			}
		})
	}
}
