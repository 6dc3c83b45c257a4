package adversary_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
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
// beside it that says which session the last login began.
type pair struct{ access, refresh, session string }

// mapping is what a refresh token says.
type mapping struct {
	session    string
	generation int64
	ref        core.Ref
	issued     time.Time
}

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// read returns what the text of a genuine refresh token says: version ‖ id ‖
// generation ‖ ref ‖ issued ‖ deadline ‖ MAC.
func read(text string) mapping {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 58 {
		return mapping{}
	}
	return mapping{
		session:    idEncoding.EncodeToString(b[1:26]),
		generation: int64(binary.BigEndian.Uint64(b[26:])),
		ref:        core.Ref(b[34:50]),
		issued:     time.UnixMilli(int64(binary.BigEndian.Uint64(b[50:]))).UTC(),
	}
}

// issued is a pair that a server gave out, without its texts: those of access
// tokens can differ, and those of refresh tokens where the secret is rotated.
type issued struct {
	mapping
	iat, exp time.Time
}

// ledger holds what was issued.
type ledger struct {
	// refresh is the texts of refresh tokens.
	refresh map[string]mapping
	// pairs is by session and generation.
	pairs map[string]map[int64]issued
	// loose are those whose times an exchange that was forgotten can change.
	loose map[string]map[int64]bool
}

func newLedger() *ledger {
	return &ledger{map[string]mapping{}, map[string]map[int64]issued{}, map[string]map[int64]bool{}}
}

// issue notes a pair and checks it against those issued before.
func (l *ledger) issue(p pair, c core.Claims) {
	m := read(p.refresh)
	l.refresh[p.refresh] = m
	now := issued{m, c.IssuedAt, c.ExpiresAt}
	if c.SessionID != m.session || c.Ref != m.ref {
		violated(oneDescendant, "an access token of %v and a refresh token of %v are one pair", c.Ref, m.ref)
	}
	if l.pairs[m.session] == nil {
		l.pairs[m.session] = map[int64]issued{}
	}
	before, again := l.pairs[m.session][m.generation]
	l.pairs[m.session][m.generation] = now
	switch {
	case !again:
	case before.ref != now.ref:
		violated(oneDescendant, "generation %d has the references %v and %v", m.generation, before.ref, now.ref)
	case before != now && !l.loose[m.session][m.generation]:
		violated(oneDescendant, "generation %d was issued at %v and at %v", m.generation, before.issued, now.issued)
	}
}

// forget notes that the store has forgotten the exchange to that generation.
func (l *ledger) forget(session string, generation int64) {
	if l.loose[session] == nil {
		l.loose[session] = map[int64]bool{}
	}
	l.loose[session][generation] = true
}
