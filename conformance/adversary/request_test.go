package adversary_test

import (
	"context"
	"iter"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// kind is what a request asks for.
type kind string

const (
	page    kind = "page"    // what TokenRequired protects
	refresh kind = "refresh" // RefreshAccessToken
	grant   kind = "grant"   // TokenEndpoint
	login   kind = "login"   // SetTokenCookies
	logout  kind = "logout"  // ClearTokenCookies
)

// stage is how far a request is.
type stage int

const (
	sent     stage = iota // on its way to the server
	running               // the handler waits at a call of the store
	answered              // the answer is on its way, or being applied
	over
)

// fate is what becomes of a call of the store.
type fate int

const (
	goesOn fate = iota
	fails
)

// request is one request and its answer. Its handler runs as a coroutine that stops
// before and after each call of the store.
type request struct {
	id   int
	from *client
	kind kind
	user string // of a login
	pair pair   // what it presents
	mapping
	genuine bool   // of the refresh token
	after   *visit // the visit of the client when the request was sent
	left    bool   // a logout was the last that the client heard of, then
	visit   *visit // of a login: what it begins
	on      *server
	http    *http.Request
	cancel  context.CancelFunc

	stage    stage
	arrived  time.Time
	finished time.Time // when the handler returned
	resume   func() (string, bool)
	stop     func()
	pause    func(point string) bool
	fate     fate

	failed   bool        // a call of the store failed
	calls    int         // how many there were
	seen     core.Record // the record at the last look
	found    bool        // there was one
	standing string      // how the token stood to its record, at the last look
	ended    bool        // it ended the user's sessions
	user200  string      // whom TokenRequired let through
	recorder *httptest.ResponseRecorder
	status   int
	code     string // of an error
	got      pair   // what the answer brings
	deletes  bool   // the answer deletes the cookies
	all      []line // of the answer
	lines    []line // that are not yet applied
}

// line is a Set-Cookie line, or what an app takes from its answer at once.
type line struct {
	access, refresh, session bool
	pair                     pair // empty to delete
}

type requestKey struct{}

// arrive starts the handler of the request, which runs up to its first call of the
// store, or to its end.
func (w *world) arrive(r *request) {
	w.tracef("%v arrives at server %d", r, r.on.number)
	r.stage, r.arrived = running, w.now
	handler := r.on.handlers[r.kind]
	r.resume, r.stop = iter.Pull(iter.Seq[string](func(yield func(string) bool) {
		r.pause = yield
		handler.ServeHTTP(r.recorder, r.http)
	}))
	w.goOn(r, goesOn)
}

// goOn lets the handler run on to its next stop.
func (w *world) goOn(r *request, f fate) {
	r.fate = f
	if point, ok := r.resume(); ok {
		w.tracef("%v stops %s", r, point)
		return
	}
	r.stop()
	r.cancel()
	r.stage, r.finished = answered, w.now
	r.readAnswer()
	w.tracef("%v is answered: %d %s", r, r.status, r.code)
	w.judge(r)
}
