package jwttoken

import (
	"bytes"
	"strings"
)

// Open does what Verify does with a token of whatever header, once it has found the
// key: it checks the signature and returns the payload. Tests of signatures need it
// where header and claims are not those of an access token.
func (k Key) Open(token string) ([]byte, error) {
	payload, err := k.k.open(k.k.newBuffers(), token, token[:strings.IndexByte(token, '.')+1])
	return bytes.Clone(payload), err
}

// Value is the value of a member of a JSON object.
type Value struct {
	Raw     string
	Text    string // what it stands for, if IsText
	IsText  bool
	Integer int64 // if IsInteger
	IsInt   bool
}

// ReadObject reads a JSON object as header, payload and JWK are read. It returns the
// values of the known names, and the text of the other members.
func ReadObject(text []byte, known ...string) (values map[string]Value, others string, err error) {
	read := func(f func(*object, string)) error {
		o := newObject(text, newNames(nil, known...))
		for o.next() {
			if o.known < 0 {
				o.readValue()
				continue
			}
			f(o, known[o.known])
		}
		others = string(o.unknown())
		return o.err
	}
	values = map[string]Value{}
	err = read(func(o *object, name string) { values[name] = Value{Raw: string(o.readValue())} })
	errText := read(func(o *object, name string) {
		v := values[name]
		text, ok := o.readString()
		v.Text, v.IsText = string(text), ok
		values[name] = v
	})
	errInteger := read(func(o *object, name string) {
		v := values[name]
		v.Integer, v.IsInt = o.readInteger()
		values[name] = v
	})
	if (errText == nil) != (err == nil) || (errInteger == nil) != (err == nil) {
		panic("the readers disagree")
	}
	return values, others, err
}

// Unquote returns what a JSON value stands for.
func Unquote(value []byte) (string, bool) {
	text, ok := unquote(value)
	return string(text), ok
}

// Elements returns the elements of a JSON value that is an array.
func Elements(value []byte) ([][]byte, bool) { return elements(value) }
