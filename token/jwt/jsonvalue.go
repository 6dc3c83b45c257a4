package jwttoken

// skipValue returns the index behind the JSON value that begins at s[i], or -1
// if there is none without insignificant white space, or it is nested deeper
// than depth. What is left to the caller is that s is valid UTF-8.
func skipValue(s []byte, i, depth int) int {
	if i >= len(s) {
		return -1
	}
	switch c := s[i]; c {
	case '"':
		return skipString(s, i)
	case '{', '[':
		if depth == 0 {
			return -1
		}
		return skipItems(s, i, depth)
	case 't':
		return skipLiteral(s, i, "true")
	case 'f':
		return skipLiteral(s, i, "false")
	case 'n':
		return skipLiteral(s, i, "null")
	default:
		return skipNumber(s, i)
	}
}

// skipItems skips the object or array at s[i].
func skipItems(s []byte, i, depth int) int {
	isObject, end := s[i] == '{', byte(']')
	if isObject {
		end = '}'
	}
	if i+1 < len(s) && s[i+1] == end {
		return i + 2
	}
	for {
		// s[i] is the bracket or a comma.
		i++
		if isObject {
			if i = skipString(s, i); i < 0 || i >= len(s) || s[i] != ':' {
				return -1
			}
			i++
		}
		if i = skipValue(s, i, depth-1); i < 0 || i >= len(s) {
			return -1
		}
		switch s[i] {
		case end:
			return i + 1
		case ',':
		default:
			return -1
		}
	}
}

func skipString(s []byte, i int) int {
	if i >= len(s) || s[i] != '"' {
		return -1
	}
	for i++; ; {
		n, _ := plainLength(s[i:])
		if i += n; i >= len(s) || s[i] < ' ' {
			return -1
		}
		if s[i] == '"' {
			return i + 1
		}
		if i++; i >= len(s) {
			return -1
		}
		switch s[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i++
		case 'u':
			if _, ok := utf16Escape(s[i-1:]); !ok {
				return -1
			}
			i += 5
		default:
			return -1
		}
	}
}

func skipLiteral(s []byte, i int, literal string) int {
	if len(s)-i < len(literal) || string(s[i:i+len(literal)]) != literal {
		return -1
	}
	return i + len(literal)
}

// skipNumber skips the number at s[i] (RFC 8259 §6).
func skipNumber(s []byte, i int) int {
	if s[i] == '-' {
		i++
	}
	whole := i
	if i = skipDigits(s, i); i < 0 || s[whole] == '0' && i > whole+1 {
		return -1
	}
	if i < len(s) && s[i] == '.' {
		if i = skipDigits(s, i+1); i < 0 {
			return -1
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		return skipDigits(s, i)
	}
	return i
}

// skipDigits skips one digit or more.
func skipDigits(s []byte, i int) int {
	from := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == from {
		return -1
	}
	return i
}
