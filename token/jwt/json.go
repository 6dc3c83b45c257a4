package jwttoken

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may be nested, as in encoding/json.
const maxDepth = 10000

// fewNames is the number of names that are compared one by one. More go to a map.
const fewNames = 16

var (
	errNotObject    = errors.New("must be one JSON object in UTF-8")
	errSameName     = errors.New("must not have two names that are equal or differ only in case")
	errReservedName = errors.New("must not have a reserved name, a known one twice, or one in another case")
	errManyNames    = errors.New("must not have so many names")
)

// names says which names of an object mean something.
type names struct {
	known    []string // at most 32, in lower case, in the order in which they usually stand
	quoted   []string // the same, each with quotes and the colon behind it
	reserved func(name []byte) bool
}

// newNames returns the known names. They are reserved in any case, and so are the names
// for which reserved is true, if that is not nil.
func newNames(reserved func(name []byte) bool, known ...string) *names {
	n := &names{known: known, reserved: reserved}
	for _, name := range known {
		n.quoted = append(n.quoted, `"`+name+`":`)
	}
	if reserved == nil {
		n.reserved = func(name []byte) bool {
			return slices.ContainsFunc(known, func(k string) bool { return bytes.EqualFold(name, []byte(k)) })
		}
	}
	return n
}

// object reads the text of one JSON object (RFC 8259), member by member:
//
//	o := newObject(text, names)
//	for o.next() {
//		switch o.known {
//		case …: // call o.readValue, o.readString or o.readInteger, once
//		}
//	}
//	if o.err != nil …
//
// No member counts before next has returned false without an error. Only then is the
// text known to be valid UTF-8, with nothing but white space behind the object.
//
// The names of the top level are distinct, also if case is ignored, as some readers do
// (RFC 7519 §4).
type object struct {
	scanner
	names    *names
	maxNames int

	likely int                 // index of the known name that usually comes next
	seen   uint32              // a bit for each known name
	tail   int                 // where unknown members begin behind which no known one stands, or 0
	mixed  bool                // a known member stands behind an unknown one
	others [][]byte            // the names that are not known, if they are few
	many   map[string]struct{} // the same names folded, if they are many
	count  int                 // of the same names
	err    error

	// The member that next has found.
	known  int // index of its name, or -1
	nameAt int // where its name begins, if that is not known
}

// newObject returns a reader of the object.
func newObject(text []byte, names *names) *object {
	return &object{scanner: scanner{text: text, ascii: true}, names: names, maxNames: math.MaxInt}
}

// next goes on to the next member. It returns false at the end and at an error.
func (o *object) next() bool {
	// If the likely name stands next, without white space and escapes, this does what
	// takeName would do, in less time.
	if i := uint(o.likely); i < uint(len(o.names.quoted)) {
		separator := byte(',')
		if o.at == 0 {
			separator = '{'
		}
		rest, quoted := o.text[o.at:], o.names.quoted[i]
		if len(rest) > len(quoted) && rest[0] == separator && string(rest[1:1+len(quoted)]) == quoted && o.seen&(1<<i) == 0 {
			o.at += 1 + len(quoted)
			o.find(int(i))
			return true
		}
	}
	return o.takeName()
}

// find notes that the member has that known name.
func (o *object) find(known int) {
	o.known = known
	o.seen |= 1 << known
	o.likely = known + 1
	o.mixed = o.tail > 0
}

// takeName takes the bracket in front of the first member, or the comma in front of
// another, and then a name and the colon behind it.
func (o *object) takeName() bool {
	if first := o.at == 0; first && !o.take('{') {
		return o.fail(errNotObject)
	} else if first || !o.take(',') {
		if o.take('}') {
			return o.end()
		}
		if !first {
			return o.fail(errNotObject)
		}
	}
	if o.peek() != '"' {
		return o.fail(errNotObject)
	}
	o.nameAt = o.at
	name, _ := o.readString() // half a surrogate pair becomes U+FFFD
	if len(name) != o.at-o.nameAt-len(`""`) {
		o.ascii = false // an escape may stand for any character
	}
	if !o.take(':') {
		return o.fail(errNotObject)
	}
	if o.names.reserved(name) {
		for i, known := range o.names.known {
			if string(name) == known && o.seen&(1<<i) == 0 {
				o.find(i)
				return true
			}
		}
		return o.fail(errReservedName)
	}
	o.known = -1
	if o.tail == 0 {
		o.tail = o.nameAt
	}
	if !o.isNew(name) {
		return o.fail(errSameName)
	}
	if o.count++; o.count > o.maxNames {
		return o.fail(errManyNames)
	}
	return true
}

func (o *object) fail(err error) bool {
	o.err = err
	return false
}

// end checks what is left to check when the object is closed.
func (o *object) end() bool {
	if o.peek(); o.at < len(o.text) || !o.ascii && !utf8.Valid(o.text) {
		return o.fail(errNotObject)
	}
	if o.count+bits.OnesCount32(o.seen) > o.maxNames {
		return o.fail(errManyNames)
	}
	return false
}

// isNew reports whether a name, which is not known, differs in more than case from all
// before it.
func (o *object) isNew(name []byte) bool {
	if len(o.others) < fewNames {
		for _, other := range o.others {
			// Names that differ only in case have one length, if they are ASCII.
			if (len(other) == len(name) || !o.ascii) && bytes.EqualFold(other, name) {
				return false
			}
		}
		o.others = append(o.others, name)
		return true
	}
	if o.many == nil {
		o.many = map[string]struct{}{}
		for _, other := range o.others {
			o.many[fold(other)] = struct{}{}
		}
	}
	folded := fold(name)
	_, ok := o.many[folded]
	o.many[folded] = struct{}{}
	return !ok
}

// fold returns the same for all names that differ only in case.
func fold(name []byte) string {
	return string(bytes.Map(func(r rune) rune {
		// The smallest of the runes that are the same but for case.
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name))
}

// readValue reads the value of the member, and returns it as it stands in the text.
func (o *object) readValue() []byte {
	o.peek()
	start := o.at
	if !o.skipValue() {
		o.at = len(o.text) // where next finds no comma and no bracket
		return nil
	}
	return o.text[start:o.at]
}

// readString reads the value of the member, and returns the text that it stands for, as
// unquote does.
func (o *object) readString() (text []byte, ok bool) {
	if rest := o.text[o.at:]; len(rest) > 0 && rest[0] == '"' {
		// A string without escapes is what is in it.
		rest = rest[1:]
		n, ascii := plainLength(rest)
		if n < len(rest) && rest[n] == '"' {
			if !ascii {
				o.ascii = false
			}
			o.at += n + 2
			return rest[:n], true
		}
	}
	return unquote(o.readValue())
}

// readInteger reads the value of the member, and returns it if it consists of digits, at
// most 18.
func (o *object) readInteger() (n int64, ok bool) {
	rest := o.text[o.at:]
	n, digits := leadingDigits(rest)
	if digits > 0 && digits <= 18 && (rest[0] != '0' || digits == 1) && digits < len(rest) && (rest[digits] == ',' || rest[digits] == '}') {
		o.at += digits
		return n, true
	}
	value := o.readValue()
	n, digits = leadingDigits(value)
	return n, digits > 0 && digits == len(value) && digits <= 18
}

// unknown returns the members whose names are not known, with commas between them and
// without white space between JSON tokens. It is for after the last call of next.
func (o *object) unknown() []byte {
	if o.tail == 0 {
		return nil
	}
	if !o.mixed && !o.spaced {
		return o.text[o.tail : o.at-len("}")]
	}
	var all []byte
	again := newObject(o.text, o.names)
	for again.next() {
		again.readValue()
		if again.known < 0 {
			all = appendCompact(append(all, ','), again.text[again.nameAt:again.at])
		}
	}
	return all[1:]
}

// appendCompact appends JSON without the white space between its tokens.
func appendCompact(dst, text []byte) []byte {
	s := scanner{text: text}
	for s.peek() != 0 {
		from := s.at
		if !s.skipString() {
			s.at++
		}
		dst = append(dst, text[from:s.at]...)
	}
	return dst
}

// elements returns the elements of a JSON value that is an array, and whether it is one.
func elements(array []byte) (all [][]byte, ok bool) {
	s := scanner{text: array}
	if !s.take('[') {
		return nil, false
	}
	for s.peek() != ']' {
		from := s.at
		if !s.skipValue() {
			return nil, false
		}
		all = append(all, array[from:s.at])
		if !s.take(',') {
			break
		}
		s.peek()
	}
	return all, s.take(']')
}

// unquoteAll returns the elements of a JSON value that is an array of strings, and
// whether it is one.
func unquoteAll(array []byte) (texts []string, ok bool) {
	values, ok := elements(array)
	for _, value := range values {
		text, isText := unquote(value)
		texts, ok = append(texts, string(text)), ok && isText
	}
	return texts, ok
}

// scanner reads JSON from the beginning of a text.
type scanner struct {
	text         []byte
	at           int  // of the next byte
	spaced       bool // white space has been skipped
	ascii        bool // no string with other characters has been skipped
	smallNumbers bool // a number that a float64 can't hold is an error
}

// peek skips white space and returns the byte behind it, 0 at the end of the text.
func (s *scanner) peek() byte {
	if s.at < len(s.text) && s.text[s.at] > ' ' {
		return s.text[s.at]
	}
	return s.skipSpace()
}

func (s *scanner) skipSpace() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.spaced = true
		default:
			return c
		}
	}
	return 0
}

// take skips white space and the byte c behind it, and reports whether c was there.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// skipValue skips a JSON value and the white space in front of it, and reports whether
// there is one.
func (s *scanner) skipValue() (ok bool) {
	switch c := s.peek(); c {
	case '"':
		ok = s.skipString()
	case '{', '[':
		ok = s.skipNested()
	case 't':
		ok = s.skipLiteral("true")
	case 'f':
		ok = s.skipLiteral("false")
	case 'n':
		ok = s.skipLiteral("null")
	default:
		ok = s.skipNumber()
	}
	return ok
}

// skipNested skips an array or object.
func (s *scanner) skipNested() bool {
	var room [32]byte
	open := room[:0] // how what is open ends, without the object that is around all
	for {
		// A value begins.
		switch c := s.peek(); c {
		case '"':
			if !s.skipString() {
				return false
			}
		case '{', '[':
			s.at++
			end := c + 2 // '}' or ']'
			if s.take(end) {
				break
			}
			if open = append(open, end); len(open) >= maxDepth || c == '{' && !s.skipName() {
				return false
			}
			continue
		default:
			if !s.skipValue() {
				return false
			}
		}
		// It has ended, and perhaps what is around it.
		for {
			if len(open) == 0 {
				return true
			}
			end := open[len(open)-1]
			c := s.peek()
			if c == ',' {
				s.at++
				if end == '}' && !s.skipName() {
					return false
				}
				break
			}
			if c != end {
				return false
			}
			s.at++
			open = open[:len(open)-1]
		}
	}
}

// skipName skips a name and the colon behind it.
func (s *scanner) skipName() bool {
	s.peek()
	return s.skipString() && s.take(':')
}

// skipString skips a string (RFC 8259 §7). It does not look whether it is UTF-8.
func (s *scanner) skipString() bool {
	if s.at >= len(s.text) || s.text[s.at] != '"' {
		return false
	}
	for i := s.at + 1; ; {
		n, ascii := plainLength(s.text[i:])
		s.ascii = s.ascii && ascii
		if i += n; i >= len(s.text) {
			return false
		}
		if s.text[i] == '"' {
			s.at = i + 1
			return true
		}
		if n = escapeLength(s.text[i:]); n == 0 {
			return false
		}
		i += n
	}
}

func (s *scanner) skipLiteral(literal string) bool {
	if !bytes.HasPrefix(s.text[s.at:], []byte(literal)) {
		return false
	}
	s.at += len(literal)
	return true
}

// skipNumber skips a number (RFC 8259 §6).
func (s *scanner) skipNumber() bool {
	rest := s.text[s.at:]
	n := 0
	if n < len(rest) && rest[n] == '-' {
		n++
	}
	_, digits := leadingDigits(rest[n:])
	if digits == 0 || digits > 1 && rest[n] == '0' {
		return false
	}
	n += digits
	if n < len(rest) && rest[n] == '.' {
		_, digits := leadingDigits(rest[n+1:])
		if digits == 0 {
			return false
		}
		n += 1 + digits
	}
	if n < len(rest) && rest[n]|0x20 == 'e' {
		n++
		if n < len(rest) && (rest[n] == '+' || rest[n] == '-') {
			n++
		}
		_, digits := leadingDigits(rest[n:])
		if digits == 0 {
			return false
		}
		n += digits
	}
	s.at += n
	if !s.smallNumbers {
		return true
	}
	_, err := strconv.ParseFloat(string(rest[:n]), 64)
	return err == nil
}

// leadingDigits returns the number of digits that s begins with, and what they say if an
// int64 can hold it.
func leadingDigits(s []byte) (integer int64, n int) {
	for ; n < len(s) && s[n]-'0' <= 9; n++ {
		integer = integer*10 + int64(s[n]-'0')
	}
	return integer, n
}

// plainLength returns how many bytes stand before the first that can't stand for itself
// in a JSON string: a control character, a quote or a backslash (RFC 8259 §7). It also
// reports whether they are all ASCII. If not, they may not be UTF-8.
func plainLength(s []byte) (n int, ascii bool) {
	for rest := s; len(rest) >= 8; rest = rest[8:] {
		if special := specialBytes(binary.LittleEndian.Uint64(rest)); special != 0 {
			n = len(s) - len(rest) + bits.TrailingZeros64(special)/8
			if s[n] < utf8.RuneSelf {
				return n, true
			}
			return slowLength(s, n)
		}
	}
	return slowLength(s, len(s)&^7)
}

// slowLength does the same from s[n] on. All bytes before that are plain ASCII.
func slowLength(s []byte, n int) (int, bool) {
	var bits byte
	for ; n < len(s) && s[n] >= ' ' && s[n] != '"' && s[n] != '\\'; n++ {
		bits |= s[n]
	}
	return n, bits < utf8.RuneSelf
}

// specialBytes returns 0 if all of eight bytes are ASCII and can stand for themselves.
// Otherwise its lowest bit is the highest of the first byte that is or can not.
//
// An ASCII byte is below n if taking n from it sets its high bit, and it is n if taking
// 1 from the exclusive or of the two does. What is borrowed from the next byte is
// borrowed only where there is such a byte before it.
func specialBytes(x uint64) uint64 {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	isControl, isQuote, isBackslash := x-ones*' ', (x^ones*'"')-ones, (x^ones*'\\')-ones
	return (x | isControl | isQuote | isBackslash) & high
}

// escapeLength returns the length of the escape that s begins with, 0 if there is none.
func escapeLength(s []byte) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	}
	if _, ok := utf16Escape(s); ok {
		return 6
	}
	return 0
}

// utf16Escape returns the code unit of the escape \uXXXX that s begins with.
func utf16Escape(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var unit [2]byte
	_, err := hex.Decode(unit[:], s[2:6])
	return rune(unit[0])<<8 | rune(unit[1]), err == nil
}

// unquote returns the text that a JSON value stands for. It is not ok if the value is
// not a string, and if it has half a surrogate pair. That becomes U+FFFD, by which
// different strings would become one.
func unquote(value []byte) (text []byte, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	value, ok = value[1:len(value)-1], true
	i := bytes.IndexByte(value, '\\')
	if i < 0 {
		return value, true
	}
	text = append(make([]byte, 0, len(value)), value[:i]...)
	for i < len(value) {
		c := value[i]
		if c != '\\' {
			text = append(text, c)
			i++
			continue
		}
		unit, isUnit := utf16Escape(value[i:])
		if !isUnit {
			text = append(text, unescaped[value[i+1]])
			i += 2
			continue
		}
		i += 6
		if utf16.IsSurrogate(unit) {
			other, _ := utf16Escape(value[i:])
			if unit = utf16.DecodeRune(unit, other); unit != unicode.ReplacementChar {
				i += 6
			} else {
				ok = false
			}
		}
		text = utf8.AppendRune(text, unit)
	}
	return text, ok
}

// unescaped is what the byte behind a backslash stands for.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// appendString appends valid UTF-8 as a JSON string that escapes nothing but what it
// must (RFC 8259 §7).
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if c < ' ' {
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		} else {
			dst = append(dst, '\\', c)
		}
	}
	return append(append(dst, s[from:]...), '"')
}
