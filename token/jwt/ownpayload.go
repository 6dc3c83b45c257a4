package jwttoken

import (
	"unicode/utf8"

	"github.com/tokenauth/tokenauth/core"
)

// parseOwnPayload reads a payload that is laid out as Sign lays one out, and
// reports whether it is. It accepts nothing that parsePayload would not, and
// reads the same from it.
func (r *ring) parseOwnPayload(payload []byte, c *core.Claims) bool {
	p := layout{rest: payload}
	p.expect(`{"iat":`)
	iat := p.seconds()
	p.expect(`,"exp":`)
	exp := p.seconds()
	p.expect(`,"user_id":"`)
	userID := p.plainText()
	p.expect(`","ref_id":"`)
	refID := p.next(refLength)
	p.expect(`","sid":"`)
	sid := p.plainText()
	p.expect(`"`)
	p.expect(r.parties)
	if p.broken || len(p.rest) == 0 {
		return false
	}
	hasExtra := len(p.rest) > 1
	if hasExtra && (p.rest[0] != ',' || !isPlainObject(p.rest)) || !hasExtra && p.rest[0] != '}' {
		return false
	}
	if setClaims(c, iat, exp, userID, refID, sid) != nil {
		return false
	}
	if hasExtra {
		p.rest[0] = '{' // instead of the comma
		c.Extra = string(p.rest)
	}
	return true
}

// layout reads a text from its beginning. Once it is broken it stays so.
type layout struct {
	rest   []byte
	broken bool
}

func (l *layout) expect(text string) {
	if len(l.rest) < len(text) || string(l.rest[:len(text)]) != text {
		l.broken = true
		return
	}
	l.rest = l.rest[len(text):]
}

func (l *layout) seconds() int64 {
	seconds, n := parseSeconds(l.rest)
	l.rest, l.broken = l.rest[n:], l.broken || n == 0
	return seconds
}

// plainText reads the text of a JSON string without escapes, up to its end.
func (l *layout) plainText() []byte {
	n, isASCII := plainLength(l.rest)
	text := l.next(n)
	l.broken = l.broken || !isASCII && !utf8.Valid(text)
	return text
}

func (l *layout) next(n int) []byte {
	if n > len(l.rest) {
		l.broken = true
		return nil
	}
	text := l.rest[:n]
	l.rest = l.rest[n:]
	return text
}
