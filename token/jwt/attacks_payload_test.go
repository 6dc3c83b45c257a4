package jwttoken_test

import (
	"strings"
	"testing"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A payload that two readers would read differently, or whose claims have not the
// form that core relies on, is refused even if it is signed. Beside each stands
// the nearest payload that is taken. (iat and exp are not judged here: that is for
// package core, TestTokenExpiresAtExp.)
func TestAttacksOnThePayload(t *testing.T) {
	open := strings.TrimSuffix(ownPayload, "}")
	change := func(old, changed string) string { return strings.Replace(ownPayload, old, changed, 1) }
	exp := func(value string) string { return change(`"exp":1795435260`, `"exp":`+value) }
	iat := func(value string) string { return change(`"iat":1795435200`, `"iat":`+value) }
	user := func(value string) string { return change(`"user-42"`, value) }
	ref := func(value string) string { return change(`"`+testRef+`"`, value) }
	sid := func(value string) string { return change(`"abcdefgh234567abcdefgh234567abcdefgh2345"`, value) }
	const honestExp, honestIAT = "1795435260", "1795435200"
	var attacks []attack
	for name, payloads := range map[string][2]string{
		"exp as text":                     {exp(`"1795435260"`), exp(honestExp)},
		"exp as a date":                   {exp(`"2026-11-23T12:01:00Z"`), exp(honestExp)},
		"exp with a fraction":             {exp(`1795435260.0`), exp(honestExp)},
		"exp with an exponent":            {exp(`1795435260e0`), exp(honestExp)},
		"exp of 1e400":                    {exp(`1e400`), exp(honestExp)},
		"exp of 1e-400":                   {exp(`1e-400`), exp(honestExp)},
		"exp NaN":                         {exp(`NaN`), exp(honestExp)},
		"exp Infinity":                    {exp(`Infinity`), exp(honestExp)},
		"exp negative":                    {exp(`-1`), exp(honestExp)},
		"exp negative zero":               {exp(`-0`), exp(honestExp)},
		"exp beyond 9999":                 {exp(`253402300800`), exp(honestExp)},
		"exp of 2^63":                     {exp(`9223372036854775808`), exp(honestExp)},
		"exp of 2^64 and the right one":   {exp(`18446744075505086876`), exp(honestExp)},
		"exp of a thousand digits":        {exp(strings.Repeat("9", 1000)), exp(honestExp)},
		"exp with a leading zero":         {exp(`01795435260`), exp(honestExp)},
		"exp with a plus":                 {exp(`+1795435260`), exp(honestExp)},
		"exp in hexadecimal":              {exp(`0x6B041F7C`), exp(honestExp)},
		"exp null":                        {exp(`null`), exp(honestExp)},
		"exp true":                        {exp(`true`), exp(honestExp)},
		"exp in an array":                 {exp(`[1795435260]`), exp(honestExp)},
		"exp in an object":                {exp(`{"$gt":0}`), exp(honestExp)},
		"no exp":                          {change(`"exp":1795435260,`, ``), exp(honestExp)},
		"exp twice":                       {open + `,"exp":9999999999}`, open + "}"},
		"exp twice, in front":             {`{"exp":9999999999,` + ownPayload[1:], ownPayload},
		"exp in another case":             {open + `,"EXP":9999999999}`, open + "}"},
		"exp in another case alone":       {change(`"exp"`, `"Exp"`), ownPayload},
		"exp twice by an escape":          {open + `,"\u0065xp":9999999999}`, change(`"exp"`, `"\u0065xp"`)},
		"iat as text":                     {iat(`"1795435200"`), iat(honestIAT)},
		"iat negative":                    {iat(`-1`), iat(honestIAT)},
		"iat beyond 9999":                 {iat(`253402300800`), iat(honestIAT)},
		"no iat":                          {change(`"iat":1795435200,`, ``), ownPayload},
		"nbf":                             {open + `,"nbf":0}`, open + "}"},
		"nbf null":                        {open + `,"nbf":null}`, open + "}"},
		"user_id twice":                   {open + `,"user_id":"root"}`, open + "}"},
		"user_id twice, in front":         {`{"user_id":"root",` + ownPayload[1:], ownPayload},
		"user_id in another case":         {open + `,"User_ID":"root"}`, open + "}"},
		"user_id twice by an escape":      {open + `,"us\u0065r_id":"root"}`, change(`"user_id"`, `"us\u0065r_id"`)},
		"user_id with a long s":           {open + `,"uſer_id":"root"}`, open + "}"},
		"user_id a number":                {user(`42`), user(`"user-42"`)},
		"user_id an array":                {user(`["user-42"]`), user(`"user-42"`)},
		"user_id null":                    {user(`null`), user(`"user-42"`)},
		"user_id empty":                   {user(`""`), user(`"user-42"`)},
		"user_id with half a surrogate":   {user(`"user-42\ud800"`), user(`"user\u002d42"`)},
		"user_id with surrogates swapped": {user(`"\ude00\ud83d"`), user(`"user\u002d42"`)},
		"user_id with invalid UTF-8":      {user("\"user-42\xff\""), user(`"user-42"`)},
		"user_id with overlong UTF-8":     {user("\"user\xc0\xad42\""), user(`"user-42"`)},
		"user_id with a raw NUL":          {user("\"user-42\x00\""), user(`"user-42"`)},
		"user_id with a raw line break":   {user("\"user-42\n\""), user(`"user-42"`)},
		"user_id with \\x":                {user(`"user\x2d42"`), user(`"user-42"`)},
		"user_id too long":                {user(`"` + strings.Repeat("x", 256) + `"`), user(`"user-42"`)},
		"no user_id":                      {change(`"user_id":"user-42",`, ``), ownPayload},
		"sub for user_id":                 {change(`"user_id"`, `"sub"`), ownPayload},
		"ref_id of zeros":                 {ref(`"00000000-0000-0000-0000-000000000000"`), ref(`"` + testRef + `"`)},
		"ref_id as a URN":                 {ref(`"urn:uuid:` + testRef + `"`), ref(`"` + testRef + `"`)},
		"ref_id in braces":                {ref(`"{` + testRef + `}"`), ref(`"` + strings.ToUpper(testRef) + `"`)},
		"ref_id twice":                    {open + `,"ref_id":"` + testRef + `"}`, open + "}"},
		"sid empty":                       {sid(`""`), ownPayload},
		"sid a number":                    {sid(`1`), ownPayload},
		"sid twice":                       {open + `,"sid":"another"}`, open + "}"},
		"sid with a long s":               {open + `,"ſid":"another"}`, open + "}"},
		"aud of somebody else":            {open + `,"aud":"https://api.example.com"}`, open + "}"},
		"aud empty":                       {open + `,"aud":[]}`, open + "}"},
		"iss twice":                       {open + `,"iss":"a","iss":"b"}`, open + `,"iss":"a"}`},
		"iss a number":                    {open + `,"iss":1}`, open + `,"iss":"1"}`},
		"byte order mark":                 {"\ufeff" + ownPayload, " " + ownPayload},
		"NUL in front":                    {"\x00" + ownPayload, "\t" + ownPayload},
		"NUL behind":                      {ownPayload + "\x00", ownPayload + "\n"},
		"object behind":                   {ownPayload + `{"user_id":"root"}`, ownPayload},
		"object behind a line break":      {ownPayload + "\n" + ownPayload, ownPayload + "\n"},
		"brace behind":                    {ownPayload + "}", ownPayload},
		"comma at the end":                {open + ",}", open + "}"},
		"comment":                         {open + "/**/}", open + " }"},
		"cut":                             {open, ownPayload},
		"empty":                           {"", ownPayload},
		"null":                            {"null", ownPayload},
		"array":                           {"[" + ownPayload + "]", ownPayload},
		"text":                            {`"user-42"`, ownPayload},
		"UTF-16":                          {strings.Join(strings.Split(ownPayload, ""), "\x00") + "\x00", ownPayload},
		"unclosed nested arrays":          {open + `,"x":` + strings.Repeat("[", 3000) + "}", ownPayload},
	} {
		attacks = append(attacks, attack{name, hs256(t, ownHeader, payloads[0]), hs256(t, ownHeader, payloads[1])})
		// In another layout, which has another reader.
		attacks = append(attacks, attack{name + ", and a space", hs256(t, ownHeader, payloads[0]+" "), hs256(t, ownHeader, payloads[1]+" ")})
	}
	// Of the application's own claims as well no two have one name.
	for name, members := range map[string]string{
		"claim twice":                  `,"role":"user","role":"admin"`,
		"claim in another case":        `,"role":"user","Role":"admin"`,
		"claim twice by an escape":     `,"role":"user","r\u006fle":"admin"`,
		"claim in another case of é":   `,"é":1,"É":2`,
		"claim with the Kelvin sign":   `,"k":1,"\u212a":2`,
		"empty name twice":             `,"":1,"":2`,
		"names that are half a letter": `,"\ud800":1,"\udfff":2`,
	} {
		attacks = append(attacks, attack{name, hs256(t, ownHeader, open+members+"}"), hs256(t, ownHeader, ownPayload)})
	}
	tokens := tokensOf(t, "HS256")
	nested := sign(t, tokens, claims())
	attacks = append(attacks,
		attack{"nested token", hs256(t, `{"alg":"HS256","typ":"at+jwt","cty":"JWT"}`, nested), hs256(t, `{"alg":"HS256","typ":"at+jwt","cty":"JWT"}`, ownPayload)},
		attack{"nested token without cty", hs256(t, ownHeader, nested), nested},
		attack{"nested token as text", hs256(t, ownHeader, `"`+nested+`"`), nested},
		attack{"nested token without signature", hs256(t, ownHeader, encode(`{"alg":"none"}`)+"."+encode(ownPayload)+"."), nested},
		attack{"oversized", hs256(t, ownHeader, ownPayload+strings.Repeat(" ", jwttoken.MaxTokenBytes)), hs256(t, ownHeader, ownPayload+strings.Repeat(" ", 4096))})
	repels(t, tokens, attacks)
}
