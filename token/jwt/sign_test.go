package jwttoken_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// The payload is laid out as the package documentation says.
func TestPayloadLayout(t *testing.T) {
	tokens := newTokens(t, jwttoken.Options{
		Keys: []jwttoken.Key{newKey(t, "k", "HS256", testKeys().secret)}, Issuer: "https://id.example.com", Audience: "api", Type: "JWT",
	})
	c := claims()
	c.Extra = `{"role":"admin","n":1.0}`
	token := sign(t, tokens, c)
	if got, want := decode(t, token, 0), `{"alg":"HS256","typ":"JWT","kid":"k"}`; got != want {
		t.Errorf("the header is %s, want %s", got, want)
	}
	want := strings.TrimSuffix(ownPayload, "}") + `,"iss":"https://id.example.com","aud":"api","role":"admin","n":1.0}`
	if got := decode(t, token, 1); got != want {
		t.Errorf("the payload is\n%s, want\n%s", got, want)
	}
}

// Verify returns what Sign was given: the application's claims byte for byte.
func TestRoundTripOfExtra(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for _, extra := range []string{
		``, `{"a":1}`, `{"a":1.0,"b":1e400,"c":-0.0,"d":12345678901234567890,"e":1E+2,"f":0,"g":-0}`,
		`{"":""}`, `{"a":{},"b":[]}`, `{"a":{"a":{"A":1,"a":2}}}`, `{"a":[[],[[]],{"iat":1}]}`,
		`{"a":"\u00e9\/\n\\\"\ud83d\ude00","b":"é/😀` + "\u2028" + `"}`, `{"\u0061":1}`, `{"é":1}`, `{"a\"b":1}`,
		`{"a":"\ud800"}`, `{"a":true,"b":false,"c":null}`, `{"sub":"x","jti":"y","iss2":"z"}`,
		`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		`{"long":"` + strings.Repeat("x", 1000) + `"}`,
	} {
		c := claims()
		c.Extra = extra
		accepts(t, tokens, sign(t, tokens, c), c)
	}
}

// White space between JSON tokens goes, and so does an object without members;
// nothing else does.
func TestExtraIsCompacted(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for extra, want := range map[string]string{
		"{}": "", " { } ": "", " {\"a\" : \"b c\" ,\n\t\"d\":[ 1 , 2 ] }\r\n": `{"a":"b c","d":[1,2]}`,
		`{"a":1}` + strings.Repeat(" ", 10000): `{"a":1}`,
	} {
		c := claims()
		c.Extra = extra
		token := sign(t, tokens, c)
		c.Extra = want
		accepts(t, tokens, token, c)
	}
}

// The application's claims can't take a reserved name, nor one name twice, and
// are a JSON object: anything else is an error at issue, never a silent loss.
func TestExtraThatIsRefused(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	for _, extra := range []string{
		`{"iat":1}`, `{"exp":9999999999}`, `{"nbf":1}`, `{"iss":"x"}`, `{"aud":"x"}`, `{"user_id":"root"}`, `{"ref_id":"x"}`, `{"sid":"x"}`,
		`{"a":1,"exp":1}`, `{"EXP":1}`, `{"User_Id":"root"}`, `{"\u0065xp":1}`, `{"ſid":"x"}`, `{ "sid":"x"}`,
		`{"a":1,"a":1}`, `{"a":1,"A":1}`, `{"a":1,"\u0061":1}`, `{"é":1,"É":1}`, `{"s":1,"ſ":1}`,
		`null`, `[]`, `1`, `"a"`, `true`, ` `, `{`, `}`, `{"a"}`, `{"a":}`, `{"a":1}}`, `{"a":1}{"b":1}`, `{"a":1},"exp":1,{"b":1}`, `{"a":01}`,
		`{"a":1,}`, `{a:1}`, `["a":1}`, `,"a":1}`, `{'a':1}`, "{\"a\":\"\xff\"}", "{\"\xff\":1}", "{\"a\":\"\n\"}", "\ufeff{}", "{\"a\":1}\x00",
		`{"a":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
		`{"a":"` + strings.Repeat("x", jwttoken.MaxTokenBytes) + `"}`,
	} {
		c := claims()
		c.Extra = extra
		refusesToSign(t, tokens, c)
	}
}

// Claims that no token can carry are an error at issue.
func TestClaimsThatAreRefused(t *testing.T) {
	tokens := tokensOf(t, "EdDSA")
	for what, change := range map[string]func(*core.Claims){
		"no claims":                  func(c *core.Claims) { *c = core.Claims{} },
		"no user":                    func(c *core.Claims) { c.UserID = "" },
		"user of 256 bytes":          func(c *core.Claims) { c.UserID = strings.Repeat("x", 256) },
		"user that is not UTF-8":     func(c *core.Claims) { c.UserID = "a\xffb" },
		"user with half a pair":      func(c *core.Claims) { c.UserID = "\xed\xa0\x80" },
		"no reference":               func(c *core.Claims) { c.Ref = core.Ref{} },
		"reference of version 7":     func(c *core.Claims) { c.Ref = core.Ref(must(uuid.NewV7())) },
		"reference of a variant":     func(c *core.Claims) { c.Ref[8] = 0xc0 },
		"no session":                 func(c *core.Claims) { c.SessionID = "" },
		"session that is not UTF-8":  func(c *core.Claims) { c.SessionID = "\xff" },
		"session of a megabyte":      func(c *core.Claims) { c.SessionID = strings.Repeat("x", 1<<20) },
		"no time of issue":           func(c *core.Claims) { c.IssuedAt = time.Time{} },
		"no expiry":                  func(c *core.Claims) { c.ExpiresAt = time.Time{} },
		"issued in 1969":             func(c *core.Claims) { c.IssuedAt = time.Unix(-1, 0) },
		"expires in 10000":           func(c *core.Claims) { c.ExpiresAt = time.Unix(253402300800, 0) },
		"fraction of a second":       func(c *core.Claims) { c.IssuedAt = c.IssuedAt.Add(1) },
		"fraction of another second": func(c *core.Claims) { c.ExpiresAt = c.ExpiresAt.Add(time.Second - 1) },
	} {
		c := claims()
		change(&c)
		t.Run(what, func(t *testing.T) { refusesToSign(t, tokens, c) })
	}
	// A moment is the same in every time zone.
	c := claims()
	c.IssuedAt = c.IssuedAt.In(time.FixedZone("", 3600))
	accepts(t, tokens, sign(t, tokens, c), claims())
}

// Any user id of valid UTF-8 comes back exactly.
func TestRoundTripOfUserIDs(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	check := func(userID string) {
		t.Helper()
		c := claims()
		c.UserID = userID
		c.Extra = `{"a":1}`
		accepts(t, tokens, sign(t, tokens, c), c)
		c.SessionID = userID
		accepts(t, tokens, sign(t, tokens, c), c)
	}
	for _, userID := range []string{
		"a", "\x00", `"`, `\`, `\"`, `\u0041`, `\ud800`, "\u2028\u2029", "<script>&", "\x7f", " a ", "a\n", "\ufffd", `\ud800` + "\ufffd",
		"e\u0301", "é", "😀", "\U0010ffff", "\ufeff", `","ref_id":"x`, `"}`, "日本語", strings.Repeat("\x00", 255), strings.Repeat(`"`, 255),
	} {
		check(userID)
	}
	random := rand.New(rand.NewPCG(3, 4))
	alphabet := []rune("ab\"\\\x00\x1f\x7f/ué\u2028\ufffd😀")
	for range 2000 {
		var b strings.Builder
		for range 1 + random.IntN(40) {
			b.WriteRune(alphabet[random.IntN(len(alphabet))])
		}
		check(b.String())
	}
}

// What json.Marshal makes of the application's claims comes back byte for byte.
func TestRoundTripOfMarshalledClaims(t *testing.T) {
	tokens := tokensOf(t, "HS256")
	random := rand.New(rand.NewPCG(5, 6))
	var value func(depth int) any
	value = func(depth int) any {
		switch n := random.IntN(7); {
		case n == 0:
			return nil
		case n == 1:
			return random.IntN(2) == 0
		case n == 2:
			return random.Int64()
		case n == 3:
			return random.NormFloat64() * 1e20
		case n == 4 || depth == 0:
			return string([]rune("<é\"\\\x01\u2028😀 z")[:random.IntN(9)])
		case n == 5:
			list := make([]any, random.IntN(4))
			for i := range list {
				list[i] = value(depth - 1)
			}
			return list
		}
		object := map[string]any{}
		for range random.IntN(4) {
			object[string(rune('a'+random.IntN(26)))] = value(depth - 1)
		}
		return object
	}
	for range 2000 {
		object := map[string]any{}
		for range 1 + random.IntN(20) {
			object["x"+string(rune('a'+random.IntN(26)))] = value(3)
		}
		c := claims()
		c.Extra = string(must(json.Marshal(object)))
		accepts(t, tokens, sign(t, tokens, c), c)
	}
}

// Tokens are safe for concurrent use: no call sees another's claims.
func TestConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for _, alg := range []string{"HS256", "HS512", "EdDSA"} {
		tokens := tokensOf(t, alg)
		for i := range 8 {
			wg.Go(func() {
				c := claims()
				c.UserID = strings.Repeat(string(rune('a'+i)), 1+i*30)
				c.Extra = `{"i":"` + c.UserID + `"}`
				for range 100 {
					accepts(t, tokens, sign(t, tokens, c), c)
					refuses(t, tokens, "x"+c.UserID)
				}
			})
		}
	}
	wg.Wait()
}

// refusesToSign fails the test unless Sign returns ErrClaims and no token.
func refusesToSign(t testing.TB, tokens *jwttoken.Signer, c core.Claims) {
	t.Helper()
	token, err := tokens.Sign(c)
	if !errors.Is(err, jwttoken.ErrClaims) || !errors.Is(err, core.ErrInvalidClaims) {
		t.Errorf("got error %v, want ErrClaims and ErrInvalidClaims", err)
	}
	if token != "" {
		t.Error("got a token with the error")
	}
	for _, secret := range []string{c.UserID, c.SessionID, c.Extra} {
		if err != nil && len(secret) > 6 && strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells the claims: %v", err)
		}
	}
}
