package jwttoken

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	errNotObject = errors.New("not a JSON object in UTF-8")
	errSameName  = errors.New("the same name twice")
	errTooMany   = errors.New("too many names")
)

// member is one member of a JSON object.
type member struct {
	name    string
	rawName []byte // as it was written, with its quotes
	value   json.RawMessage
}

// members returns the members of the text of a JSON object in the order they
// stand in. Two names are the same if they differ in nothing but case, because
// readers that ignore case (encoding/json is one) take them for the same.
func members(text []byte) ([]member, error) {
	return membersUpTo(math.MaxInt, text)
}

// membersUpTo is members of an object that has at most n of them.
func membersUpTo(n int, text []byte) ([]member, error) {
	// The decoder below replaces what is not UTF-8 and takes no notice of what
	// comes behind the object.
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errNotObject
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errNotObject
	}
	var all []member
	seen := map[string]bool{}
	for d.More() {
		if len(all) == n {
			return nil, errTooMany
		}
		at := d.InputOffset()
		name, err := d.Token()
		if err != nil {
			return nil, errNotObject
		}
		m := member{name: name.(string), rawName: bytes.TrimLeft(text[at:d.InputOffset()], ", \t\r\n")}
		if err := d.Decode(&m.value); err != nil {
			return nil, errNotObject
		}
		folded := strings.Map(foldRune, m.name)
		if seen[folded] {
			return nil, errSameName
		}
		seen[folded] = true
		all = append(all, m)
	}
	return all, nil
}

// foldRune returns one and the same rune for all runes that differ in case
// alone: the smallest of them.
func foldRune(r rune) rune {
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
