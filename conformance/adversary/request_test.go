package adversary_test

import (
	"context"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
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
	running               // the handler waits, mostly at a call of the store
	answered              // the response is on its way, or being applied
	over
)

// fate is what becomes of a call of the store.
type fate int

const (
	goesOn fate = iota
	fails
	// comesLate is a failure of a call that takes effect later, as on a server that hangs.
	comesLate
)

// request is one request and its response. Its handler runs as a coroutine that stops
// before and after each call of the store.
type request struct {
	id      int
	from    *client
	kind    kind
	user    string            // of a login
	options core.LoginOptions // of a login
	pair    pair              // what it presents
	mapping
	genuine bool   // of the refresh token
	after   *visit // the visit of the client when the request was sent
	left    bool   // a logout was the last that the client heard of, then
	visit   *visit // of a login: what it begins
	on      *server
	http    *http.Request
	cancel  context.CancelFunc
	orphan  bool // nobody waits for the response any more

	stage    stage
	arrived  time.Time
	finished time.Time // when the handler returned
	resume   func() (string, bool)
	stop     func()
	pause    func(point string) bool
	fate     fate

	failed   bool                     // a call of the store failed
	calls    int                      // how many there were
	seen     core.Record              // the record at the last look
	found    bool                     // there was one
	standing string                   // how the token stood to its record, at the last look
	ended    bool                     // it ended the sessions of a compromise
	ends     map[string]bool          // the sessions that it ended, as the store acknowledged
	told     map[string]int           // the calls of hooks
	endings  map[string][]core.Reason // the sessions whose end it told

	user200  string // whom TokenRequired let through
	recorder *httptest.ResponseRecorder
	status   int
	code     string // of an error
	got      pair   // what the response brings
	deletes  bool   // the response deletes the cookies
	ages     []int  // the Max-Age of the cookies
	all      []line // of the response
	lines    []line // that are not yet applied
}

// line is a Set-Cookie line, or what an app takes from its response at once.
type line struct {
	access, refresh, session bool
	pair                     pair // empty to delete
}

type requestKey struct{}

// requestOf returns the request with that context.
func requestOf(ctx context.Context) *request { return ctx.Value(requestKey{}).(*request) }

// refreshes reports whether the request asks for the next pair.
func (r *request) refreshes() bool { return r.kind == refresh || r.kind == grant }

// isVisit reports whether the request begins or ends a visit.
func (r *request) isVisit() bool { return r.kind == login || r.kind == logout }

// send makes a request that presents the pair; it has not arrived yet.
func (w *world) send(c *client, k kind, p pair) *request {
	w.sent++
	r := &request{
		id: w.sent, from: c, kind: k, pair: p, user: c.user, after: c.visit, left: c.left,
		ends: map[string]bool{}, told: map[string]int{}, endings: map[string][]core.Reason{},
		recorder: httptest.NewRecorder(),
	}
	r.on = w.servers[w.rng.IntN(len(w.servers))]
	if m, ok := w.ledger.refresh[p.refresh]; ok {
		r.mapping, r.genuine = m, true
	}
	if k == login {
		r.visit = &visit{user: c.user}
		r.options.BrowserSession = w.chance(30)
		if w.logins && w.chance(30) {
			r.options.Duration = w.life/2 + time.Duration(w.rng.IntN(1000))*time.Millisecond
		}
	}
	ctx := context.WithValue(context.Background(), requestKey{}, r)
	ctx, r.cancel = context.WithCancel(ctx)
	form := url.Values{}
	if k == grant {
		form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.refresh}}
		if p.access != "" {
			form.Set("access_token", p.access)
		}
	}
	r.http = httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(form.Encode()))
	r.http.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.present(p)
	w.requests = append(w.requests, r)
	w.tracef("%v is sent", r)
	return r
}

// present sets the cookies, or the header of a client without cookies.
func (r *request) present(p pair) {
	var cookies []string
	if p.access != "" {
		cookies = append(cookies, "access_token="+p.access)
	}
	if p.refresh != "" {
		cookies = append(cookies, "refresh_token="+p.refresh)
	}
	if p.session != "" {
		cookies = append(cookies, sessionName+"="+p.session)
	}
	switch {
	case r.kind == grant:
	case !r.from.app:
		r.http.Header["Cookie"] = slices.Clip([]string{strings.Join(cookies, "; ")})
	case p.access != "":
		r.http.Header.Set("Authorization", "Bearer "+p.access)
	}
}

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
	r.readResponse()
	w.tracef("%v is answered: %d %s", r, r.status, r.code)
	w.judge(r)
	if r.orphan {
		w.lose(r)
	}
}

// clean sends the request through without any trouble.
func (w *world) clean(r *request) {
	w.arrive(r)
	for r.stage == running {
		w.goOn(r, goesOn)
	}
	w.applyAll(r)
	w.sweep()
}

// lose makes the request, or its response, get lost.
func (w *world) lose(r *request) {
	if r.stage == over {
		return
	}
	w.tracef("%v is lost", r)
	if r.from.applying == r {
		r.from.applying = nil
	}
	r.stage = over
}
