package adversary_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// server is one of those that serve the site.
type server struct {
	number   int
	skew     time.Duration // how far its clock is ahead
	schema   *core.Schema
	handlers map[kind]http.Handler
}

var secrets = [][]byte{[]byte("a secret of the model: 32 bytes!"), []byte("the secret after it, 32 bytes ok")}

// forgery is a token under another secret.
var forgery = newForgery()

func newForgery() string {
	s, err := core.New(newPlainStore(), &accessTokens{map[string]core.Claims{}}, core.Config{
		Secret: []byte("the secret of a forger: 32 bytes"), RefreshTokenDuration: 365 * 24 * time.Hour,
		Clock: func() time.Time { return start },
	})
	if err != nil {
		panic(err)
	}
	p, err := s.Login(context.Background(), "ada", core.LoginOptions{})
	if err != nil {
		panic(err)
	}
	return p.RefreshToken
}

// sessionName is the name of the cookie that says which session the last login began.
const sessionName = "session"

// addServers chooses the config and makes the servers.
func (w *world) addServers() {
	pick := func(of ...time.Duration) time.Duration { return of[w.rng.IntN(len(of))] }
	w.grace = pick(2*time.Second, 10*time.Second, 10*time.Second, 30*time.Second)
	w.expiry = max(pick(time.Second, 60*time.Second, 60*time.Second, 300*time.Second), w.grace+time.Second)
	if slack := w.expiry - w.grace - time.Second; slack > 0 && w.chance(30) {
		w.before = time.Duration(w.rng.Int64N(int64(slack))).Truncate(time.Second)
	}
	w.life = pick(7*24*time.Hour, 7*24*time.Hour, time.Hour)
	w.window = w.grace
	w.sessions = []int{0, 2, -1}[w.rng.IntN(3)]
	cfg := core.Config{
		AccessTokenDuration: w.expiry, RefreshTokenDuration: w.life, Grace: w.grace, RefreshBefore: w.before,
		MaxSessions: w.sessions, Logger: slog.New(slog.DiscardHandler),
		Cookies: core.Cookies{AccessTokenName: "access_token", RefreshTokenName: "refresh_token"},
	}
	if w.logins && w.chance(30) {
		w.idle = max(10*time.Minute, w.expiry+time.Second)
		cfg.IdleTimeout = w.idle
	}
	if w.chance(50) {
		w.named = true
		cfg.Cookies.SessionName = sessionName
	}
	if w.chance(20) {
		// The record is looked at before it is exchanged.
		cfg.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) { return nil, nil }
	}
	if w.broken != nil {
		w.broken(w, &cfg)
	}
	n := 1
	if w.scenario.servers {
		n = 2
	}
	for i := range n {
		cfg.Secret, cfg.PreviousSecrets = secrets[i], secrets[1-i:2-i]
		if w.forgets {
			// A mapping sealed under two secrets has two next references, and
			// only the record tells which: it must not forget.
			cfg.Secret, cfg.PreviousSecrets = secrets[0], nil
		}
		w.addServer(cfg, time.Duration(i)*w.grace/4)
	}
	// By the clock that is ahead the window closes so much earlier.
	w.window -= w.servers[n-1].skew
}

func (w *world) addServer(cfg core.Config, skew time.Duration) {
	s := &server{number: len(w.servers), skew: skew}
	cfg.Clock = func() time.Time { return w.now.Add(skew) }
	var err error
	if s.schema, err = core.New(w.store, w.access, cfg); err != nil {
		panic(err)
	}
	s.handlers = map[kind]http.Handler{
		page: s.schema.TokenRequired(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			c, _ := core.ClaimsFrom(r.Context())
			r.Context().Value(requestKey{}).(*request).user200 = c.UserID
		})),
		refresh: s.schema.RefreshAccessToken(nil),
		grant:   s.schema.TokenEndpoint(),
		login:   http.HandlerFunc(s.logIn),
		logout:  http.HandlerFunc(s.logOut),
	}
	w.servers = append(w.servers, s)
}

func (s *server) logIn(w http.ResponseWriter, hr *http.Request) {
	r := hr.Context().Value(requestKey{}).(*request)
	if !r.from.app {
		if err := s.schema.SetTokenCookies(w, hr, r.user, nil); err != nil {
			s.schema.WriteError(w, hr, err)
		}
		return
	}
	p, err := s.schema.Login(hr.Context(), r.user, core.LoginOptions{Replaces: r.pair.refresh})
	if err != nil {
		s.schema.WriteError(w, hr, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]string{"access_token": p.AccessToken, "refresh_token": p.RefreshToken}); err != nil {
		panic(err)
	}
}

func (s *server) logOut(w http.ResponseWriter, hr *http.Request) {
	r := hr.Context().Value(requestKey{}).(*request)
	var err error
	if r.from.app {
		err = s.schema.Logout(hr.Context(), r.pair.refresh)
	} else {
		err = s.schema.ClearTokenCookies(w, hr)
	}
	if err != nil {
		s.schema.WriteError(w, hr, err)
	}
}

// send makes a request that presents the pair; it has not arrived yet.
func (w *world) send(c *client, k kind, p pair) *request {
	w.sent++
	r := &request{id: w.sent, from: c, kind: k, pair: p, user: c.user, after: c.visit, left: c.left, recorder: httptest.NewRecorder()}
	r.on = w.servers[w.rng.IntN(len(w.servers))]
	if m, ok := w.ledger.refresh[p.refresh]; ok {
		r.mapping, r.genuine = m, true
	}
	if k == login {
		r.visit = &visit{user: c.user}
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
