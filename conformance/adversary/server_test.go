package adversary_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
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

// lateResponse is how late core expects a response to arrive after others.
const lateResponse = 10 * time.Second

// config chooses the config of the servers.
func (w *world) config() core.Config {
	switch {
	case w.limited:
		w.grace = w.pick(2*time.Second, 10*time.Second, 30*time.Second)
	case w.thief:
		w.grace = w.pick(0, 0, 0, -1, 2*time.Second, 10*time.Second, 30*time.Second)
	}
	w.expiry = w.pick(60*time.Second, 60*time.Second, 15*time.Second, 300*time.Second)
	if !w.scenario.servers && w.chance(10) {
		w.expiry = time.Second
	}
	w.life = w.pick(7*24*time.Hour, 7*24*time.Hour, time.Hour)
	w.sessions = []int{0, 2, -1}[w.rng.IntN(3)]
	w.reach = []core.CompromiseReach{core.UserSessions, core.OneSession}[w.rng.IntN(2)]
	cfg := core.Config{
		AccessTokenDuration: w.expiry, RefreshTokenDuration: w.life, Grace: w.grace,
		MaxSessions: w.sessions, CompromiseEnds: w.reach, Logger: slog.New(slog.DiscardHandler),
		Cookies: core.Cookies{AccessTokenName: "access_token", RefreshTokenName: "refresh_token"},
		Hooks:   hooks,
	}
	switch n := w.rng.IntN(3); {
	case n == 0:
		w.before = min(10*time.Second, w.expiry/6, w.expiry-time.Second)
	case n == 1:
		cfg.RefreshBefore = -1
	case w.expiry > 2*time.Second:
		w.before = time.Duration(1+w.rng.Int64N(int64(w.expiry-2*time.Second))).Truncate(time.Millisecond) + time.Second
		cfg.RefreshBefore = w.before
	}
	if w.logins && w.chance(30) {
		w.idle = max(10*time.Minute, w.expiry+time.Second)
		cfg.IdleTimeout = w.idle
	}
	cfg.Cookies.SessionName = "-"
	if w.chance(50) {
		w.named = true
		cfg.Cookies.SessionName = sessionName
	}
	if w.chance(20) {
		// The record is looked at before it is exchanged.
		cfg.RefreshClaims = func(context.Context, string, map[string]any) (map[string]any, error) { return nil, nil }
	}
	return cfg
}

// addServers makes the servers.
func (w *world) addServers() {
	cfg := w.config()
	if w.broken != nil {
		w.broken(w, &cfg)
	}
	skews := []time.Duration{0}
	if w.scenario.servers {
		most := 6 * time.Second
		if w.limited {
			most = w.grace / 4
		}
		skew := time.Duration(w.rng.Int64N(int64(2*most))).Truncate(time.Millisecond) - most
		skews = append(skews, skew)
		w.fastest, w.spread = max(skew, 0), skew.Abs()
	}
	for i, skew := range skews {
		cfg.Secret, cfg.PreviousSecrets = secrets[i], secrets[1-i:2-i]
		if w.forgets {
			// A mapping sealed under two secrets has two next references, and
			// only the record tells which: it must not forget.
			cfg.Secret, cfg.PreviousSecrets = secrets[0], nil
		}
		w.addServer(cfg, skew)
	}
}

func (w *world) addServer(cfg core.Config, skew time.Duration) {
	s := &server{number: len(w.servers), skew: skew}
	cfg.Clock = func() time.Time { return w.now.Add(skew) }
	var err error
	if s.schema, err = core.New(w.store, w.access, cfg); err != nil {
		panic(err)
	}
	var slow http.Handler // a page that takes its time, and can be closed meanwhile
	if w.chance(50) {
		slow = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requestOf(r.Context()).pause("in the page")
			w.WriteHeader(http.StatusNoContent)
		})
	}
	s.handlers = map[kind]http.Handler{
		page: s.schema.TokenRequired(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			c, _ := core.ClaimsFrom(r.Context())
			requestOf(r.Context()).user200 = c.UserID
		})),
		refresh: s.schema.RefreshAccessToken(slow),
		grant:   s.schema.TokenEndpoint(),
		login:   http.HandlerFunc(s.logIn),
		logout:  http.HandlerFunc(s.logOut),
	}
	w.servers = append(w.servers, s)
}

func (s *server) logIn(w http.ResponseWriter, hr *http.Request) {
	r := requestOf(hr.Context())
	if !r.from.app {
		if _, err := s.schema.SetTokenCookies(w, hr, r.user, r.options); err != nil {
			s.schema.WriteError(w, hr, err)
		}
		return
	}
	options := r.options
	options.Replaces = r.pair.refresh
	p, err := s.schema.Login(hr.Context(), r.user, options)
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
	r := requestOf(hr.Context())
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
