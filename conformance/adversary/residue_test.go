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

// What -residue measures ends here: whoever stays until then is counted as staying.
const workday = 8 * time.Hour

// rhythm is how an owner uses a site: next returns the pause before the next request.
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

// strategy is when a thief refreshes next.
type strategy struct {
	name string
	next func(th *theft) time.Time
	// alone has it use the refresh token alone.
	alone bool
}

var strategies = []strategy{
	{name: "refreshes when its access token expires", next: func(th *theft) time.Time {
		return th.expiry(th.thiefs).Add(time.Duration(th.rng.IntN(500)) * time.Millisecond)
	}},
	{name: "refreshes as late as the window allows", next: func(th *theft) time.Time {
		return th.expiry(th.thiefs).Add(max(th.grace-time.Second, 0))
	}},
	{name: "tries every 5 s", next: func(th *theft) time.Time { return th.last.Add(5 * time.Second) }},
	{name: "tries every 45 s", next: func(th *theft) time.Time { return th.last.Add(45 * time.Second) }},
	{name: "sees the owner refresh, and follows in 1 s", next: func(th *theft) time.Time { return th.seen.Add(time.Second) }},
	{name: "has the refresh token alone, and uses it at once", alone: true, next: func(th *theft) time.Time {
		return th.thiefs.Claims.IssuedAt.Add(max(th.grace, 0) + time.Second)
	}},
}

// theft is one copy of a pair in use.
type theft struct {
	rng            *rand.Rand
	grace          time.Duration
	schema         *core.Schema
	now            time.Time
	owners, thiefs core.Tokens
	// last is when the thief asked last, seen when the owner refreshed last.
	last, seen time.Time
	requests   int
}

func (*theft) expiry(t core.Tokens) time.Time { return t.Claims.ExpiresAt }

// newTheft has the owner log in and the thief copy the pair some time later.
func newTheft(t *testing.T, rng *rand.Rand, grace time.Duration) *theft {
	th := &theft{rng: rng, grace: grace, now: start}
	var err error
	th.schema, err = core.New(newPlainStore(), &accessTokens{map[string]core.Claims{}}, core.Config{
		Secret: secrets[0], Grace: grace, Clock: func() time.Time { return th.now }, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if th.owners, err = th.schema.Login(t.Context(), "ada", core.LoginOptions{}); err != nil {
		t.Fatal(err)
	}
	th.now = th.now.Add(time.Duration(rng.IntN(59000)) * time.Millisecond)
	th.thiefs, th.last, th.seen = th.owners, th.now, never
	return th
}

// run returns for how long the thief stays.
func (th *theft) run(t *testing.T, r rhythm, s strategy) time.Duration {
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
			access := th.thiefs.AccessToken
			if s.alone {
				access = ""
			}
			err = th.refresh(t, &th.thiefs, access)
		} else {
			th.now, th.seen = later(th.now, owner), owner
			err = th.refresh(t, &th.owners, th.owners.AccessToken)
		}
		if errors.Is(err, core.ErrCompromised) {
			return th.now.Sub(since)
		}
	}
	return workday
}

func (th *theft) refresh(t *testing.T, held *core.Tokens, access string) error {
	p, err := th.schema.Refresh(t.Context(), held.RefreshToken, access)
	switch {
	case err == nil:
		*held = p
	case !errors.Is(err, core.ErrCompromised) && !errors.Is(err, core.ErrAccessTokenNotExpired):
		t.Fatal(err)
	}
	return err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// TestResidue prints, for each thief, owner and Grace, in how many of 100 cases the
// thief is unseen after an hour, and after which time half and 95 % are found.
func TestResidue(t *testing.T) {
	if *residue == 0 {
		t.Skip("no -residue")
	}
	graces := []time.Duration{-1, 2 * time.Second, 10 * time.Second, 30 * time.Second}
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
		stay := th.run(t, r, s)
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
