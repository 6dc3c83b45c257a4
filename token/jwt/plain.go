package jwttoken

import (
	"encoding/binary"
	"unicode/utf8"
)

// plainLength returns how many bytes stand before the first that can't stand
// for itself in a JSON string: a control character, a quote or a backslash (RFC
// 8259 §7). It also reports whether they are all ASCII; others may not be UTF-8.
func plainLength(s []byte) (n int, isASCII bool) {
	for n+8 <= len(s) && isPlainASCII(binary.LittleEndian.Uint64(s[n:])) {
		n += 8
	}
	var bits byte
	for ; n < len(s) && s[n] >= ' ' && s[n] != '"' && s[n] != '\\'; n++ {
		bits |= s[n]
	}
	return n, bits < utf8.RuneSelf
}

// isPlainASCII reports whether all of eight bytes are ASCII and can stand for
// themselves. An ASCII byte is below n if taking n from it sets its high bit,
// and it is n if taking 1 from the exclusive or of the two does. What is borrowed
// from the next byte can't hide one, and is borrowed only where there is one.
func isPlainASCII(x uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	isControl, isQuote, isBackslash := x-ones*' ', (x^ones*'"')-ones, (x^ones*'\\')-ones
	return (x|isControl|isQuote|isBackslash)&high == 0
}
