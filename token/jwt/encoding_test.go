package jwttoken_test

import (
	"strings"
	"testing"

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
		if err := refuses(t, tokens, long); err != nil && !strings.Contains(err.Error(), "too long") {
			t.Errorf("a token of %d bytes is refused for another reason: %v", len(long), err)
		}
	}
}
