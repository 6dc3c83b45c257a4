package adversary_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// accessTokens is an access-token format that nobody can forge: a token is the
// number of an entry. Like a random signature it makes another text each time.
type accessTokens struct{ issued map[string]core.Claims }

func (a *accessTokens) Sign(c core.Claims) (string, error) {
	text := "access-" + strconv.Itoa(len(a.issued))
	a.issued[text] = c
	return text, nil
}

func (a *accessTokens) Verify(text string) (core.Claims, error) {
	c, ok := a.issued[text]
	if !ok {
		return core.Claims{}, errors.New("not genuine")
	}
	return c, nil
}

// pair is what a client holds: each may be empty. In a browser there may be the cookie
// next to it that says which session the last login began.
type pair struct{ access, refresh, session string }

// mapping is what a refresh token says.
type mapping struct {
	session    string
	generation int64
	ref        core.Ref
	issued     time.Time
	deadline   time.Time
}

func (m mapping) String() string {
	if m.session == "" {
		return "no session"
	}
	return fmt.Sprintf("%s/%d", m.session[8:12], m.generation)
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// read returns what the text of a genuine refresh token says: version ‖ flags ‖ id ‖
// generation ‖ ref ‖ issued ‖ deadline ‖ MAC.
func read(text string) mapping {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 67 {
		return mapping{}
	}
	moment := func(b []byte) time.Time { return time.UnixMilli(int64(binary.BigEndian.Uint64(b))).UTC() }
	return mapping{
		session:    idEncoding.EncodeToString(b[2:27]),
		generation: int64(binary.BigEndian.Uint64(b[27:])),
		ref:        core.Ref(b[35:51]),
		issued:     moment(b[51:]),
		deadline:   moment(b[59:]),
	}
}

// ledger holds what was issued.
type ledger struct {
	// refresh is the texts of refresh tokens.
	refresh map[string]mapping
	// mappings is by session and generation. The texts of the tokens can differ: those of
	// access tokens always, those of refresh tokens if the secret is rotated, if the store
	// has forgotten an exchange, and if a retry without an access token got new times.
	mappings map[string]map[int64]mapping
	// renewed are those of a retry without an access token.
	renewed map[mapping]bool
	// loose are those whose times an exchange that was forgotten can change.
	loose map[string]map[int64]bool
}

func newLedger() *ledger {
	return &ledger{map[string]mapping{}, map[string]map[int64]mapping{}, map[mapping]bool{}, map[string]map[int64]bool{}}
}

// issue notes a pair and checks it against those issued before. An access token is valid
// for that long, and issued again when that little is left. renews is that the request
// was a retry without an access token, which can get new times.
func (l *ledger) issue(p pair, c core.Claims, valid, soon time.Duration, renews bool) {
	m := read(p.refresh)
	l.refresh[p.refresh] = m
	if c.SessionID != m.session || c.Ref != m.ref {
		violated(oneDescendant, "an access token of %v and a refresh token of %v are one pair", c.Ref, m.ref)
	}
	if l.mappings[m.session] == nil {
		l.mappings[m.session] = map[int64]mapping{}
	}
	before, again := l.mappings[m.session][m.generation]
	switch {
	case again && (before.ref != m.ref || !before.deadline.Equal(m.deadline)):
		violated(oneDescendant, "generation %d has the references %v and %v", m.generation, before.ref, m.ref)
	case again && before != m && renews:
		l.renewed[m] = true
	case again && before != m && !l.renewed[m] && !l.renewed[before] && !l.loose[m.session][m.generation]:
		violated(oneDescendant, "generation %d was exchanged at %v and at %v", m.generation, before.issued, m.issued)
	case !l.renewed[m]:
		l.renewed[m] = !again && renews
		l.mappings[m.session][m.generation] = m
	}
	expiry := func(iat time.Time) time.Time {
		if end := iat.Add(valid); end.Before(m.deadline) {
			return end
		}
		return m.deadline
	}
	// There are others once the first access token of the mapping could soon be refreshed.
	first := m.issued.Truncate(time.Second)
	if !c.ExpiresAt.Equal(expiry(c.IssuedAt)) || !c.IssuedAt.Equal(first) && c.IssuedAt.Before(expiry(first).Add(-soon).Truncate(time.Second)) {
		violated(oneDescendant, "the access token is valid from %v to %v, and the exchange was at %v", c.IssuedAt, c.ExpiresAt, m.issued)
	}
}

// forget notes that the store has forgotten the exchange to that generation.
func (l *ledger) forget(session string, generation int64) {
	if l.loose[session] == nil {
		l.loose[session] = map[int64]bool{}
	}
	l.loose[session][generation] = true
}
