package adversary_test

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

var residue = flag.Int("residue", 0, "measure for how long a thief stays unseen, on `n` thefts each")

// What -residue measures ends here: a thief who stays until then is counted as staying.
const workday = 8 * time.Hour

// The lifetimes of access tokens are the defaults.
const (
	residueExpiry = 60 * time.Second
	residueBefore = 10 * time.Second
)

// rhythm is how an owner uses a site: next returns the pause before the next request. The
// first request after the access token has expired refreshes.
type rhythm struct {
	name string
	next func(rng *rand.Rand) time.Duration
}

var rhythms = []rhythm{
	{"a page that asks by itself every 5 s", func(*rand.Rand) time.Duration { return 5 * time.Second }},
	{"always there (a request every 3 s)", func(rng *rand.Rand) time.Duration { return pause(rng, 3*time.Second) }},
	{"at work (every 5 s, away for 5 min after some 3 min)", func(rng *rand.Rand) time.Duration {
		if rng.IntN(36) == 0 {
			return pause(rng, 5*time.Minute)
		}
		return pause(rng, 5*time.Second)
	}},
	{"now and then (every 10 min)", func(rng *rand.Rand) time.Duration { return pause(rng, 10*time.Minute) }},
}

// pause returns a random time with that mean.
func pause(rng *rand.Rand, mean time.Duration) time.Duration {
	return time.Duration(rng.ExpFloat64() * float64(mean)).Truncate(time.Millisecond)
}

// strategy is when a thief asks next, and what it does then: it refreshes if do is nil.
type strategy struct {
	name string
	next func(th *theft) time.Time
	do   func(th *theft) error
}

var strategies = []strategy{
	{name: "refreshes when its access token expires", next: func(th *theft) time.Time {
		return th.expiry(th.thiefs).Add(time.Duration(th.rng.IntN(500)) * time.Millisecond)
	}},
	{name: "refreshes as late as the window allows", next: func(th *theft) time.Time {
		late := th.grace
		if late == 0 {
			late = residueExpiry // the owner's next exchange
		}
		return th.expiry(th.thiefs).Add(max(late-time.Second, 0))
	}},
	{name: "tries every 5 s", next: func(th *theft) time.Time { return th.last.Add(5 * time.Second) }},
	{name: "tries every 45 s", next: func(th *theft) time.Time { return th.last.Add(45 * time.Second) }},
	{name: "sees the owner refresh, and follows in 1 s", next: func(th *theft) time.Time { return th.seen.Add(time.Second) }},
	{name: "has the refresh token alone, and uses it at once", next: func(th *theft) time.Time {
		return th.thiefs.Claims.IssuedAt.Add(max(th.grace, lateResponse) + time.Second)
	}, do: func(th *theft) error { return th.refresh(&th.thiefs, "") }},
	{name: "knows the rules: keeps the token before, and asks every 5 s whether the owner has moved on", next: (*theft).nextQuestion, do: (*theft).question},
}

// theft is one copy of a pair in use.
type theft struct {
	t              *testing.T
	rng            *rand.Rand
	grace          time.Duration
	schema         *core.Schema
	now            time.Time
	owners, thiefs core.Tokens
	// last is when the thief asked last, seen when the owner refreshed last.
	last, seen time.Time
	requests   int
	// before is what the thief had before thiefs. level says that the owner has thiefs
	// too.
	before core.Tokens
	level  bool
	// first is when the first access token of thiefs expires.
	first time.Time
}

func (*theft) expiry(t core.Tokens) time.Time { return t.Claims.ExpiresAt }

// newTheft has the owner log in and the thief copy the pair some time later.
func newTheft(t *testing.T, rng *rand.Rand, grace time.Duration) *theft {
	th := &theft{t: t, rng: rng, grace: grace, now: start, level: true}
	var err error
	th.schema, err = core.New(newPlainStore(), &accessTokens{map[string]core.Claims{}}, core.Config{
		Secret: secrets[0], Grace: grace, AccessTokenDuration: residueExpiry, RefreshBefore: residueBefore,
		Clock: func() time.Time { return th.now }, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if th.owners, err = th.schema.Login(t.Context(), "ada", core.LoginOptions{}); err != nil {
		t.Fatal(err)
	}
	th.now = th.now.Add(time.Duration(rng.IntN(59000)) * time.Millisecond)
	th.thiefs, th.before, th.last, th.seen = th.owners, th.owners, th.now, never
	return th
}

// run returns for how long the thief stays.
func (th *theft) run(r rhythm, s strategy) time.Duration {
	since := th.now
	owner := th.now
	for th.now.Sub(since) < workday {
		for owner.Before(th.expiry(th.owners)) {
			owner = owner.Add(r.next(th.rng))
		}
		var err error
		if thief := s.next(th); thief.Before(owner) {
			th.now, th.last, th.seen = later(th.now, thief), thief, never
			th.requests++
			if s.do != nil {
				err = s.do(th)
			} else {
				err = th.refresh(&th.thiefs, th.thiefs.AccessToken)
			}
		} else {
			th.now, th.seen = later(th.now, owner), owner
			err = th.refresh(&th.owners, th.owners.AccessToken)
		}
		if errors.Is(err, core.ErrCompromised) {
			return th.now.Sub(since)
		}
	}
	return workday
}

func (th *theft) refresh(held *core.Tokens, access string) error {
	p, err := th.schema.Refresh(th.t.Context(), held.RefreshToken, access)
	switch {
	case err == nil:
		*held = p
	case !errors.Is(err, core.ErrCompromised) && !errors.Is(err, core.ErrAccessTokenNotExpired):
		th.t.Fatal(err)
	}
	return err
}

// nextQuestion returns when a thief who knows the rules asks next. While its access token
// cannot be refreshed, the answer tells whether the owner has moved on, and moves nothing.
func (th *theft) nextQuestion() time.Time {
	last := th.expiry(th.thiefs).Add(-residueBefore)
	switch next := th.last.Add(5 * time.Second); {
	case next.Before(last):
		return next
	case th.level || th.grace != 0:
		return last
	default:
		return th.expiry(th.thiefs).Add(time.Millisecond)
	}
}

// question asks. A thief that is one exchange ahead of the owner gets its next access
// tokens with the token before, where that is a retry for ever. It does so right after an
// answer that the owner has not moved on.
func (th *theft) question() error {
	held := th.thiefs
	last := th.expiry(held).Add(-residueBefore)
	early := th.now.Before(last)
	if early || th.level || th.grace != 0 {
		switch err := th.refresh(&th.thiefs, held.AccessToken); {
		case err == nil:
			th.before, th.level, th.first = held, early, th.expiry(th.thiefs)
			return nil
		case !errors.Is(err, core.ErrAccessTokenNotExpired) || th.level || th.grace != 0:
			return err
		}
		if th.now.Add(5*time.Second).Before(last) || th.now.Before(th.first) {
			return nil // there is time, or there would be no new access token
		}
	}
	before := th.before
	err := th.refresh(&before, "")
	if err == nil {
		th.thiefs = before
	}
	return err
}

// TestResidue prints, for each thief, owner and Grace, in how many of 100 cases the
// thief is unseen after an hour, and after which time half and 95 % are found.
func TestResidue(t *testing.T) {
	if *residue == 0 {
		t.Skip("no -residue")
	}
	graces := []time.Duration{-1, 2 * time.Second, 10 * time.Second, 30 * time.Second, 0}
	for _, s := range strategies {
		t.Logf("The thief %s:", s.name)
		for _, r := range rhythms {
			var cells []string
			for i, grace := range graces {
				rng := rand.New(rand.NewPCG(*seed, uint64(i)))
				cells = append(cells, measure(t, rng, grace, r, s))
			}
			t.Logf("| %s | %s |", r.name, strings.Join(cells, " | "))
		}
	}
}

func measure(t *testing.T, rng *rand.Rand, grace time.Duration, r rhythm, s strategy) string {
	var stays []time.Duration
	requests, hour := 0, 0
	var total time.Duration
	for range *residue {
		th := newTheft(t, rng, grace)
		stay := th.run(r, s)
		stays = append(stays, stay)
		requests += th.requests
		total += stay
		if stay >= time.Hour {
			hour++
		}
	}
	slices.Sort(stays)
	return fmt.Sprintf("%d %%, %s, %s, %.0f/h", 100*hour / *residue, short(stays[len(stays)/2]), short(stays[len(stays)*95/100]),
		float64(requests)/total.Hours())
}

func short(d time.Duration) string {
	switch {
	case d >= workday:
		return "> 8 h"
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	default:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
}
