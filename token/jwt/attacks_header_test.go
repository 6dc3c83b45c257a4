package jwttoken_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A header's kid picks one of the keys and nothing else: no file, no row, no URL
// (RFC 8725 §3.10). The attacker hopes for a key that he knows: an empty file, a
// value that he selects.
func TestAttacksThroughTheKID(t *testing.T) {
	tokens := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newKey(t, "2026", "HS256", testKeys().secret)}})
	honest := sign(t, tokens, claims())
	var attacks []attack
	for name, kid := range map[string]string{
		"path":                  `"../../../../dev/null"`,
		"absolute path":         `"/proc/sys/kernel/randomize_va_space"`,
		"path of Windows":       `"C:\\Windows\\win.ini"`,
		"path with NUL":         `"/dev/null\u0000.pem"`,
		"SQL":                   `"x' UNION SELECT 'known';--"`,
		"SQL that is true":      `"2026' OR '1'='1"`,
		"NoSQL":                 `{"$ne":null}`,
		"LDAP":                  `"*)(kid=*"`,
		"command":               "\"2026`curl http://example.com`\"",
		"template":              `"{{2026}}"`,
		"URL":                   `"http://169.254.169.254/latest/meta-data"`,
		"data URL":              `"data:;base64,a25vd24="`,
		"line break":            `"2026\r\nX-Header: 1"`,
		"NUL behind":            `"2026\u0000"`,
		"space behind":          `"2026 "`,
		"space in front":        `" 2026"`,
		"leading zero":          `"02026"`,
		"full-width digits":     `"２０２６"`,
		"zero-width character":  `"2026\u200b"`,
		"half a surrogate":      `"2026\ud800"`,
		"very long":             `"` + strings.Repeat("2026", 1000) + `"`,
		"empty":                 `""`,
		"null":                  `null`,
		"number":                `2026`,
		"fraction":              `2026.0`,
		"boolean":               `true`,
		"array":                 `["2026"]`,
		"object":                `{"kid":"2026"}`,
		"twice":                 `"2026","kid":"other"`,
		"twice, the right last": `"other","kid":"2026"`,
		"twice in another case": `"2026","KID":"other"`,
		"twice by an escape":    `"2026","\u006bid":"other"`,
		"prototype":             `"__proto__"`,
		"index":                 `"0"`,
	} {
		header := `{"alg":"HS256","typ":"at+jwt","kid":` + kid + `}`
		attacks = append(attacks, attack{name + ", signed", hs256(t, header, ownPayload), honest})
		for what, key := range map[string]string{"nothing": "", "line break": "\n", "zero": "2\n", "known value": "known", "kid": kid, "text of kid": strings.Trim(kid, `"`)} {
			attacks = append(attacks, attack{name + ", signed with " + what, signWith(t, "HS256", header, []byte(key)), honest})
		}
	}
	repels(t, tokens, attacks)
	// Escapes in the right kid mean nothing.
	accepts(t, tokens, hs256(t, `{"alg":"HS256","typ":"at+jwt","\u006bid":"\u0032026"}`, ownPayload), claims())
}

// A key that comes with the token is not the server's (RFC 8725 §3.10,
// CVE-2018-0114). Even with the right signature such a token is refused.
func TestAttacksWithAKeyInTheHeader(t *testing.T) {
	tokens := tokensOf(t, "ES256")
	honest := sign(t, tokens, claims())
	own, _ := keysOf("ES256")
	attacker := must(ecdsa.GenerateKey(own.(*ecdsa.PrivateKey).Curve, rand.Reader))
	attackers := must(jwttoken.ES256(attacker))
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(get(t, attackers.JWKS()).Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate := base64.StdEncoding.EncodeToString(must(x509.CreateCertificate(rand.Reader, template, template, &attacker.PublicKey, attacker)))
	var attacks []attack
	for name, parameter := range map[string]string{
		"jwk":             `"jwk":` + string(set.Keys[0]),
		"jwk of a secret": `"jwk":{"kty":"oct","k":"AAAA"}`,
		"jwk null":        `"jwk":null`,
		"JWK":             `"JWK":` + string(set.Keys[0]),
		"jwk by escape":   `"\u006awk":` + string(set.Keys[0]),
		"jku":             `"jku":"https://attacker.example/jwks.json"`,
		"jku of a file":   `"jku":"file:///etc/passwd"`,
		"jku with user":   `"jku":"https://id.example.com@attacker.example/"`,
		"Jku":             `"Jku":"https://attacker.example/"`,
		"x5u":             `"x5u":"https://attacker.example/cert.pem"`,
		"x5c":             `"x5c":["` + certificate + `"]`,
		"x5c empty":       `"x5c":[]`,
		"jku and kid":     `"jku":"https://attacker.example/","kid":"a"`,
		"jwk and no kid":  `"jwk":` + string(set.Keys[0]) + `,"x":1`,
	} {
		header := `{"alg":"ES256","typ":"at+jwt",` + parameter + `}`
		attacks = append(attacks,
			attack{name + ", signed with that key", signWith(t, "ES256", header, attacker), honest},
			attack{name + ", signed with ours", signWith(t, "ES256", header, own), honest})
	}
	plain := `{"alg":"ES256","typ":"at+jwt"}`
	attacks = append(attacks,
		attack{"no parameter, signed with another key", signWith(t, "ES256", plain, attacker), signWith(t, "ES256", plain, own)},
		attack{"fingerprint x5t#S256, signed with another key", signWith(t, "ES256", `{"alg":"ES256","typ":"at+jwt","x5t#S256":"AAAA"}`, attacker),
			signWith(t, "ES256", `{"alg":"ES256","typ":"at+jwt","x5t#S256":"AAAA"}`, own)})
	repels(t, tokens, attacks)
}

// What changes how a token is to be read, and what two readers would read
// differently, is refused, however it is signed. Beside each stands the nearest
// header that is taken.
func TestAttacksOnTheHeader(t *testing.T) {
	const plain = `{"alg":"HS256","typ":"at+jwt"}`
	with := func(parameters string) string { return `{"alg":"HS256","typ":"at+jwt",` + parameters + `}` }
	var attacks []attack
	for name, headers := range map[string][2]string{
		"unknown crit":              {with(`"crit":["x"],"x":1`), with(`"x":1`)},
		"crit of exp":               {with(`"crit":["exp"],"exp":1`), with(`"exp":1`)},
		"empty crit":                {with(`"crit":[]`), plain},
		"crit null":                 {with(`"crit":null`), plain},
		"crit of what is not there": {with(`"crit":["x"]`), with(`"x":1`)},
		"crit of alg":               {with(`"crit":["alg"]`), plain},
		"crit in another case":      {with(`"CRIT":["x"],"x":1`), with(`"x":1`)},
		"crit by an escape":         {with(`"\u0063rit":["x"],"x":1`), with(`"\u0078":1`)},
		"b64 false":                 {with(`"b64":false`), plain},
		"b64 false and crit":        {with(`"b64":false,"crit":["b64"]`), plain},
		"b64 true":                  {with(`"b64":true,"crit":["b64"]`), plain},
		"alg twice":                 {`{"alg":"HS256","alg":"HS256","typ":"at+jwt"}`, plain},
		"alg twice, none first":     {`{"alg":"none","typ":"at+jwt","alg":"HS256"}`, plain},
		"alg twice, none last":      {`{"alg":"HS256","typ":"at+jwt","alg":"none"}`, plain},
		"alg twice by an escape":    {with(`"\u0061lg":"none"`), `{"\u0061lg":"HS256","typ":"at+jwt"}`},
		"alg in another case":       {with(`"ALG":"none"`), with(`"ALGO":"none"`)},
		"alg in another case alone": {`{"Alg":"HS256","typ":"at+jwt"}`, plain},
		"typ twice":                 {with(`"typ":"at+jwt"`), plain},
		"another name twice":        {with(`"x":1,"x":1`), with(`"x":1,"y":1`)},
		"another name, other case":  {with(`"x":1,"X":1`), with(`"x":{"X":1}`)},
		"long s":                    {with(`"s":1,"ſ":1`), with(`"ſ":1`)},
		"Kelvin sign in kid":        {with("\"\u212aid\":\"x\""), with("\"\u212a\":\"x\"")},
		"type of an id token":       {`{"alg":"HS256","typ":"JWT"}`, plain},
		"no type":                   {`{"alg":"HS256"}`, plain},
		"type of a logout token":    {`{"alg":"HS256","typ":"logout+jwt"}`, plain},
		"type of DPoP":              {`{"alg":"HS256","typ":"dpop+jwt"}`, plain},
		"type with a parameter":     {`{"alg":"HS256","typ":"at+jwt;x"}`, `{"alg":"HS256","typ":"AT+JWT"}`},
		"type with NUL":             {`{"alg":"HS256","typ":"at+jwt\u0000"}`, `{"alg":"HS256","typ":"at\u002bjwt"}`},
		"type in an array":          {`{"alg":"HS256","typ":["at+jwt"]}`, plain},
		"byte order mark":           {"\ufeff" + plain, " " + plain},
		"NUL behind":                {plain + "\x00", plain + "\n"},
		"NUL in front":              {"\x00" + plain, "\t" + plain},
		"object behind":             {plain + `{"alg":"none"}`, plain},
		"brace behind":              {plain + "}", plain},
		"comma at the end":          {`{"alg":"HS256","typ":"at+jwt",}`, plain},
		"comment":                   {`{"alg":"HS256"/**/,"typ":"at+jwt"}`, `{"alg":"HS256" ,"typ":"at+jwt"}`},
		"single quotes":             {`{'alg':'HS256','typ':'at+jwt'}`, plain},
		"in an array":               {`[` + plain + `]`, plain},
		"in a string":               {`"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}"`, plain},
		"cut":                       {plain[:len(plain)-1], plain},
		"empty":                     {``, plain},
		"invalid UTF-8":             {with("\"x\":\"\xff\""), with(`"x":"é"`)},
		"overlong UTF-8 in a name":  {with("\"\xc1\xa1lg\":\"none\""), with(`"lg":"none"`)},
		"surrogate in UTF-8":        {with("\"x\":\"\xed\xa0\x80\""), with(`"x":"\u2028"`)},
		"control character":         {with("\"x\":\"\n\""), with(`"x":"\n"`)},
		"UTF-16":                    {"{\x00\"\x00a\x00l\x00g\x00\"\x00:\x00\"\x00H\x00S\x002\x005\x006\x00\"\x00}\x00", plain},
		"unclosed nested arrays":    {with(`"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 1999)), with(`"x":[[[[]]]]`)},
	} {
		attacks = append(attacks, attack{name, hs256(t, headers[0], ownPayload), hs256(t, headers[1], ownPayload)})
	}
	repels(t, tokensOf(t, "HS256"), attacks)
	// A part that is longer than a token may be is refused before it is decoded.
	long := hs256(t, with(fmt.Sprintf(`"x":%q`, strings.Repeat("x", jwttoken.MaxTokenBytes))), ownPayload)
	repels(t, tokensOf(t, "HS256"), []attack{{"oversized", long, hs256(t, with(`"x":"x"`), ownPayload)}})
}
