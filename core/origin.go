package core

import (
	"fmt"
	"net/http"
)

// checkOrigin returns an error if a browser sent the request from another origin, unless
// its method is safe.
func (v *Verifier) checkOrigin(r *http.Request) error {
	if err := v.origins.Check(r); err != nil {
		return fmt.Errorf("%w: %w", ErrCrossOrigin, err)
	}
	return nil
}

// asksForUpgrade reports whether the request may become another protocol, such as a
// WebSocket (RFC 9110 §7.8; over HTTP/2 RFC 8441).
func asksForUpgrade(r *http.Request) bool {
	return r.Header["Upgrade"] != nil || r.Method == http.MethodConnect
}

// checkPost returns an error unless the request is a POST of an origin that may make it.
func (s *Schema) checkPost(r *http.Request) error {
	if r.Method != http.MethodPost {
		return ErrMethodNotAllowed
	}
	return s.verifier.checkOrigin(r)
}
