package browser_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// newPages returns a site of pages, without any script of ours: KeepFresh is around it.
func newPages(t *testing.T) *site {
	t.Helper()
	s := newSite(t, func(c *core.Config) {
		c.ErrorHandler = core.LoginRedirect("/sign-in")
		c.Cookies.SessionName = "token_session"
	})
	user := func(r *http.Request) string {
		c, _ := core.ClaimsFrom(r.Context())
		return c.UserID
	}
	mux := http.NewServeMux()
	private := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, s.schema.TokenRequired(h)) }
	private("GET /page", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "%s<body>%s", pageHead, user(r))
	})
	mux.Handle("GET /home", s.schema.TokenOptional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "%s<body>home of %s", pageHead, user(r))
	})))
	private("POST /form", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "%s<body>%s wrote %s", pageHead, user(r), r.PostFormValue("text"))
	})
	private("GET /album", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, pageHead+"<body>"+user(r))
		for i := range 20 {
			fmt.Fprintf(w, `<img src="/image/%d">`, i)
		}
	})
	private("GET /image/{n}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Header().Set("Cache-Control", "max-age=0")
		io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>`)
	})
	private("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, user(r), " ", n, " ", err)
	})
	private("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "data: %s\n\n", user(r))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	private("GET /socket", func(w http.ResponseWriter, r *http.Request) {
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 §4.2.2
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		text := user(r)
		conn.Write(append([]byte{0x81, byte(len(text))}, text...)) // a text frame (§5.2)
		io.Copy(io.Discard, conn)                                  // until the page is done
	})
	mux.HandleFunc("GET /sign-in", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, pageHead+`<body>sign in<form method="post"><button></button></form>`)
	})
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.schema.SetTokenCookies(w, r, "ada", core.LoginOptions{}); err != nil {
			s.schema.WriteError(w, r, err)
			return
		}
		http.Redirect(w, r, core.ReturnPath(r), http.StatusSeeOther)
	})
	mux.Handle("POST /sign-out", s.schema.LogoutHandler(http.RedirectHandler("/home", http.StatusSeeOther)))
	s.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if _, pattern := mux.Handler(r); pattern != "" {
			next = mux
		}
		s.schema.KeepFresh(next).ServeHTTP(w, r)
	})
	return s
}

// exchanges returns how often the user's session was refreshed.
func (s *site) exchanges(user string) int64 {
	s.t.Helper()
	records, err := s.store.ListUser(s.t.Context(), user, s.clock.now())
	if err != nil || len(records) != 1 {
		s.t.Fatalf("%d sessions, %v", len(records), err)
	}
	return records[0].Generation
}

const host = "app.example.com"

// A page lasts longer than its access token, whatever it does next.
func TestAnExpiredTokenIsNeverNoticedOnASiteOfPages(t *testing.T) {
	s := newPages(t)
	browser := newProfile(t).open(s.at(host, "/home"))
	for _, test := range []struct {
		name string
		do   func(*tab) string
		want string
	}{
		{"a link", func(t *tab) string { return t.follow(s.at(host, "/page")) }, "200 ada"},
		{"an address that is typed in", func(t *tab) string { return t.visit(s.at(host, "/page")) }, "200 ada"},
		{"a public page", func(t *tab) string { return t.follow(s.at(host, "/home")) }, "200 home of ada"},
		{"a form", func(t *tab) string {
			return t.leave(func() error {
				return t.eval(fmt.Sprintf(`{
					const form = document.createElement("form"), text = document.createElement("textarea")
					form.method = "POST"; form.action = %q
					text.name = "text"; text.value = "what took a long time"
					form.append(text); document.body.append(form); form.submit()
				}`, s.at(host, "/form")), nil)
			})
		}, "200 ada wrote what took a long time"},
		{"twenty images", func(t *tab) string {
			if got := t.visit(s.at(host, "/album")); got != "200 ada" {
				return got
			}
			s.clock.expire()
			return t.value(`Promise.all([...Array(20).keys()].map(i => new Promise(done => {
				const image = new Image()
				image.onload = () => done(image.naturalWidth)
				image.onerror = () => done("broken")
				image.src = "/image/" + i + "?again"
			}))).then(all => [...new Set(all)].join(" "))`)
		}, "7"},
		{"a script without a client", func(t *tab) string { return t.send("GET", s.at(host, "/me")) }, "200 ada"},
		{"fifty requests at once", func(t *tab) string {
			return t.value(`Promise.all([...Array(50).keys()].map(i => fetch("/image/" + i).then(r => r.status))).then(all => [...new Set(all)].join(" "))`)
		}, "200"},
		{"an upload of 30 megabytes", func(t *tab) string {
			return t.value(`fetch("/upload", {method: "POST", body: new Blob([new Uint8Array(30 << 20)])}).then(r => r.text())`)
		}, "ada 31457280 <nil>"},
		{"an EventSource", func(t *tab) string {
			return t.value(`new Promise(done => {
				const events = new EventSource("/events")
				events.onmessage = e => { events.close(); done(e.data) }
				events.onerror = () => done("error")
			})`)
		}, "ada"},
		{"a WebSocket", func(t *tab) string {
			return t.value(`new Promise(done => {
				const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket")
				socket.onmessage = e => { socket.close(); done(e.data) }
				socket.onerror = () => done("error")
			})`)
		}, "ada"},
		{"a frame", func(t *tab) string { return t.embed(s.at(host, "/page")).value(`document.body.innerText`) }, "ada"},
		{"back and again", func(t *tab) string {
			t.visit(s.at(host, "/page"))
			t.visit(s.at(host, "/home"))
			if err := t.eval("history.back()", nil); err != nil {
				t.t.Fatal(err)
			}
			s.clock.expire()
			return t.leave(func() error { return t.eval("location.reload()", nil) })
		}, "200 ada"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tab := browser.in(t)
			tab.visit(s.at(host, "/home"))
			tab.want("200", "POST", s.at(host, "/login/ada"))
			s.clock.expire()
			before := s.exchanges("ada")
			if got := test.do(tab); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if n := s.exchanges("ada") - before; n < 1 || n > 2 {
				t.Errorf("%d exchanges", n)
			}
			if got := tab.visit(s.at(host, "/page")); got != "200 ada" {
				t.Errorf("after it the page is %q", got)
			}
		})
	}
}

// A page is closed while it loads, after the exchange, and its cookies are lost.
func TestAnAbortedPageLogsNobodyOut(t *testing.T) {
	s := newPages(t)
	tab := newProfile(t).open(s.at(host, "/home"))
	tab.want("200", "POST", s.at(host, "/login/ada"))
	s.clock.expire()
	var once sync.Once
	inner := s.around
	arrived, gone := make(chan struct{}), make(chan struct{})
	s.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		first := false
		once.Do(func() { first = true })
		if !first {
			inner(w, r, next)
			return
		}
		inner(nowhere{http.Header{}}, r, next)
		close(arrived)
		<-r.Context().Done()
		close(gone)
	})
	if err := tab.navigate("about:blank#" + s.at(host, "/page")); err != nil {
		t.Fatal(err)
	}
	go tab.navigate(s.at(host, "/page"))
	<-arrived
	tab.close()
	<-gone
	if n := s.exchanges("ada"); n != 1 {
		t.Fatalf("%d exchanges, want 1", n)
	}
	s.clock.advance(time.Hour)
	again := tab.profile.open(s.at(host, "/home"))
	if got := again.visit(s.at(host, "/page")); got != "200 ada" {
		t.Errorf("an hour later the page is %q", got)
	}
	s.clock.expire()
	if got := again.visit(s.at(host, "/page")); got != "200 ada" {
		t.Errorf("after the next exchange the page is %q", got)
	}
}

// nowhere is a response that nobody gets.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// A visitor is sent to the login page and back to where they wanted to go.
func TestAVisitorSignsInAndComesBack(t *testing.T) {
	s := newPages(t)
	tab := newProfile(t).open(s.at(host, "/home"))
	if got := tab.follow(s.at(host, "/page?tab=2")); got != "200 sign in" {
		t.Fatalf("the page is %q", got)
	}
	if got := tab.value("location.pathname + location.search"); got != "/sign-in?return_to=%2Fpage%3Ftab%3D2" {
		t.Errorf("the login page is at %q", got)
	}
	if got := tab.leave(func() error { return tab.eval("document.forms[0].submit()", nil) }); got != "200 ada" {
		t.Errorf("after the login the page is %q", got)
	}
	if got := tab.value("location.pathname + location.search"); got != "/page?tab=2" {
		t.Errorf("it is at %q", got)
	}
	if got := tab.submit(s.at(host, "/sign-out")); got != "200 home of" {
		t.Errorf("after the logout the page is %q", got)
	}
	for _, path := range []string{"//evil.example/", "/\\\\evil.example/", "https://evil.example/"} {
		tab.visit(s.at(host, "/sign-in?return_to="+path))
		tab.leave(func() error { return tab.eval("document.forms[0].submit()", nil) })
		if got := tab.value("location.host"); got != hostOf(s) {
			t.Errorf("return_to=%s leads to %q", path, got)
		}
	}
}

func hostOf(s *site) string { return s.at(host, "")[len(s.scheme)+len("://"):] }

// A form of another origin does nothing: it ends at the login page.
func TestAFormOfAnotherOriginIsNotRefreshed(t *testing.T) {
	s := newPages(t)
	tab := newProfile(t).open(s.at(host, "/home"))
	tab.want("200", "POST", s.at(host, "/login/ada"))
	s.clock.expire()
	tab.visit(s.at("sibling.example.com", "/"))
	if got := tab.submit(s.at(host, "/form")); got != "200 sign in" {
		t.Errorf("the form of a sibling is %q", got)
	}
	// A link of another site is a link.
	tab.visit(s.at("evil.test", "/"))
	if got := tab.follow(s.at(host, "/page")); got != "200 ada" {
		t.Errorf("a link of another site is %q", got)
	}
}
