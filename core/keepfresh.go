package core

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
)

// KeepFresh returns a handler that keeps a browser's access token fresh: for sites with
// pages, whose links, images and forms can't refresh by themselves. Put it around the whole
// site or a part of it, outside of TokenRequired and TokenOptional.
//
// If the access token in the request's cookies has expired, KeepFresh refreshes it (see
// [Schema.Refresh]), sets the new cookies and calls next with the same request and its body.
// next sees the claims by ClaimsFrom, new or not, and the handlers inside that check tokens
// accept them. A WebSocket handshake is refreshed too. Bearer tokens and OPTIONS are not.
// Unsafe methods and handshakes are refreshed only if they come from the server's origin or
// one of Config.TrustedOrigins.
//
// KeepFresh answers no request itself. If the refresh is refused, TokenRequired inside
// answers with that refusal, and TokenOptional sees nobody. Cookies that will never be
// accepted again are deleted. A response that sets cookies has Cache-Control no-store,
// whatever next sets, because a shared cache must not give it to others.
//
// An exchange costs one call of the store for each access token's life, and one more for
// each request that runs at the same time. A request that is aborted, or whose response is
// lost, logs nobody out, because the next one is a retry. If Config.Grace limits retries,
// a page that is aborted and loaded again later than that looks like theft.
//
// KeepFresh panics if Cookies.RefreshPath is not "/", because it would never see a
// refresh token, and if Config.Grace is negative, because the parallel requests of one page
// would be thefts.
func (s *Schema) KeepFresh(next http.Handler) http.Handler {
	if path := s.cfg.Cookies.RefreshPath; path != "/" {
		panic("core: KeepFresh needs the refresh token with every request: Cookies.RefreshPath must be /, and it is " + path)
	}
	if s.cfg.Grace < 0 {
		panic("core: KeepFresh needs retries, because a page makes several requests at once: Config.Grace must not be negative")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fresh, w := s.freshen(w, r)
		if fresh == nil {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(fresh))
		if u, ok := w.(uncached); ok {
			u.forbidCaches() // next may have written nothing
		}
	})
}

// freshen looks at the request's cookies, and refreshes an expired access token. It
// returns the context and the writer for the handlers inside. The context is nil if there is
// nothing to say.
func (s *Schema) freshen(w http.ResponseWriter, r *http.Request) (*authorized, http.ResponseWriter) {
	v := s.verifier
	ctx := r.Context()
	if v.authorizedIn(ctx) != nil || r.Method == http.MethodOptions {
		return nil, w
	}
	text, bearer, err := v.presented(r)
	if bearer || err != nil {
		return nil, w
	}
	c, err := v.verify(text, v.cfg.Clock())
	if err != nil && !errors.Is(err, ErrAccessTokenExpired) || v.checkCookieUse(r, c) != nil {
		return nil, w
	}
	if err == nil {
		return &authorized{Context: ctx, claims: c, by: v}, w
	}
	refresh, one := s.cfg.Cookies.refreshToken(r)
	if !one || refresh == "" || v.checkOrigin(r) != nil {
		return nil, w
	}
	pair, err := s.refresh(ctx, refresh, text, refreshOptions{carries: s.checkCookies})
	if err != nil {
		if s.isWorthless(r, err) {
			s.clearCookies(w)
			w = uncached{w}
		}
		return &authorized{Context: ctx, by: v, refused: err}, w
	}
	s.cfg.Cookies.set(w, pair, s.now())
	return &authorized{Context: ctx, claims: pair.Claims, by: v, fresh: true}, uncached{w}
}

// uncached is the response of a request whose handler does not know that it sets cookies.
// It keeps the response out of caches. Its methods are those that handlers look for in a
// response of net/http.
type uncached struct{ http.ResponseWriter }

// forbidCaches is called by all that may send the header. Behind that it changes nothing.
func (u uncached) forbidCaches() { u.Header().Set("Cache-Control", "no-store") }

func (u uncached) WriteHeader(status int) {
	u.forbidCaches()
	u.ResponseWriter.WriteHeader(status)
}

func (u uncached) Write(b []byte) (int, error) {
	u.forbidCaches()
	return u.ResponseWriter.Write(b)
}

// ReadFrom keeps what the response below has for files.
func (u uncached) ReadFrom(from io.Reader) (int64, error) {
	u.forbidCaches()
	return io.Copy(u.ResponseWriter, from)
}

// Flush implements [http.Flusher].
func (u uncached) Flush() { _ = u.FlushError() }

// FlushError is what [http.ResponseController] calls.
func (u uncached) FlushError() error {
	u.forbidCaches()
	return http.NewResponseController(u.ResponseWriter).Flush()
}

// Hijack implements [http.Hijacker].
func (u uncached) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(u.ResponseWriter).Hijack()
}

// Unwrap is for [http.ResponseController].
func (u uncached) Unwrap() http.ResponseWriter { return u.ResponseWriter }
