package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	memorystore "github.com/tokenauth/tokenauth/store/memory"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// A site whose pages outlive their access tokens.
func Example_site() {
	store, secret, now := memorystore.New(), core.NewSecret(), time.Now()
	tokens, err := jwttoken.HS256(core.NewSecret())
	if err != nil {
		log.Fatal(err)
	}
	greet := func(w http.ResponseWriter, r *http.Request) {
		c, _ := core.ClaimsFrom(r.Context())
		fmt.Fprintf(w, "%s: hello %q", r.URL.Path, c.UserID)
	}
	home, account := http.HandlerFunc(greet), http.HandlerFunc(greet)
	mux := http.NewServeMux()

	schema, err := core.New(store, tokens, core.Config{
		Secret:       secret,
		ErrorHandler: core.LoginRedirect("/login"),
		Clock:        func() time.Time { return now }, // to show here what a minute does
		Cookies:      core.Cookies{Insecure: true},    // this example speaks plain HTTP
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("GET /{$}", schema.TokenOptional(home))    // core.ClaimsFrom says who it is, if anybody
	mux.Handle("/account", schema.TokenRequired(account)) // a visitor is sent to /login?return_to=%2Faccount
	mux.Handle("POST /logout", schema.LogoutHandler(http.RedirectHandler("/", http.StatusSeeOther)))
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { // show a form, and check the password first
		if _, err := schema.SetTokenCookies(w, r, "ada", core.LoginOptions{}); err != nil {
			schema.WriteError(w, r, err)
			return
		}
		http.Redirect(w, r, core.ReturnPath(r), http.StatusSeeOther)
	})
	handler := http.NewCrossOriginProtection().Handler(schema.KeepFresh(mux))

	server := httptest.NewServer(handler)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := http.Client{Jar: jar}
	show := func(method, path string) {
		r, _ := http.NewRequest(method, server.URL+path, nil)
		r.Header.Set("Accept", "text/html")
		res, err := browser.Do(r)
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(method, path, "shows", string(body))
	}
	show("GET", "/")
	show("GET", "/account") // by way of the login
	now = now.Add(time.Hour)
	show("POST", "/account") // the form is not lost
	show("POST", "/logout")
	// Output:
	// GET / shows /: hello ""
	// GET /account shows /account: hello "ada"
	// POST /account shows /account: hello "ada"
	// POST /logout shows /: hello ""
}

func TestTheREADMEShowsThisSite(t *testing.T) {
	source, err := os.ReadFile("site_test.go")
	if err != nil {
		t.Fatal(err)
	}
	plain := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	block := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(section(t, "Sites with pages"))
	if block == nil {
		t.Fatal("there is no program")
	}
	for line := range strings.Lines(block[1]) {
		if line := plain(line); !strings.Contains(plain(string(source)), line) {
			t.Errorf("the example does not have the line %s", line)
		}
	}
}
