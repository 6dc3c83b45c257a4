package jwttoken_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// allocated returns how many bytes a call allocates, at the least of some: what runs
// beside it, and pools that are empty, can only add to it.
func allocated(call func()) uint64 {
	least := ^uint64(0)
	for range 10 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		call()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

func TestATokenThatIsTooLongCostsNoMemory(t *testing.T) {
	const n = 1 << 20
	for _, alg := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		tokens := tokensOf(t, alg)
		token := sign(t, tokens, claims())
		header, rest, _ := strings.Cut(token, ".")
		payload, signature, _ := strings.Cut(rest, ".")
		long := strings.Repeat("A", n)
		for name, text := range map[string]string{
			"one letter":       long,
			"dots":             strings.Repeat(".", n),
			"a long header":    long + "." + rest,
			"a long payload":   header + "." + long + "." + signature,
			"a long signature": header + "." + payload + "." + long,
			"a longer token":   token + long,
			"one byte more":    (token + long)[:jwttoken.MaxTokenBytes+1],
		} {
			refuses(t, tokens, text)
			if cost := allocated(func() { tokens.Verify(text) }); cost > 1<<10 {
				t.Errorf("%s: %s costs %d bytes", alg, name, cost)
			}
		}
	}
}

// What a token that nobody signed may cost is the price of reading its header: the
// payload is looked at when the signature has been checked.
func TestAForgeryCostsAFewTimesItsLength(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	room := (jwttoken.MaxTokenBytes - 400) * 3 / 4
	fill := func(begin, again, end string) string {
		return begin + strings.Repeat(again, (room-len(begin)-len(end))/len(again)) + end
	}
	many := names(room / 8) // of 8 bytes each
	deep := strings.Repeat(`{"":`, room/5-10) + "0" + strings.Repeat("}", room/5-10)
	signature := "." + encode(strings.Repeat("x", 32))
	forgeries := map[string]string{
		"a header of many names":    encode(`{"alg":"HS256","typ":"at+jwt"`+many+"}") + "." + encode(ownPayload) + signature,
		"a header of one name":      encode(fill(`{"alg":"HS256","typ":"at+jwt"`, `,"a":1`, "}")) + "." + encode(ownPayload) + signature,
		"a header that is deep":     encode(`{"alg":"HS256","typ":"at+jwt","a":`+deep+"}") + "." + encode(ownPayload) + signature,
		"a header that is not shut": encode(fill(`{"a":`, "[", "")) + "." + encode(ownPayload) + signature,
		"a header of one string":    encode(fill(`{"a":"`, `\u0061`, `"}`)) + "." + encode(ownPayload) + signature,
	}
	for layout, header := range map[string]string{"": encode(ownHeader), " behind a header of another layout": encode(`{"typ":"at+jwt","alg":"HS256"}`)} {
		for name, payload := range map[string]string{
			"of many names":   encode("{" + many[1:] + "}"),
			"that is deep":    encode(`{"a":` + deep + "}"),
			"of many arrays":  encode(fill(`{"a":[0`, ",[]", "]}")),
			"of many objects": encode(fill(`{"a":[0`, `,{"":0}`, "]}")),
			"of one string":   encode(fill(`{"a":"`, `\u0061`, `"}`)),
			"that is no JSON": strings.Repeat("A", room),
		} {
			forgeries["a payload "+name+layout] = header + "." + payload + signature
		}
	}
	for name, text := range forgeries {
		if len(text) > jwttoken.MaxTokenBytes {
			t.Fatalf("%s: %d bytes", name, len(text))
		}
		refuses(t, tokens, text)
		cost := allocated(func() { tokens.Verify(text) })
		if cost > 32*jwttoken.MaxTokenBytes {
			t.Errorf("%s: a token of %d bytes costs %d", name, len(text), cost)
		}
	}
}

// The claims of a token are kept for longer than the token, which may be part of a whole
// header.
func TestClaimsKeepNoToken(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	c := claims()
	c.Extra = `{"role":"admin"}`
	own := sign(t, tokens, c)
	other := hs256(t, ownHeader, strings.Replace(ownPayload, "{", `{"role":"admin",`, 1))
	for name, token := range map[string]string{"a token of ours": own, "another": other} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var kept []core.Claims
		for range 100 {
			header := "Bearer " + token + strings.Repeat(" ", 1<<18)
			kept = append(kept, must(tokens.Verify(header[7:7+len(token)])))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
			t.Errorf("the claims of %d times %s keep %d bytes", len(kept), name, grown)
		}
		runtime.KeepAlive(kept)
	}
}
