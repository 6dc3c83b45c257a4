package core

import (
	"iter"
	"net/http"
	"strings"
)

// cookiesNamed yields the values of all cookies of that name, as they stand in
// the header (RFC 6265 §4.2.1). [http.Request.CookiesNamed] passes over what is
// malformed, so that one of two cookies of a name can count as the only one; here
// whatever has the name counts, and is refused in its turn.
func cookiesNamed(r *http.Request, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range r.Header["Cookie"] {
			for part := range strings.SplitSeq(line, ";") {
				key, value, _ := strings.Cut(part, "=")
				if strings.Trim(key, " \t") == name && !yield(strings.Trim(value, " \t")) {
					return
				}
			}
		}
	}
}

// onlyCookie returns the value of the cookie of that name, empty where there is
// none. Of two it can't tell which is ours.
func onlyCookie(r *http.Request, name string) (value string, ok bool) {
	n := 0
	for v := range cookiesNamed(r, name) {
		value = v
		n++
	}
	return value, n <= 1
}
