package core_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var (
	secret   = []byte("a secret of the tests: 32 bytes!")
	otherKey = []byte("another secret of tests, 32 byte")
	// start is where every test's clock begins.
	start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
)

// clock is a clock that tests move by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// testTokens is the plainest access-token format: JSON and a MAC.
type testTokens struct {
	key []byte
	// signErr, where it is set, fails every Sign.
	signErr error
}

func (t *testTokens) mac(body string) string {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (t *testTokens) Sign(c core.Claims) (string, error) {
	if t.signErr != nil {
		return "", t.signErr
	}
	text, err := json.Marshal(c)
	body := base64.RawURLEncoding.EncodeToString(text)
	return body + "." + t.mac(body), err
}

func (t *testTokens) Verify(token string) (core.Claims, error) {
	body, mac, _ := strings.Cut(token, ".")
	if !hmac.Equal([]byte(mac), []byte(t.mac(body))) {
		return core.Claims{}, errors.New("wrong MAC")
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return core.Claims{}, err
	}
	var c core.Claims
	err = json.Unmarshal(text, &c)
	return c, err
}

// testStore is a plain store that tests can count, fail and set back.
type testStore struct {
	mu      sync.Mutex
	records map[string]core.Record
	calls   map[string]int
	// before, where it is set, runs before each call of a method, outside the
	// lock; its error is the call's.
	before func(method string) error
	// after does the same when the method has taken effect.
	after func(method string) error
}

func newStore() *testStore {
	return &testStore{records: map[string]core.Record{}, calls: map[string]int{}}
}

func (s *testStore) run(ctx context.Context, method string, do func() error) error {
	s.mu.Lock()
	s.calls[method]++
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		if err := before(method); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	err := do()
	s.mu.Unlock()
	if after != nil {
		if e := after(method); e != nil {
			return e
		}
	}
	return err
}

// total returns how many calls there were, and forgets them.
func (s *testStore) total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		n += c
	}
	clear(s.calls)
	return n
}

// fail makes every call of these methods fail, of all where none are named.
func (s *testStore) fail(err error, methods ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = func(method string) error {
		if len(methods) == 0 || slices.Contains(methods, method) {
			return err
		}
		return nil
	}
}

func (s *testStore) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.after = nil, nil
}

// snapshot and restore set the store back to an earlier state.
func (s *testStore) snapshot() map[string]core.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	copied := map[string]core.Record{}
	for id, r := range s.records {
		copied[id] = r
	}
	return copied
}

func (s *testStore) restore(records map[string]core.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = records
}

// of returns the user's records, the newest first, whether live or not.
func (s *testStore) of(userID string) []core.Record {
	var found []core.Record
	for _, r := range s.records {
		if r.UserID == userID {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b core.Record) int { return core.CompareRecords(b, a) })
	return found
}

// revoke revokes those of the records that are not revoked yet.
func (s *testStore) revoke(records []core.Record, at time.Time) (revoked []core.Record) {
	for _, r := range records {
		if r.RevokedAt.IsZero() {
			r.RevokedAt = at
			s.records[r.ID] = r
			revoked = append(revoked, r)
		}
	}
	return revoked
}

func (s *testStore) Create(ctx context.Context, r core.Record, limit int) (evicted []core.Record, err error) {
	err = s.run(ctx, "Create", func() error {
		if _, ok := s.records[r.ID]; ok {
			return core.ErrExists
		}
		live := slices.DeleteFunc(s.of(r.UserID), func(old core.Record) bool { return !old.Live(r.IssuedAt) })
		s.records[r.ID] = r
		if limit > 0 {
			evicted = s.revoke(live[min(len(live), limit-1):], r.IssuedAt)
		}
		return nil
	})
	return evicted, err
}

func (s *testStore) Get(ctx context.Context, id string) (r core.Record, err error) {
	err = s.run(ctx, "Get", func() error {
		var ok bool
		if r, ok = s.records[id]; !ok {
			return core.ErrNotFound
		}
		return nil
	})
	return r, err
}

func (s *testStore) Exchange(ctx context.Context, x core.Exchange) (r core.Record, err error) {
	err = s.run(ctx, "Exchange", func() error {
		var ok bool
		if r, ok = s.records[x.ID]; !ok {
			return core.ErrNotFound
		}
		if r, ok = r.Exchanged(x); !ok {
			return core.ErrConflict
		}
		s.records[x.ID] = r
		return nil
	})
	return r, err
}

func (s *testStore) Revoke(ctx context.Context, v core.Revocation) (revoked []core.Record, err error) {
	err = s.run(ctx, "Revoke", func() error {
		var selected []core.Record
		for _, r := range s.records {
			if v.Selects(r) {
				selected = append(selected, r)
			}
		}
		slices.SortFunc(selected, func(a, b core.Record) int { return core.CompareRecords(b, a) })
		revoked = s.revoke(selected, v.At)
		return nil
	})
	return revoked, err
}

func (s *testStore) ListUser(ctx context.Context, userID string, at time.Time) (live []core.Record, err error) {
	err = s.run(ctx, "ListUser", func() error {
		live = slices.DeleteFunc(s.of(userID), func(r core.Record) bool { return !r.Live(at) })
		return nil
	})
	return live, err
}

func (s *testStore) DeleteExpired(ctx context.Context, before time.Time, max int) (n int, err error) {
	err = s.run(ctx, "DeleteExpired", func() error {
		for id, r := range s.records {
			if n < max && r.ExpiresAt.Before(before) {
				delete(s.records, id)
				n++
			}
		}
		return nil
	})
	return n, err
}

// events collects what the hooks are told.
type events struct {
	mu   sync.Mutex
	seen []string
	last map[string]core.Event
}

func (e *events) hook(name string) func(context.Context, core.Event) {
	return func(_ context.Context, event core.Event) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.seen = append(e.seen, name)
		if e.last == nil {
			e.last = map[string]core.Event{}
		}
		e.last[name] = event
	}
}

func (e *events) hooks() core.Hooks {
	return core.Hooks{
		Login: e.hook("login"), Refresh: e.hook("refresh"), Retry: e.hook("retry"),
		Compromise: e.hook("compromise"), Revocation: e.hook("revocation"), Rejection: e.hook("rejection"),
	}
}

func (e *events) count(name string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, s := range e.seen {
		if s == name {
			n++
		}
	}
	return n
}

// world is a schema and all that it depends on.
type world struct {
	*core.Schema
	t      *testing.T
	ctx    context.Context
	clock  *clock
	store  *testStore
	tokens *testTokens
	events *events
	log    *strings.Builder
}

// newWorld makes a schema; change alters its config first.
func newWorld(t *testing.T, change func(*core.Config)) *world {
	t.Helper()
	return newWorldOn(t, newStore(), newClock(), change)
}

func newWorldOn(t *testing.T, store *testStore, c *clock, change func(*core.Config)) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), clock: c, store: store, tokens: &testTokens{key: []byte("signing")}, events: &events{}, log: &strings.Builder{}}
	cfg := core.Config{
		Secret: secret, Clock: c.Now, Hooks: w.events.hooks(),
		Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.Schema, err = core.New(store, w.tokens, cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) login(userID string) core.Tokens {
	w.t.Helper()
	pair, err := w.Login(w.ctx, userID, core.LoginOptions{})
	if err != nil {
		w.t.Fatalf("Login(%q): %v", userID, err)
	}
	return pair
}

// refresh refreshes a pair and fails the test where that is refused.
func (w *world) refresh(pair core.Tokens) core.Tokens {
	w.t.Helper()
	next, err := w.Refresh(w.ctx, pair.RefreshToken, pair.AccessToken)
	if err != nil {
		w.t.Fatalf("Refresh: %v", err)
	}
	return next
}

// refused refreshes a pair and fails the test unless that is refused with want.
func (w *world) refused(pair core.Tokens, want error) {
	w.t.Helper()
	if _, err := w.Refresh(w.ctx, pair.RefreshToken, pair.AccessToken); !errors.Is(err, want) {
		w.t.Fatalf("Refresh = %v, want %v", err, want)
	}
}

// outdate refreshes a pair twice, which makes it a stale copy, and returns the pair that
// the session has then. The access token of that is new.
func (w *world) outdate(pair core.Tokens) core.Tokens {
	w.t.Helper()
	for range 2 {
		w.expire()
		pair = w.refresh(pair)
	}
	return pair
}

// live returns how many live sessions the user has.
func (w *world) live(userID string) int {
	w.t.Helper()
	sessions, err := w.Sessions(w.ctx, userID)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(sessions)
}

// expire moves the clock to where an access token issued now has expired.
func (w *world) expire() { w.clock.Advance(time.Minute) }

// samePair fails the test unless both are one pair.
func samePair(t *testing.T, a, b core.Tokens) {
	t.Helper()
	if a != b {
		t.Errorf("not the same pair again: claims %v and %v", a.Claims, b.Claims)
	}
}
