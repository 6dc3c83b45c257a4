package core

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
)

// maxFormBytes is the longest body that the endpoints of OAuth 2.0 read: both tokens
// and room for what else clients send.
const maxFormBytes = 16 << 10

// maxTypeBytes is the longest Content-Type that is looked at: parsing one costs memory
// many times its length.
const maxTypeBytes = 256

// readForm returns the parameters of a request to an endpoint of OAuth 2.0, or answers
// a request that is none and returns false. Those of the names given must not be
// repeated (RFC 6749 §3.2). Others are ignored, however often they come: extensions
// repeat some (RFC 8707 §2).
func readForm(w http.ResponseWriter, r *http.Request, names ...string) (url.Values, bool) {
	forbidStoring(w)
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeOAuthError(w, http.StatusMethodNotAllowed, "invalid_request", "Only POST is allowed.")
		return nil, false
	}
	form, ok := parseForm(w, r)
	if !ok {
		writeOAuthError(w, http.StatusBadRequest, "invalid_request", "The body must be a form.")
		return nil, false
	}
	for name, values := range form {
		if len(values) > 1 && slices.Contains(names, name) {
			writeOAuthError(w, http.StatusBadRequest, "invalid_request", "A parameter is repeated.")
			return nil, false
		}
	}
	return form, true
}

// parseForm returns the parameters of the body. Those of the URL don't count.
func parseForm(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	contentType := r.Header.Get("Content-Type")
	if len(contentType) > maxTypeBytes {
		return nil, false
	}
	if kind, _, err := mime.ParseMediaType(contentType); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, false
	}
	// ParseForm would fail for a query that is malformed too.
	bare := r.WithContext(r.Context())
	bare.URL = &url.URL{}
	if bare.Body != nil {
		bare.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	}
	if err := bare.ParseForm(); err != nil {
		return nil, false
	}
	return bare.PostForm, true
}

// writeOAuthError answers in the form of RFC 6749 §5.2.
func writeOAuthError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, errorBody{code, description})
}

// writeOurs answers in that form where the failure is the server's.
func (s *Schema) writeOurs(w http.ResponseWriter, err error) {
	e := asError(err)
	w.Header().Set("Retry-After", retryAfter(s.cfg.Grace))
	writeOAuthError(w, e.Status, e.Code, e.description)
}
