package jwttoken_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A token has exactly three parts.
func TestThreeParts(t *testing.T) {
	for _, alg := range []string{"HS256", "ES256", "EdDSA", "RS256"} {
		tokens := tokensOf(t, alg)
		token := sign(t, tokens, claims())
		p := strings.Split(token, ".")
		for _, bad := range []string{
			"", ".", "..", "...", p[0], p[0] + ".", p[0] + "." + p[1], p[0] + "." + p[1] + ".", p[1] + "." + p[2],
			p[0] + "..", p[0] + ".." + p[2], "." + p[1] + "." + p[2], ".." + p[2],
			token + ".", "." + token, token + "." + p[2], p[0] + "." + p[1] + ".." + p[2], p[0] + "." + p[2],
			strings.ReplaceAll(token, ".", ""), strings.ReplaceAll(token, ".", ","), strings.ReplaceAll(token, ".", " "),
			strings.ReplaceAll(token, ".", "\x00"),
		} {
			refuses(t, tokens, bad)
		}
		// Signed with the right key, and still not three parts.
		refuses(t, tokens, forge(t, alg, p[0], p[1]+"."))
		refuses(t, tokens, forge(t, alg, p[0], p[1]+"."+p[1]))
		refuses(t, tokens, forge(t, alg, p[0], "."+p[1]))
		for _, header := range []string{p[0], encode(decode(t, token, 0) + " ")} {
			signed := func(text string) string {
				private, _ := keysOf(alg)
				return text + "." + encode(string(must(jwt.GetSigningMethod(alg).Sign(text, private))))
			}
			refuses(t, tokens, signed(header))
			refuses(t, tokens, signed(header+"."))
			refuses(t, tokens, signed(""))
			refuses(t, tokens, signed("."+header))
			accepts(t, tokens, signed(header+"."+p[1]), claims())
		}
	}
}

// A part is base64url without padding, line breaks or bits that mean nothing
// (RFC 7515 §2): a token has one text.
func TestStrictBase64(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	token := sign(t, tokens, claims())
	p := strings.Split(token, ".")
	damages := func(part string) []string {
		last := part[len(part)-1:]
		all := []string{
			part + "=", part + "==", part + "\n", part + "\r\n", "\n" + part, part[:4] + "\r\n" + part[4:], part[:5] + "\n" + part[5:],
			part[:3] + "\r\r\r\r" + part[3:], part + " ", " " + part, part + "\x00", part + "A", part + "AAAA",
			"+" + part[1:], "/" + part[1:], "*" + part[1:], "\xff" + part[1:],
		}
		// The bits behind the last byte.
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		if free := len(part) * 6 % 8; free > 0 {
			at := strings.Index(alphabet, last)
			all = append(all, part[:len(part)-1]+string(alphabet[at^1]))
		}
		return all
	}
	for _, bad := range append(damages(p[2]), p[2][:len(p[2])-1]) {
		refuses(t, tokens, p[0]+"."+p[1]+"."+bad)
	}
	for _, bad := range damages(p[1]) {
		refuses(t, tokens, forge(t, "HS256", p[0], bad))
		refuses(t, tokens, p[0]+"."+bad+"."+p[2])
	}
	for _, bad := range damages(p[0]) {
		refuses(t, tokens, forge(t, "HS256", bad, p[1]))
	}
	// Payloads of every length modulo 3.
	for _, payload := range []string{ownPayload, ownPayload + " ", ownPayload + "  "} {
		accepts(t, tokens, hs256(t, ownHeader, payload), claims())
		for _, bad := range damages(encode(payload)) {
			if got, err := tokens.Verify(forge(t, "HS256", encode(ownHeader), bad)); err == nil {
				t.Errorf("payload segment %q is accepted: %+v", bad, got)
			}
		}
	}
}

// No bit of a token can change.
func TestEveryByteIsProtected(t *testing.T) {
	for _, alg := range []string{"HS256", "EdDSA"} {
		tokens := tokensOf(t, alg)
		token := []byte(sign(t, tokens, claims()))
		for i := range token {
			for bit := range 8 {
				token[i] ^= 1 << bit
				refuses(t, tokens, string(token))
				token[i] ^= 1 << bit
			}
		}
		accepts(t, tokens, string(token), claims())
	}
}

// A longer text is refused before anything is decoded, and no longer token is
// made.
func TestLengthLimit(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	c := claims()
	overhead := len(sign(t, tokens, c))
	extra := func(n int) string { return `{"x":"` + strings.Repeat("x", n) + `"}` }
	longest := 0
	for n := (jwttoken.MaxTokenBytes-overhead)*3/4 - 16; ; n++ {
		c.Extra = extra(n)
		token, err := tokens.Sign(c)
		if err != nil {
			refusesToSign(t, tokens, c)
			break
		}
		accepts(t, tokens, token, c)
		longest = len(token)
	}
	if longest > jwttoken.MaxTokenBytes || longest < jwttoken.MaxTokenBytes-1 {
		t.Errorf("the longest token has %d bytes, the limit is %d", longest, jwttoken.MaxTokenBytes)
	}

	// Genuine tokens that are as long as can be, and one byte longer.
	of := func(length int) string {
		for spaces := range 4 {
			for n := length/2 - 200; n < length; n++ {
				header := encode(`{"alg":"HS256","typ":"at+jwt","x":"` + strings.Repeat("x", n) + `"}`)
				token := header + "." + encode(ownPayload+strings.Repeat(" ", spaces))
				if len(token)+44 == length {
					return forge(t, "HS256", header, strings.TrimPrefix(token, header+"."))
				}
			}
		}
		t.Fatalf("no token of %d bytes", length)
		return ""
	}
	accepts(t, tokens, of(jwttoken.MaxTokenBytes), claims())
	for _, long := range []string{of(jwttoken.MaxTokenBytes + 1), strings.Repeat("a", 1<<24)} {
		if err := refuses(t, tokens, long); err != nil && !strings.Contains(err.Error(), "at most 8192 bytes") {
			t.Errorf("a token of %d bytes is refused for another reason: %v", len(long), err)
		}
	}
}

// A token that has expired, or was issued in the future, is genuine all the
// same: a refresh needs the claims of an expired one.
func TestTimesAreNotJudged(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for _, seconds := range []int64{0, 1, 1 << 31, 253402300799} {
		c := claims()
		c.IssuedAt, c.ExpiresAt = time.Unix(seconds, 0).UTC(), time.Unix(seconds/2, 0).UTC()
		accepts(t, tokens, sign(t, tokens, c), c)
	}
}

// core judges them: a token is invalid from its exp on (RFC 7519 §4.1.4).
func TestTokenExpiresAtExp(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	c := claims()
	token := sign(t, tokens, c)
	var now time.Time
	verifier, err := core.NewVerifier(tokens, core.VerifierConfig{Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]error{-1: nil, 0: core.ErrAccessTokenExpired, time.Hour: core.ErrAccessTokenExpired} {
		now = c.ExpiresAt.Add(after)
		if _, err := verifier.Verify(context.Background(), token); !errors.Is(err, want) {
			t.Errorf("%v after exp: got error %v, want %v", after, err, want)
		}
	}
	now = c.IssuedAt
	if _, err := verifier.Verify(context.Background(), token+"x"); !errors.Is(err, core.ErrInvalidAccessToken) {
		t.Errorf("a damaged token: got error %v, want ErrInvalidAccessToken", err)
	}
}

// The signature is checked before any claim is looked at: with a wrong one
// nothing in the payload makes a difference.
func TestSignatureComesFirst(t *testing.T) {
	for _, alg := range algorithms {
		tokens := tokensOf(t, alg)
		good := strings.Split(sign(t, tokens, claims()), ".")
		want := refuses(t, tokens, good[0]+"."+encode(`{"iat":0}`)+"."+good[2])
		for _, header := range []string{good[0], encode(fmt.Sprintf(`{"typ":"at+jwt","alg":%q}`, alg))} {
			for _, p := range []string{ownPayload + " ", `{}`, `no JSON`, `{"exp":"x"}`, "\xff", ``} {
				if got := refuses(t, tokens, header+"."+encode(p)+"."+good[2]); got.Error() != want.Error() {
					t.Errorf("%s: payload %q with a wrong signature gets %q, another gets %q", alg, p, got, want)
				}
			}
			if got := refuses(t, tokens, header+".!!."+good[2]); got.Error() != want.Error() {
				t.Errorf("%s: no base64 with a wrong signature gets %q, another payload gets %q", alg, got, want)
			}
		}
	}
}

// A token whose kid no key has is ErrUnknownKey: its key may be a newer one.
func TestUnknownKey(t *testing.T) {
	k := testKeys()
	old := newKey(t, "2026-05", "EdDSA", k.ed25519)
	newest := newKey(t, "2026-11", "ES256", k.p256)
	before := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{old}})
	after := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newest, old}})
	verifier := must(jwttoken.NewVerifier(jwttoken.Options{Keys: must(jwttoken.ParseJWKS(get(t, before.JWKS()).Body.Bytes()))}))
	token := sign(t, after, claims())
	for _, v := range []core.TokenVerifier{before, verifier, tokensOf(t, "EdDSA")} {
		err := refuses(t, v, token)
		if !errors.Is(err, jwttoken.ErrUnknownKey) {
			t.Errorf("got error %v, want ErrUnknownKey", err)
		}
		if strings.Contains(err.Error(), "2026") {
			t.Errorf("the error shows the kid: %v", err)
		}
	}
	_, err := must(core.NewVerifier(verifier, core.VerifierConfig{})).Verify(context.Background(), token)
	if !errors.Is(err, core.ErrInvalidAccessToken) || !errors.Is(err, jwttoken.ErrUnknownKey) {
		t.Errorf("from core: got error %v", err)
	}
	verifier = must(jwttoken.NewVerifier(jwttoken.Options{Keys: must(jwttoken.ParseJWKS(get(t, after.JWKS()).Body.Bytes()))}))
	accepts(t, verifier, token, claims())
	accepts(t, verifier, sign(t, before, claims()), claims())
}

// Whatever is refused for its form or by a key that is there is not ErrUnknownKey: no
// other key could make it genuine.
func TestUnknownKeyIsTheLastReason(t *testing.T) {
	tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "a", "HS256", testKeys().secret)}})
	header := func(members string) string { return `{"alg":"HS256","typ":"at+jwt",` + members + `}` }
	unknown := hs256(t, header(`"kid":"b"`), ownPayload)
	parts := strings.Split(unknown, ".")
	for name, token := range map[string]string{
		"genuine of another key":   unknown,
		"of another signature":     parts[0] + "." + parts[1] + "." + encode("x"),
		"of another algorithm":     encode(`{"alg":"ES512","typ":"at+jwt","kid":"b"}`) + "." + parts[1] + "." + parts[2],
		"of no claims":             hs256(t, header(`"kid":"b"`), "{}"),
		"of the longest kid":       hs256(t, header(`"kid":"`+strings.Repeat("b", 255)+`"`), ownPayload),
		"of a kid in another case": hs256(t, header(`"kid":"A"`), ownPayload),
		"of a long payload":        parts[0] + "." + strings.Repeat("A", 8000) + "." + parts[2],
	} {
		if err := refuses(t, tokens, token); !errors.Is(err, jwttoken.ErrUnknownKey) {
			t.Errorf("%s: got error %v, want ErrUnknownKey", name, err)
		}
	}
	for name, token := range map[string]string{
		"oversized":                   parts[0] + "." + strings.Repeat("A", jwttoken.MaxTokenBytes) + "." + parts[2],
		"one part":                    parts[0],
		"two parts":                   parts[0] + "." + parts[1],
		"four parts":                  unknown + ".AAAA",
		"an empty fourth part":        unknown + ".",
		"no signature":                parts[0] + "." + parts[1] + ".",
		"no payload":                  parts[0] + ".." + parts[2],
		"a payload with padding":      parts[0] + "." + parts[1] + "=." + parts[2],
		"a payload with a line break": parts[0] + "." + parts[1] + "\n." + parts[2],
		"a signature with padding":    unknown + "=",
		"a signature with bits":       parts[0] + "." + parts[1] + ".AB",
		"a header with padding":       parts[0] + "=." + parts[1] + "." + parts[2],
		"a header that is no JSON":    hs256(t, header(`"kid":"b"`)+"x", ownPayload),
		"a kid twice":                 hs256(t, header(`"kid":"b","kid":"c"`), ownPayload),
		"an empty kid":                hs256(t, header(`"kid":""`), ownPayload),
		"a kid that is null":          hs256(t, header(`"kid":null`), ownPayload),
		"a kid that is a number":      hs256(t, header(`"kid":1`), ownPayload),
		"a kid of 256 bytes":          hs256(t, header(`"kid":"`+strings.Repeat("b", 256)+`"`), ownPayload),
		"half a surrogate in the kid": hs256(t, header(`"kid":"\ud800"`), ownPayload),
		"no kid":                      hs256(t, `{"alg":"HS256","typ":"at+jwt"}`, ownPayload),
		"crit":                        hs256(t, header(`"kid":"b","crit":["x"]`), ownPayload),
		"a key in the header":         hs256(t, header(`"kid":"b","jwk":{}`), ownPayload),
		"another type":                hs256(t, `{"alg":"HS256","typ":"JWT","kid":"b"}`, ownPayload),
		"no algorithm":                hs256(t, `{"typ":"at+jwt","kid":"b"}`, ownPayload),
		"the algorithm none":          encode(`{"alg":"none","typ":"at+jwt","kid":"b"}`) + "." + parts[1] + "." + parts[2],
		"an unknown algorithm":        hs256(t, `{"alg":"HS257","typ":"at+jwt","kid":"b"}`, ownPayload),
		"another key's algorithm":     forge(t, "ES256", encode(`{"alg":"ES256","typ":"at+jwt","kid":"a"}`), encode(ownPayload)),
		"another key's signature":     signWith(t, "HS256", header(`"kid":"a"`), []byte("another secret")),
		"claims that are missing":     hs256(t, header(`"kid":"a"`), "{}"),
	} {
		if err := refuses(t, tokens, token); errors.Is(err, jwttoken.ErrUnknownKey) {
			t.Errorf("%s: got error %v, which matches ErrUnknownKey", name, err)
		}
	}
}

func TestErrorsSayWhatIsWrongWithTheFormOfAToken(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	unknown := encode(`{"alg":"HS256","typ":"at+jwt","kid":"unknown"}`)
	for _, test := range []struct{ token, want string }{
		{unknown + "." + encode(ownPayload), "three parts"},
		{unknown + "." + encode(ownPayload) + ".AAAA.AAAA", "three parts"},
		{unknown + "." + encode(ownPayload) + ".", "base64url"},
		{forge(t, "HS256", encode(decode(t, sign(t, tokens, claims()), 0)), "!"), "base64url"},
	} {
		if err := refuses(t, tokens, test.token); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error about %s", test.token, err, test.want)
		}
	}
}
