package jwttoken_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// knownNames are those that the tests look up. One has a letter that is the same as a
// character outside ASCII but for case.
var knownNames = []string{"a", "bc", "key"}

// judgeObject reads the text. The verdict and what is read must be those of
// encoding/json, but for what that overlooks: text that is not UTF-8, names that are
// there twice, and known names in another case.
func judgeObject(t *testing.T, text []byte) {
	t.Helper()
	values, others, err := jwttoken.ReadObject(text, knownNames...)
	if want := isStrictObject(text); (err == nil) != want {
		t.Fatalf("%q: got error %v, want success %v", text, err, want)
	}
	if err != nil {
		return
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%q: encoding/json: %v", text, err)
	}
	for _, name := range knownNames {
		want, ok := all[name]
		value, found := values[name]
		if found != ok || value.Raw != string(want) {
			t.Fatalf("%q: got %q for %s, want %q", text, value.Raw, name, want)
		}
		if ok {
			judgeValue(t, value)
		}
		delete(all, name)
	}
	rest := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte("{"+others+"}"), &rest); err != nil {
		t.Fatalf("%q: the others are %q: %v", text, others, err)
	}
	if len(rest) != len(all) {
		t.Fatalf("%q: the others are %q", text, others)
	}
	for name, value := range all {
		if got := string(rest[name]); got != compact(t, value) {
			t.Fatalf("%q: got %q for %q, want %q", text, got, name, value)
		}
	}
	if others != "" && compact(t, []byte("{"+others+"}")) != "{"+others+"}" {
		t.Fatalf("%q: the others %q have white space", text, others)
	}
}

// isStrictObject reports by encoding/json whether the text is what header, payload and
// keys must be.
func isStrictObject(text []byte) bool {
	if !utf8.Valid(text) || !json.Valid(text) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	var names []string
	for d.More() {
		name := must(d.Token()).(string)
		for _, other := range names {
			if strings.EqualFold(name, other) {
				return false
			}
		}
		for _, known := range knownNames {
			if name != known && strings.EqualFold(name, known) {
				return false
			}
		}
		names = append(names, name)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return false
		}
	}
	return true
}

// judgeValue compares what the value of a known name stands for with what encoding/json
// makes of it.
func judgeValue(t *testing.T, value jwttoken.Value) {
	t.Helper()
	text, ok := jwttoken.Unquote([]byte(value.Raw))
	if ok != value.IsText || ok && text != value.Text {
		t.Fatalf("%s is read as %q, %v, and unquoted as %q, %v", value.Raw, value.Text, value.IsText, text, ok)
	}
	if value.Raw[0] != '"' {
		if value.IsText {
			t.Fatalf("%s is read as the text %q", value.Raw, value.Text)
		}
		integer, err := strconv.ParseInt(value.Raw, 10, 64)
		want := err == nil && value.Raw[0] != '-' && len(value.Raw) <= 18
		if value.IsInt != want || want && value.Integer != integer {
			t.Fatalf("%s is read as the integer %d, %v", value.Raw, value.Integer, value.IsInt)
		}
		return
	}
	var want string
	if err := json.Unmarshal([]byte(value.Raw), &want); err != nil {
		t.Fatal(err)
	}
	if text != want {
		t.Fatalf("%s is read as %q, want %q", value.Raw, text, want)
	}
	if value.IsInt || value.IsText == hasHalfAPair(value.Raw) {
		t.Fatalf("%s is read as text %v, integer %v", value.Raw, value.IsText, value.IsInt)
	}
}

var escapes = regexp.MustCompile(`(?:\\u[0-9a-fA-F]{4})+|\\.`)

// hasHalfAPair reports whether a JSON string has half of a surrogate pair.
func hasHalfAPair(raw string) bool {
	for _, run := range escapes.FindAllString(raw, -1) {
		var units []uint16
		for _, unit := range strings.Split(run, `\u`)[1:] {
			units = append(units, uint16(must(strconv.ParseUint(unit, 16, 16))))
		}
		if !slices.Equal(utf16.Encode(utf16.Decode(units)), units) {
			return true
		}
	}
	return false
}

func compact(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return b.String()
}

// objects are texts at which readers of JSON differ.
var objects = []string{
	``, ` `, `{}`, ` { } `, `{`, `}`, `{}}`, `{},`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,"a":1}`, `{"a":1 "bc":2}`, `{"a" 1}`, `{a:1}`, `{"a":1}x`, `{"a":1}{}`,
	`[]`, `null`, `1`, `"a"`, `["a",1]`, "\ufeff{}", "{}\x00", "\x00{}", "{\x00}", "{}\n", "\t{ \"a\"\r:\n1 , \"bc\" : 2 }",
	`{"a":1,"a":2}`, `{"a":1,"A":2}`, `{"A":1}`, `{"\u0061":1}`, `{"\u0041":1}`, `{"a":1,"\u0061":2}`, `{"bc":1,"a":2,"bc":3}`, `{"bc":1,"a":2,"key":3}`,
	`{"key":1}`, "{\"\u212aey\":1}", `{"\u212aey":1}`, "{\"s\":1,\"\u017f\":2}", `{"\u212a":1,"\u006b":2}`, `{"é":1,"É":2}`, `{"x":1,"X":2}`, `{"":1}`, `{"":1,"":2}`, `{"\ud800":1,"\udfff":2}`, `{"\ud800":1,"\ufffd":2}`,
	`{"x":1,"a":2,"y":3,"bc":4,"z":5}`, `{ "x" : [ 1 , { "y" : "a b" } ] , "a" : 2 , "z":"\" " }`, `{"x":1,"y":2}`, `{"a":1,"x":{},"y":[]}`,
	`{"a":0}`, `{"a":-0}`, `{"a":00}`, `{"a":01}`, `{"a":-01}`, `{"a":1.}`, `{"a":.1}`, `{"a":1.5}`, `{"a":1e5}`, `{"a":1E+5}`, `{"a":1e-5}`, `{"a":1e}`, `{"a":1e+}`, `{"a":-}`, `{"a":+1}`,
	`{"a":1."bc"}`, `{"a":1e"bc"}`, `{"a":-"bc"}`, `{"a":0x10}`, `{"a":1_0}`, `{"a":NaN}`, `{"a":Infinity}`, `{"a":123456789012345678}`, `{"a":1234567890123456789}`, `{"a":18446744073709551617}`,
	`{"a":1 }`, `{"a":12 ,"bc":1}`, `{"a":1e400}`, `{"a":true}`, `{"a":tru}`, `{"a":truex}`, `{"a":false}`, `{"a":nul`, `{"a":null}`, `{"a":True}`,
	`{"a":"x"}`, `{"a":"x}`, `{"a":"x\"}`, `{"a":"\`, `{"a":"\"}`, `{"a":"\\"}`, `{"a":"\/\b\f\n\r\t\"\\"}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, `{"a":"\u00e9é😀\ud83d\ude00"}`, `{"a":"\U0041"}`,
	`{"a":"\ud83d"}`, `{"a":"\ude00\ud83d"}`, `{"a":"\ud83dx"}`, `{"a":"\ud83d\u0041"}`, `{"a":"\ud83d\ud83d\ude00"}`, `{"a":"\ud83d\n"}`, `{"a":"\ud83d\\ude00"}`, `{"a":"\ufffd"}`, "{\"a\":\"\ufffd\"}",
	"{\"a\":\"\n\"}", "{\"a\":\"\x1f\"}", "{\"a\":\"\x7f\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc3\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"\xff\":1}", "{\"a\xff\":1}", "{\"a\":1\xa0}", "{\"a\":\u00a01}",
	`{"a":[]}`, `{"a":[1]}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":[1 2]}`, `{"a":[1,[2,[3]],{"b":[{}]}]}`, `{"a":[1}`, `{"a":{"b"}}`, `{"a":{"b":1]}`, `{"a":{"b":1,}}`, `{"a":{b:1}}`, `{"a":{"b":1,"b":2,"B":3}}`,
	`{"a":[[]`, `{"a":[}`, `{"a":{]}`, `{"a":["x","y" ]}`, `{"a":[ ]}`, `{"a":{ }}`, `{"a":[true,false,null,-1.5e3,"\ud800"]}`,
}

func TestObjectsAreReadAsByEncodingJSON(t *testing.T) {
	for _, text := range objects {
		judgeObject(t, []byte(text))
	}
	// Eight bytes are looked at together: what is special may stand anywhere in them.
	for _, special := range []string{"\"", "\\\"", "\\u0041", "\n", "\x1f", "\x7f", "\x80", "\xff", "é", "\U0010ffff", " ", "!", "#", "[", "]"} {
		for length := range 40 {
			for at := range length + 1 {
				text := strings.Repeat("x", at) + special + strings.Repeat("x", length-at)
				judgeObject(t, []byte(`{"a":"`+text+`"}`))
				judgeObject(t, []byte(`{"`+text+`":1,"`+text+`y":2}`))
			}
		}
	}
}

// Few names are compared one by one, and many otherwise: neither overlooks one that is
// there twice.
func TestManyNames(t *testing.T) {
	for n := range 40 {
		members := make([]string, n)
		for i := range members {
			members[i] = fmt.Sprintf(`"n%d":%d`, i, i)
		}
		judgeObject(t, []byte("{"+strings.Join(members, ",")+"}"))
		for i := range members {
			for _, again := range []string{"n", "N", `\u004e`} {
				judgeObject(t, []byte("{"+strings.Join(append(members[:n:n], fmt.Sprintf(`"%s%d":0`, again, i)), ",")+"}"))
			}
		}
	}
}

// Objects and arrays are nested as deep as encoding/json allows it, and no deeper.
func TestDepth(t *testing.T) {
	for _, depth := range []int{1, 31, 32, 33, 63, 64, 65, 9998, 9999, 10000, 10001, 100000} {
		for _, brackets := range [][2]string{{"[", "]"}, {`{"":`, "}"}} {
			inner := strings.Repeat(brackets[0], depth-1) + "1" + strings.Repeat(brackets[1], depth-1)
			judgeObject(t, []byte(`{"a":`+inner+`}`))
			judgeObject(t, []byte(`{"a":`+inner[:len(inner)-len(inner)/4]+`}`))
		}
	}
}

// Whatever stands where in a text, the verdict is that of encoding/json.
func TestDamagedObjects(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	const alphabet = "{}[]:,\"\\ \n\x00\x7f\x80\xc3\xa901.-+eEtfnulrasAKkxX"
	for range 50000 {
		text := []byte(objects[random.IntN(len(objects))])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(text) + 1)
			c := alphabet[random.IntN(len(alphabet))]
			switch {
			case random.IntN(2) == 0:
				text = slices.Insert(text, at, c)
			case at == len(text):
			case random.IntN(2) == 0:
				text[at] = c
			default:
				text = slices.Delete(text, at, at+1)
			}
		}
		judgeObject(t, text)
	}
}

func TestElements(t *testing.T) {
	for text, want := range map[string][]string{
		`[]`: {}, ` [ ] `: {}, `[1]`: {"1"}, `[ "a,b" , [2,3] ,{"x":[4]} , null ]`: {`"a,b"`, `[2,3]`, `{"x":[4]}`, `null`},
		`{}`: nil, `"[]"`: nil, `null`: nil, `1`: nil, ``: nil, `[`: nil, `[1`: nil, `[1,`: nil, `[x]`: nil,
	} {
		elements, ok := jwttoken.Elements([]byte(text))
		if ok != (want != nil) || ok && fmt.Sprintf("%s", elements) != fmt.Sprintf("%s", want) {
			t.Errorf("%s: got %s, %v, want %s", text, elements, ok, want)
		}
	}
}
