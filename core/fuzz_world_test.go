package core_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// fuzzWorld is a schema and one token of every kind. Fuzz targets write the name of a
// kind in braces where they want a token, so that what they find is good in every
// process and on every day.
type fuzzWorld struct {
	*core.Schema
	clock   *clock
	store   *testStore
	base    map[string]core.Record
	kinds   map[string]string // texts of tokens, by the name of their kind
	genuine map[string]bool   // the refresh tokens that are ours and not overdue
	fill    *strings.Replacer
}

// The names of the present cookies and of those before them.
var fuzzCookies = core.Cookies{
	SessionName: "-",
	Previous:    []core.Cookies{{AccessTokenName: "old_access", RefreshTokenName: "old_refresh", SessionName: "-"}},
}

func newFuzzWorld(f testing.TB) *fuzzWorld {
	f.Helper()
	// The processes that fuzz have secrets of their own: should the text of a token get
	// from one to another, it is a forgery there.
	own, earlier := make([]byte, 32), make([]byte, 32)
	rand.Read(own)
	rand.Read(earlier)
	w := &fuzzWorld{clock: newClock(), store: newStore(), kinds: map[string]string{}, genuine: map[string]bool{}}
	tokens := &testTokens{key: own}
	schema := func(cfg core.Config, tokens core.TokenSigner) *core.Schema {
		cfg.Clock, cfg.MaxSessions, cfg.Cookies = w.clock.Now, -1, fuzzCookies
		cfg.Logger = slog.New(slog.DiscardHandler)
		s, err := core.New(w.store, tokens, cfg)
		if err != nil {
			f.Fatal(err)
		}
		return s
	}
	w.Schema = schema(core.Config{Secret: own, PreviousSecrets: [][]byte{earlier}}, tokens)
	before := schema(core.Config{Secret: earlier}, tokens)
	stranger := schema(core.Config{Secret: otherKey}, &testTokens{key: otherKey})

	login := func(s *core.Schema, user, kind string) core.Tokens {
		pair, err := s.Login(f.Context(), user, core.LoginOptions{})
		if err != nil {
			f.Fatal(err)
		}
		w.kinds[kind+"-refresh"], w.kinds[kind+"-access"] = pair.RefreshToken, pair.AccessToken
		return pair
	}
	login(w.Schema, "eve", "overdue")
	w.clock.Advance(7 * 24 * time.Hour)
	login(w.Schema, "ada", "expired")
	login(before, "bob", "earlier")
	login(stranger, "ada", "forged")
	stale := login(w.Schema, "cyd", "stale")
	revoked := login(w.Schema, "dan", "revoked")
	forgotten := login(w.Schema, "fay", "forgotten")
	w.clock.Advance(time.Minute)
	login(w.Schema, "ada", "live")
	if _, err := w.Refresh(f.Context(), stale.RefreshToken, ""); err != nil {
		f.Fatal(err)
	}
	if err := w.Logout(f.Context(), revoked.RefreshToken); err != nil {
		f.Fatal(err)
	}
	delete(w.store.records, forgotten.Claims.SessionID)
	w.clock.Advance(30 * time.Second)
	w.base = w.store.snapshot()

	for _, kind := range []string{"expired", "earlier", "stale", "revoked", "forgotten", "live"} {
		w.genuine[w.kinds[kind+"-refresh"]] = true
	}
	var pairs []string
	for kind, text := range w.kinds {
		pairs = append(pairs, "{"+kind+"}", text)
	}
	w.fill = strings.NewReplacer(pairs...)
	return w
}

// plain returns a text of the same worth as what was presented: the text itself where it
// is a token of ours, and the same junk for everything else.
func (w *fuzzWorld) plain(text string) string {
	for _, kind := range w.kinds {
		if text == kind {
			return text
		}
	}
	if text == "" {
		return ""
	}
	return "junk"
}

// request reads a request as net/http's server does from a header that a client wrote,
// with tokens in the places of their names. It is nil where there is no such
// request.
func (w *fuzzWorld) request(method, header string) *http.Request {
	text := method + " / HTTP/1.1\r\nHost: example.com\r\n" + w.fill.Replace(header) + "\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		return nil
	}
	return r
}

// outcome is what a request led to.
type outcome struct {
	response string // all of it
	status   int
	header   http.Header
	calls    map[string]int // of the store
	ended    []string       // the users whose sessions have ended
}

func (o outcome) String() string {
	return fmt.Sprintf("%s\ncalls of the store: %v\nended: %v", o.response, o.calls, o.ended)
}

// serve serves a request while the store is as it was at the beginning.
func (w *fuzzWorld) serve(h http.Handler, r *http.Request) outcome {
	w.store.restore(maps.Clone(w.base))
	w.store.total()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	var response bytes.Buffer
	res := rec.Result()
	res.Write(&response)
	o := outcome{response: response.String(), status: rec.Code, header: res.Header, calls: maps.Clone(w.store.calls)}
	for id, was := range w.base {
		if is := w.store.records[id]; is.RevokedAt != was.RevokedAt {
			o.ended = append(o.ended, is.UserID)
		}
	}
	slices.Sort(o.ended)
	return o
}

// sameAs fails the test unless the outcome is, to the byte, that of a plain request of the
// same worth. Nothing of what a client sends can then be in a response, and
// nothing that it sends costs more calls of the store or other sessions.
func (o outcome) sameAs(t *testing.T, plain outcome) {
	t.Helper()
	if o.String() != plain.String() {
		t.Errorf("the outcome is\n%s\nthat of a plain request\n%s", o, plain)
	}
}

// cookiesIn reads the values of all cookies of that name by another way than the
// schema: a cookie stands between semicolons, and white space around it doesn't count.
func cookiesIn(r *http.Request, name string) []string {
	var values []string
	for line := range strings.Lines(strings.ReplaceAll(strings.Join(r.Header["Cookie"], ";"), ";", "\n")) {
		if cookie := strings.Trim(line, " \t\n"); cookie == name {
			values = append(values, "")
		} else if rest, ok := strings.CutPrefix(cookie, name); ok {
			if value, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t"), "="); ok {
				values = append(values, value)
			}
		}
	}
	return values
}

// onlyOf returns the one value that the cookies of these names have, the first name that
// has one deciding, and false where that has several.
func onlyOf(r *http.Request, names ...string) (string, bool) {
	for _, name := range names {
		switch values := cookiesIn(r, name); {
		case len(values) > 1:
			return "", false
		case len(values) == 1 && values[0] != "":
			return values[0], true
		}
	}
	return "", true
}

// readByNetHTTP fails the test unless net/http reads the token in the cookies too, and
// reads it once.
func readByNetHTTP(t *testing.T, r *http.Request, token string, names ...string) {
	t.Helper()
	n := 0
	for _, name := range names {
		for _, c := range r.CookiesNamed(name) {
			if c.Value == token {
				n++
			}
		}
	}
	if n != 1 {
		t.Errorf("net/http finds the token in %d cookies of %q", n, r.Header["Cookie"])
	}
}

// nobody answers every request that gets through.
var nobody = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	c, _ := core.ClaimsFrom(r.Context())
	io.WriteString(w, "for "+c.UserID)
})
