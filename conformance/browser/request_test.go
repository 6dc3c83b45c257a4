package browser_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// request is one that the site has answered.
type request struct {
	cookies string // the names of its cookies, in order
	outcome string // as a page that may read the answer has it
}

// last returns the last request to a path and forgets it. It fails the test where there is
// none.
func (s *site) last(path string) request {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.seen[path]
	if !ok {
		s.t.Errorf("there was no request to %s", path)
	}
	delete(s.seen, path)
	return r
}

// ServeHTTP answers a request and remembers it.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	app := application(s.schema)
	around := s.around
	if origin := r.Header.Get("Origin"); slices.Contains(s.trusted, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	s.mu.Unlock()
	answer := &answer{ResponseWriter: w, status: http.StatusOK}
	if around != nil {
		around(answer, r, app)
	} else {
		app.ServeHTTP(answer, r)
	}
	var names []string
	for _, c := range r.Cookies() {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[r.URL.Path] = request{strings.Join(names, " "), answer.outcome()}
}

// answer is a response that remembers what it says.
type answer struct {
	http.ResponseWriter
	status int
	body   strings.Builder
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.body.Write(p)
	return a.ResponseWriter.Write(p)
}

// Unwrap is for what takes connections over or streams.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) outcome() string {
	said := a.body.String()
	var refused struct{ Error string }
	if json.Unmarshal([]byte(said), &refused) == nil {
		said = refused.Error
	}
	return strings.TrimSpace(strconv.Itoa(a.status) + " " + said)
}
