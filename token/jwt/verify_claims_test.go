package jwttoken_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// iat, exp, user_id, ref_id and sid must be there with the right JSON types;
// what is not allowed is refused however the payload is laid out.
func TestRequiredClaims(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	valid := map[string]string{
		"iat": "1795435200", "exp": "1795435260", "user_id": `"user-42"`, "ref_id": `"` + testRef + `"`,
		"sid": `"abcdefgh234567abcdefgh234567abcdefgh2345"`,
	}
	accepts(t, tokens, hs256(t, ownHeader, payload(valid)), claims())

	notSeconds := []string{
		`"1795435200"`, `1795435200.0`, `1795435200.5`, `1.7954352e9`, `1795435200e0`, `-1`, `-0`, `253402300800`, `99999999999999999999`,
		`1e400`, `0x10`, `01`, `001795435200`, `+1`, `1_000`, ` `, `.5`, `5.`, `NaN`, `"2026-11-23T12:00:00Z"`, `18446744073709551617`,
	}
	notTexts := []string{`42`, `""`, `user-42`, `'user-42'`, "\"a\nb\"", "\"\xff\"", "\"\xed\xa0\x80\"", `"\ud800"`, `"a\uDFFFb"`, `"\udc00\ud800"`, `"\x41"`, `"\u12"`, `"open`}
	for i := range 16 {
		for _, c := range []string{"\x80", "\x9f", "\xff", "\x1f"} {
			notTexts = append(notTexts, `"`+strings.Repeat("a", i)+c+strings.Repeat("a", 16-i)+`"`)
		}
	}
	notUserIDs := []string{`"` + strings.Repeat("x", 256) + `"`, `"` + strings.Repeat("é", 128) + `"`, `"` + strings.Repeat(`\u0000`, 256) + `"`}
	notRefs := []string{
		`"6b1f7c1a92f54b3e8d5c0a4d8f7e2c11"`, `"{` + testRef + `}"`, `"urn:uuid:` + testRef + `"`,
		`"6b1f7c1a-92f5-4b3e-8d5c-0a4d8f7e2c1"`, `"6b1f7c1a-92f5-4b3e-8d5c-0a4d8f7e2c111"`, `" ` + testRef[1:] + `"`,
		`"6b1f7c1a-92f5-4b3e-8d5c-0a4d8f7e2c1g"`, `"6b1f7c1a_92f5-4b3e-8d5c-0a4d8f7e2c11"`, `"6b1f7c1a-92f5_4b3e-8d5c-0a4d8f7e2c11"`,
		`"6b1f7c1a-92f5-4b3e_8d5c-0a4d8f7e2c11"`, `"6b1f7c1a-92f5-4b3e-8d5c_0a4d8f7e2c11"`,
		`"00000000-0000-0000-0000-000000000000"`, `"ffffffff-ffff-ffff-ffff-ffffffffffff"`,
		`"6b1f7c1a-92f5-1b3e-8d5c-0a4d8f7e2c11"`, `"6b1f7c1a-92f5-7b3e-8d5c-0a4d8f7e2c11"`, // versions 1 and 7
		`"6b1f7c1a-92f5-4b3e-0d5c-0a4d8f7e2c11"`, `"6b1f7c1a-92f5-4b3e-cd5c-0a4d8f7e2c11"`, // other variants
	}
	bad := map[string][]string{
		"iat": notSeconds, "exp": notSeconds, "sid": notTexts,
		"user_id": slices.Concat(notTexts, notUserIDs), "ref_id": slices.Concat(notTexts, notRefs),
	}
	for name, values := range bad {
		for _, value := range slices.Concat(values, []string{`null`, `true`, `{}`, `[]`, `[` + valid[name] + `]`, ``}) {
			changed := with(valid, name, value)
			refuses(t, tokens, hs256(t, ownHeader, payload(changed)))
			refuses(t, tokens, hs256(t, ownHeader, " "+payload(changed)))
		}
		missing := with(valid, name, "")
		delete(missing, name)
		refuses(t, tokens, hs256(t, ownHeader, payload(missing)))
	}
}

// The limits themselves are allowed.
func TestClaimLimits(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	c := claims()
	c.IssuedAt, c.ExpiresAt = time.Unix(0, 0).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	c.UserID, c.SessionID = strings.Repeat("x", 255), "s"
	p := fmt.Sprintf(`{"iat":0,"exp":253402300799,"user_id":%q,"ref_id":%q,"sid":"s"}`, c.UserID, testRef)
	accepts(t, tokens, hs256(t, ownHeader, p), c)
	accepts(t, tokens, hs256(t, ownHeader, p+" "), c)
	accepts(t, tokens, sign(t, tokens, c), c)
	// The digits of a UUID are read in either case (RFC 9562 §4).
	upper := strings.Replace(ownPayload, testRef, strings.ToUpper(testRef), 1)
	accepts(t, tokens, hs256(t, ownHeader, upper), claims())
	accepts(t, tokens, hs256(t, ownHeader, upper+" "), claims())
}

// The payload is one JSON object in UTF-8.
func TestPayloadIsAnObject(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	open := strings.TrimSuffix(ownPayload, "}")
	for _, bad := range []string{
		``, `null`, `[]`, open + "]", open + ",", open + "\x00", `[` + ownPayload + `]`, `"a"`, `1`, `{}`, open, ownPayload + "}", ownPayload + "x", ownPayload + ownPayload,
		ownPayload + ",", open + ",}", open + `,"a"}`, open + `,"a":}`, open + `,"a":1,}`, open + `,,"a":1}`, open + `,a:1}`, open + `;"a":1}`,
		open + `,"a":1`, open + `,"a":01}`, open + `,"a":1.}`, open + `,"a":-}`, open + `,"a":1e}`, open + `,"a":1e+}`, open + `,"a":.1}`,
		open + `,"a":tru}`, open + `,"a":True}`, open + `,"a":nul`, open + `,"a":falsee}`, open + `,"a":[1,]}`, open + `,"a":[1 2]}`, open + `,"a":[}`,
		open + `,"a":[1}`, open + `,"a":{"b"}}`, open + `,"a":{"b":1,}}`, open + `,"a":{b:1}}`, open + `,"a":{"b":1]}`,
		open + `,"a":"\x"}`, open + `,"a":"\u00g0"}`, open + `,"a":"\u00"}`, open + `,"a":"\`, open + ",\"a\":\"\t\"}", open + ",\"a\":\"\tn\"}", open + `,"a":{"b"=1}}`, open + `,"a":"b}`,
		open + ",\"a\":\"\xc3\"}", open + ",\"a\xff\":1}", open + ",\"a\":\xa0 1}", "\ufeff" + ownPayload, "\x00" + ownPayload, ownPayload + "\x00",
		open + `,"a":` + strings.Repeat("[", 5000) + `}`,
	} {
		refuses(t, tokens, hs256(t, ownHeader, bad))
	}
}

// Two claims whose names are the same, or differ in case alone, are refused,
// and so is a name that is reserved but for its case (RFC 7519 §4).
func TestDuplicateClaims(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	open := strings.TrimSuffix(ownPayload, "}")
	for _, members := range []string{
		`"iat":1795435200`, `"exp":9999999999`, `"user_id":"root"`, `"ref_id":"` + testRef + `"`, `"sid":"x"`,
		`"User_ID":"root"`, `"EXP":9999999999`, `"ſid":"x"`, `"\u0065xp":1`, `"Iss":"x"`, `"AUD":"x"`, `"NBF":1`,
		`"a":1,"a":1`, `"a":1,"A":2`, `"a":1,"\u0061":2`, `"é":1,"É":2`, `"k":1,"\u212a":2`, `"":1,"":2`, `"\ud800":1,"\udfff":2`,
	} {
		refuses(t, tokens, hs256(t, ownHeader, open+","+members+"}"))
		refuses(t, tokens, hs256(t, ownHeader, "{"+members+","+ownPayload[1:]))
	}
	for _, name := range []string{"iat", "exp", "user_id", "ref_id", "sid"} {
		refuses(t, tokens, hs256(t, ownHeader, strings.Replace(ownPayload, name, strings.ToUpper(name), 1)))
	}
	// More names than anybody would compare one by one.
	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, `,"n%d":%d`, i, i)
	}
	c := claims()
	c.Extra = "{" + many.String()[1:] + "}"
	accepts(t, tokens, hs256(t, ownHeader, open+many.String()+"}"), c)
	refuses(t, tokens, hs256(t, ownHeader, open+many.String()+`,"N7":1}`))
}

// A token with nbf is refused, as nothing here judges times (RFC 7519 §4.1.5).
func TestNotBeforeIsRefused(t *testing.T) {
	open := strings.TrimSuffix(ownPayload, "}")
	refuses(t, tokensOf(t, "HS256"), hs256(t, ownHeader, open+`,"nbf":1}`))
}

// Whatever the order of the claims, the white space and the escapes, a token
// says the same.
func TestLayoutMeansNothing(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	random := rand.New(rand.NewPCG(1, 2))
	c := claims()
	c.UserID = "Łukasz \"x\" \\ \x00 😀\u2028"
	required := []string{
		`"iat":1795435200`, `"exp" : 1795435260`, `"user_id":"\u0141ukasz \"x\" \\ \u0000 \uD83D\uDE00\u2028"`,
		`"\u0072ef_id":"` + testRef + `"`, `"sid":"\u0061bcdefgh234567abcdefgh234567abcdefgh2345"`,
	}
	extras := []string{`"a":1.50`, `"b" : [ 1 , { "c" : null } ]`, `"\u00e9":"\/"`, `"c":12345678901234567890e-1`}
	compact := []string{`"a":1.50`, `"b":[1,{"c":null}]`, `"\u00e9":"\/"`, `"c":12345678901234567890e-1`}
	for range 200 {
		parts := append([]string(nil), required...)
		order := random.Perm(len(extras))
		var want []string
		at := 0
		for _, i := range order {
			at += random.IntN(len(parts) - at + 1)
			parts = append(parts[:at], append([]string{extras[i]}, parts[at:]...)...)
			at++
			want = append(want, compact[i])
		}
		c.Extra = "{" + strings.Join(want, ",") + "}"
		text := "{ " + strings.Join(parts, []string{",", " ,\n", "\t,\r"}[random.IntN(3)]) + "}"
		accepts(t, tokens, hs256(t, ownHeader, text), c)
	}
}

// With an issuer or an audience configured it is set in every token and
// required of every token; with none, a token for an audience is for somebody
// else (RFC 7519 §4.1.1, §4.1.3).
func TestIssuerAndAudience(t *testing.T) {
	key := newKey(t, "", "HS256", testKeys().secret)
	tokens := func(issuer, audience string) *jwttoken.Signer {
		return newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{key}, Issuer: issuer, Audience: audience})
	}
	neither, issuer, audience, both := tokens("", ""), tokens("me", ""), tokens("", "you"), tokens("me", "you")
	open := strings.TrimSuffix(ownPayload, "}")
	for _, c := range []struct {
		members                         string
		neither, issuer, audience, both bool
	}{
		{"", true, false, false, false},
		{`,"iss":"me"`, true, true, false, false},
		{`,"aud":"you"`, false, false, true, false},
		{`,"iss":"me","aud":"you"`, false, false, true, true},
		{`,"aud":"you","iss":"me"`, false, false, true, true},
		{`,"iss":"me","aud":["you"]`, false, false, true, true},
		{`,"iss":"me","aud":["others","you"]`, false, false, true, true},
		{`,"iss":"me","aud":["others"]`, false, false, false, false},
		{`,"iss":"me","aud":[]`, false, false, false, false},
		{`,"iss":"me","aud":null`, false, false, false, false},
		{`,"iss":"me","aud":["you",1]`, false, false, false, false},
		{`,"iss":"me","aud":["you",null]`, false, false, false, false},
		{`,"iss":"me","aud":[["you"]]`, false, false, false, false},
		{`,"iss":"me","aud":{"you":1}`, false, false, false, false},
		{`,"iss":"me","aud":"You"`, false, false, false, false},
		{`,"iss":"Me","aud":"you"`, false, false, true, false},
		{`,"iss":["me"],"aud":"you"`, false, false, false, false},
		{`,"iss":null,"aud":"you"`, false, false, false, false},
		{`,"iss":"","aud":""`, false, false, false, false},
	} {
		token := hs256(t, ownHeader, open+c.members+"}")
		for _, v := range []struct {
			tokens *jwttoken.Signer
			ok     bool
		}{{neither, c.neither}, {issuer, c.issuer}, {audience, c.audience}, {both, c.both}} {
			if v.ok {
				accepts(t, v.tokens, token, claims())
			} else {
				refuses(t, v.tokens, token)
			}
		}
	}
	if got, want := decode(t, sign(t, both, claims()), 1), open+`,"iss":"me","aud":"you"}`; got != want {
		t.Errorf("the payload is %s, want %s", got, want)
	}
	c := claims()
	c.Extra = `{"a":1}`
	strange := tokens("quote \" and \u2028", "\x00é")
	accepts(t, strange, sign(t, strange, c), c)
	for _, o := range []jwttoken.Options{{Issuer: "\xff"}, {Audience: "\xff"}} {
		o.Keys = []jwttoken.Key{key}
		if _, err := jwttoken.New(o); err == nil {
			t.Error("an issuer or audience that is not UTF-8 is no error")
		}
	}
}

// payload lays the claims out in the order in which Sign does.
func payload(claims map[string]string) string {
	var members []string
	for _, name := range []string{"iat", "exp", "user_id", "ref_id", "sid"} {
		if value, ok := claims[name]; ok {
			members = append(members, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

// with returns the claims with one of them changed.
func with(claims map[string]string, name, value string) map[string]string {
	changed := map[string]string{}
	for n, v := range claims {
		changed[n] = v
	}
	changed[name] = value
	return changed
}
