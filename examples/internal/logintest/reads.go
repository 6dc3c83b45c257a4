// Package logintest tests what every login of the examples has to hold to.
package logintest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// body is 1 MB of zeros; it counts what is read of it.
type body int

func (b *body) Read(p []byte) (int, error) {
	if *b >= 1<<20 {
		return 0, io.EOF
	}
	clear(p)
	*b += body(len(p))
	return len(p), nil
}

// ReadsAFewKilobytes fails the test where the handler's POST /login reads more than that
// of a form: anybody can send one, and a file in it.
func ReadsAFewKilobytes(t *testing.T, handler http.Handler) {
	t.Helper()
	const head = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"
	file := new(body)
	r := httptest.NewRequest("POST", "/login", io.MultiReader(strings.NewReader(head), file))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	handler.ServeHTTP(httptest.NewRecorder(), r)
	if *file > 32<<10 {
		t.Errorf("%d bytes are read", *file)
	}
}
