package jwttoken_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenauth/tokenauth/core"
	jwttoken "github.com/tokenauth/tokenauth/token/jwt"
)

// publisher serves a JWK set as a test says. It is safe for concurrent use.
type publisher struct {
	*httptest.Server
	mu      sync.Mutex
	handler http.Handler
	asked   atomic.Int64
	now     time.Time
}

func newPublisher(t *testing.T, keys ...jwttoken.Key) *publisher {
	t.Helper()
	p := &publisher{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	p.publish(newTokens(t, jwttoken.Options{Keys: keys}).JWKS())
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		p.mu.Lock()
		h := p.handler
		p.mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) publish(h http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handler = h
}

func (p *publisher) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *publisher) advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *publisher) options() jwttoken.RemoteOptions {
	return jwttoken.RemoteOptions{URL: p.URL, Client: p.Client(), Clock: p.clock}
}

func (p *publisher) verifier(t *testing.T) *jwttoken.RemoteVerifier {
	t.Helper()
	v, err := jwttoken.NewRemoteVerifier(t.Context(), p.options())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantAsked fails the test unless the publisher was asked so often since the last time.
func (p *publisher) wantAsked(t *testing.T, want int64) {
	t.Helper()
	if n := p.asked.Swap(0); n != want {
		t.Errorf("the publisher was asked %d times, want %d", n, want)
	}
}

func key(t *testing.T, kid string) jwttoken.Key {
	t.Helper()
	return newKey(t, kid, "ES256", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
}

// signedBy returns a token that the key has signed.
func signedBy(t *testing.T, k jwttoken.Key) string {
	t.Helper()
	return sign(t, newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}}), claims())
}

func status(code int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

func TestARemoteVerifierTakesUpNewKeys(t *testing.T) {
	older, newer, foreign := key(t, "older"), key(t, "newer"), key(t, "foreign")
	p := newPublisher(t, older)
	v := p.verifier(t)
	p.wantAsked(t, 1)
	accepts(t, v, signedBy(t, older), claims())
	p.wantAsked(t, 0)

	p.publish(newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newer, older}}).JWKS())
	p.advance(10 * time.Second)
	accepts(t, v, signedBy(t, newer), claims())
	accepts(t, v, signedBy(t, older), claims())
	p.wantAsked(t, 1)

	// Anybody can write a kid: whatever comes, the publisher is asked now and then.
	for range 5 {
		for range 10 {
			if _, err := v.Verify(signedBy(t, foreign)); !errors.Is(err, jwttoken.ErrUnknownKey) || errors.Is(err, core.ErrKeysUnavailable) {
				t.Errorf("a foreign key: %v, want ErrUnknownKey", err)
			}
		}
		p.advance(10 * time.Second)
	}
	p.wantAsked(t, 4)

	// What is no token at all asks for nothing.
	p.advance(time.Minute)
	for _, text := range []string{"", "junk", "a.b.c", signedBy(t, older) + "x"} {
		refuses(t, v, text)
	}
	p.wantAsked(t, 0)
}

// A key that is taken out, because it was stolen, verifies until the set is fetched again.
func TestARemoteVerifierForgetsOldKeys(t *testing.T) {
	older, newer := key(t, "older"), key(t, "newer")
	p := newPublisher(t, older, newer)
	v := p.verifier(t)
	p.publish(newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newer}}).JWKS())
	p.advance(5 * time.Minute)
	accepts(t, v, signedBy(t, older), claims())
	p.advance(time.Millisecond)
	refuses(t, v, signedBy(t, older))
	accepts(t, v, signedBy(t, newer), claims())
	p.wantAsked(t, 2)
}

func TestForHowLongAJWKSetIsCached(t *testing.T) {
	k := key(t, "k")
	set := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}}).JWKS()
	for _, test := range []struct {
		cacheControl, age string
		want              time.Duration
	}{
		{"", "", 5 * time.Minute},
		{"max-age=600", "", 10 * time.Minute},
		{"public, MAX-AGE=600, immutable", "", 10 * time.Minute},
		{`max-age="600"`, "", 10 * time.Minute},
		{"max-age=600", "200", 400 * time.Second},
		{"max-age=600", "10000", time.Minute},
		{"max-age=600", "junk", 10 * time.Minute},
		{"max-age=0", "", time.Minute},
		{"max-age=-5", "", time.Minute},
		{"max-age=junk", "", 5 * time.Minute},
		{"max-age=99999999999999999999", "", 5 * time.Minute},
		{"max-age=2000000000", "", 24 * time.Hour},
		{"no-store", "", time.Minute},
		{"max-age=600, no-cache", "", time.Minute},
	} {
		t.Run(test.cacheControl+" "+test.age, func(t *testing.T) {
			p := newPublisher(t, k)
			p.publish(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				set.ServeHTTP(rec, r)
				w.Header().Set("Cache-Control", test.cacheControl)
				if test.age != "" {
					w.Header().Set("Age", test.age)
				}
				w.Write(rec.Body.Bytes())
			}))
			o := p.options()
			o.MaxStale = 48 * time.Hour
			v, err := jwttoken.NewRemoteVerifier(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			p.wantAsked(t, 1)
			p.advance(test.want)
			accepts(t, v, signedBy(t, k), claims())
			p.wantAsked(t, 0)
			p.advance(time.Millisecond)
			accepts(t, v, signedBy(t, k), claims())
			p.wantAsked(t, 1)
		})
	}
}

// A publisher that has the same set still says so without it (RFC 9110 §15.4.5).
func TestASetThatHasNotChangedIsNotSentAgain(t *testing.T) {
	k := key(t, "k")
	p := newPublisher(t, k)
	set := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}}).JWKS()
	var statuses []int
	p.publish(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		set.ServeHTTP(rec, r)
		statuses = append(statuses, rec.Code)
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes())
	}))
	v := p.verifier(t)
	for range 2 {
		p.advance(6 * time.Minute)
		accepts(t, v, signedBy(t, k), claims())
	}
	if fmt.Sprint(statuses) != "[200 304 304]" {
		t.Errorf("the answers are %v", statuses)
	}
}

// The old keys go on while the publisher is down or says what cannot be used.
func TestOldKeysServeWhileThePublisherFails(t *testing.T) {
	k, foreign := key(t, "k"), key(t, "foreign")
	secret := strings.Replace(get(t, newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}}).JWKS()).Body.String(), `"kty":"EC"`, `"kty":"oct"`, 1)
	for name, h := range map[string]http.Handler{
		"an error":             status(500),
		"not found":            status(404),
		"nothing new, unasked": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Header.Del("If-None-Match"); w.WriteHeader(204) }),
		"no JSON":              http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }),
		"no keys":              http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"keys":[]}`)) }),
		"a secret":             http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(secret)) }),
		"a set without end": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte(`{"keys":[` + strings.Repeat(" ", 2<<20)))
		}),
		"a set that is cut": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("{"))
		}),
		"a broken connection": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"a way without TLS":   http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound),
		"a way without end":   http.RedirectHandler("/again", http.StatusFound),
	} {
		t.Run(name, func(t *testing.T) {
			p := newPublisher(t, k)
			v := p.verifier(t)
			working := p.handler
			p.publish(h)
			for range 3 {
				p.advance(6 * time.Hour)
				accepts(t, v, signedBy(t, k), claims())
				// Whether this key is a new one cannot be known.
				if _, err := v.Verify(signedBy(t, foreign)); !errors.Is(err, core.ErrKeysUnavailable) || errors.Is(err, jwttoken.ErrToken) {
					t.Errorf("an unknown key: %v, want ErrKeysUnavailable", err)
				}
			}
			p.advance(6 * time.Hour)
			accepts(t, v, signedBy(t, k), claims())
			p.advance(time.Millisecond)
			if _, err := v.Verify(signedBy(t, k)); !errors.Is(err, core.ErrKeysUnavailable) || errors.Is(err, jwttoken.ErrToken) {
				t.Errorf("after a day: %v, want ErrKeysUnavailable", err)
			}
			p.publish(working)
			p.advance(10 * time.Second)
			accepts(t, v, signedBy(t, k), claims())
			if _, err := v.Verify(signedBy(t, foreign)); !errors.Is(err, jwttoken.ErrUnknownKey) {
				t.Errorf("an unknown key afterwards: %v", err)
			}

			p.publish(h)
			if _, err := jwttoken.NewRemoteVerifier(t.Context(), p.options()); err == nil {
				t.Error("there is a verifier without keys")
			}
		})
	}
}

// Over HTTP it is a 503 and never a 401.
func TestKeysThatAreUnavailableAreA503(t *testing.T) {
	k, foreign := key(t, "k"), key(t, "foreign")
	p := newPublisher(t, k)
	v, err := core.NewVerifier(p.verifier(t), core.VerifierConfig{})
	if err != nil {
		t.Fatal(err)
	}
	p.publish(status(500))
	p.advance(time.Hour)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+signedBy(t, foreign))
	rec := httptest.NewRecorder()
	v.TokenRequired(http.NotFoundHandler()).ServeHTTP(rec, r)
	if rec.Code != 503 || rec.Header().Get("Retry-After") == "" || !strings.Contains(rec.Body.String(), "keys_unavailable") {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
}

// Many requests with a new key make one fetch, and those with a known one wait for none.
func TestOneFetchAtATime(t *testing.T) {
	older, newer := key(t, "older"), key(t, "newer")
	p := newPublisher(t, older)
	v := p.verifier(t)
	p.wantAsked(t, 1)
	set := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{newer, older}}).JWKS()
	begun, goOn := make(chan struct{}), make(chan struct{})
	p.publish(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-goOn
		set.ServeHTTP(w, r)
	}))
	p.advance(time.Hour)
	var all sync.WaitGroup
	fresh, known := signedBy(t, newer), signedBy(t, older)
	for range 20 {
		all.Go(func() { accepts(t, v, fresh, claims()) })
	}
	<-begun
	for range 20 {
		accepts(t, v, known, claims())
	}
	close(goOn)
	all.Wait()
	p.wantAsked(t, 1)
}

// Those who wait for a fetch that fails are told so.
func TestAFetchThatFailsFailsForAllWhoWait(t *testing.T) {
	k := key(t, "k")
	p := newPublisher(t, k)
	v := p.verifier(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	p.publish(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-goOn
		w.WriteHeader(500)
	}))
	p.advance(10 * time.Second) // the keys are fresh
	token := signedBy(t, key(t, "foreign"))
	verify := func() {
		if _, err := v.Verify(token); !errors.Is(err, core.ErrKeysUnavailable) {
			t.Errorf("Verify = %v, want ErrKeysUnavailable", err)
		}
	}
	var all sync.WaitGroup
	all.Go(verify)
	<-begun
	for range 20 {
		all.Go(verify)
	}
	close(goOn)
	all.Wait()
	p.wantAsked(t, 2)
}

// A way over other addresses leads to the set if it is short and never leaves HTTPS.
func TestWhereAJWKSetIsRedirected(t *testing.T) {
	k := key(t, "k")
	set := newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}}).JWKS()
	plain := httptest.NewServer(set)
	defer plain.Close()
	p := newPublisher(t, k)
	mux := http.NewServeMux()
	mux.Handle("/0", set)
	for i := 1; i <= 4; i++ {
		mux.Handle(fmt.Sprint("/", i), http.RedirectHandler(fmt.Sprint("/", i-1), http.StatusFound))
	}
	mux.Handle("/plain", http.RedirectHandler(plain.URL, http.StatusFound))
	p.publish(mux)
	for path, follows := range map[string]bool{"/0": true, "/1": true, "/3": true, "/4": false, "/plain": false} {
		o := p.options()
		o.URL += path
		if _, err := jwttoken.NewRemoteVerifier(t.Context(), o); (err == nil) != follows {
			t.Errorf("%s: %v", path, err)
		}
	}
	if p.Client().CheckRedirect != nil {
		t.Error("the caller's client has changed")
	}
}

// body is a response's, which remembers that it was closed.
type body struct {
	io.Reader
	closed *bool
}

func (b body) Close() error { *b.closed = true; return nil }

func TestTheLargestJWKSet(t *testing.T) {
	k := key(t, "k")
	text := get(t, newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}}).JWKS()).Body.String()
	for more, usable := range map[int]bool{0: true, 1: false} {
		closed, accept := false, ""
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			accept = r.Header.Get("Accept")
			padded := text + strings.Repeat(" ", 1<<20-len(text)+more)
			return &http.Response{StatusCode: 200, Body: body{strings.NewReader(padded), &closed}}, nil
		})}
		_, err := jwttoken.NewRemoteVerifier(t.Context(), jwttoken.RemoteOptions{URL: "https://id.example.com/jwks", Client: client})
		if (err == nil) != usable || !usable && !errors.Is(err, jwttoken.ErrKey) {
			t.Errorf("a megabyte and %d: %v", more, err)
		}
		if !closed || accept != "application/jwk-set+json, application/json" {
			t.Errorf("the response is closed: %t; the request accepts %q", closed, accept)
		}
	}
}

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Where the keys may be old for less than the publisher may be asked again, they are unknown.
func TestKeysThatAreTooOldToWait(t *testing.T) {
	k := key(t, "k")
	p := newPublisher(t, k)
	o := p.options()
	o.MaxStale = time.Second
	v := must(jwttoken.NewRemoteVerifier(t.Context(), o))
	p.advance(time.Second)
	accepts(t, v, signedBy(t, k), claims())
	p.advance(time.Millisecond)
	if _, err := v.Verify(signedBy(t, k)); !errors.Is(err, core.ErrKeysUnavailable) {
		t.Errorf("Verify = %v, want ErrKeysUnavailable", err)
	}
	p.advance(10 * time.Second)
	accepts(t, v, signedBy(t, k), claims())
}

// stalled is a transport of a publisher that takes requests and says nothing.
type stalled struct{}

func (stalled) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAFetchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		o := jwttoken.RemoteOptions{URL: "https://id.example.com/jwks", Client: &http.Client{Transport: stalled{}}}
		_, err := jwttoken.NewRemoteVerifier(t.Context(), o)
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second {
			t.Errorf("%v after %v, want the end of its time after 5s", err, took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := jwttoken.NewRemoteVerifier(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("with a cancelled context: %v", err)
		}
	})
}

// transport serves requests without a network.
func transport(h http.Handler) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Result(), nil
	})
}

// While Run waits for a publisher that stalls, callers use the old keys at once.
func TestWithRunNobodyElseFetchesOldKeys(t *testing.T) {
	k := key(t, "k")
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		serve := transport(newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}}).JWKS())
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if down.Load() {
				return stalled{}.RoundTrip(r)
			}
			return serve.RoundTrip(r)
		})}
		v := must(jwttoken.NewRemoteVerifier(t.Context(), jwttoken.RemoteOptions{URL: "https://id.example.com/jwks", Client: client}))
		down.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- v.Run(ctx) }()
		// It tries from 4:55 to 5:00, and again at 5:10.
		time.Sleep(5*time.Minute + 7*time.Second)
		waits := func() time.Duration {
			begun := time.Now()
			accepts(t, v, signedBy(t, k), claims())
			return time.Since(begun)
		}
		if d := waits(); d != 0 {
			t.Errorf("a caller waits for %v", d)
		}
		cancel()
		<-ended
		time.Sleep(10 * time.Second)
		if d := waits(); d != 5*time.Second {
			t.Errorf("without Run a caller fetches for %v, want 5s", d)
		}
	})
}

// With Run nobody who verifies waits for a fetch.
func TestRunFetchesAhead(t *testing.T) {
	older, newer := key(t, "older"), key(t, "newer")
	synctest.Test(t, func(t *testing.T) {
		set := &atomic.Pointer[http.Handler]{}
		publish := func(keys ...jwttoken.Key) {
			h := newTokens(t, jwttoken.Options{Keys: keys}).JWKS()
			set.Store(&h)
		}
		publish(older)
		asked := 0
		client := &http.Client{Transport: transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			(*set.Load()).ServeHTTP(w, r)
		}))}
		v, err := jwttoken.NewRemoteVerifier(t.Context(), jwttoken.RemoteOptions{URL: "https://id.example.com/jwks", Client: client})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- v.Run(ctx) }()
		publish(newer)
		time.Sleep(5*time.Minute - time.Second)
		synctest.Wait()
		if asked != 2 {
			t.Errorf("the publisher was asked %d times, want 2", asked)
		}
		refuses(t, v, signedBy(t, older))
		set.Store(new(status(500)))
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		before := asked
		accepts(t, v, signedBy(t, newer), claims())
		if asked != before || before < 4 {
			t.Errorf("a caller has fetched, or nobody tries again: asked %d, then %d times", before, asked)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestRemoteOptionsThatWillNotDo(t *testing.T) {
	for what, o := range map[string]jwttoken.RemoteOptions{
		"URL":      {URL: ""},
		"https":    {URL: "http://id.example.com/jwks"},
		"begins":   {URL: "https:///jwks"},
		"MaxStale": {URL: "https://id.example.com/jwks", MaxStale: -1},
	} {
		if _, err := jwttoken.NewRemoteVerifier(t.Context(), o); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	p := newPublisher(t, key(t, "k"))
	o := p.options()
	o.Type = "no type"
	if _, err := jwttoken.NewRemoteVerifier(t.Context(), o); err == nil || !strings.Contains(err.Error(), "type") {
		t.Errorf("a type that is none: %v", err)
	}
}

// The audience, the issuer and the type are looked at as by any verifier.
func TestARemoteVerifierLooksAtTheAudience(t *testing.T) {
	k := key(t, "k")
	p := newPublisher(t, k)
	o := p.options()
	o.Audience = "api"
	v := must(jwttoken.NewRemoteVerifier(t.Context(), o))
	refuses(t, v, signedBy(t, k))
	accepts(t, v, sign(t, newTokens(t, jwttoken.Options{Keys: []jwttoken.Key{k}, Audience: "api"}), claims()), claims())
}
