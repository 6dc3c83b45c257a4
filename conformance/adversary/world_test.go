package adversary_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// errBroken is the failure of a store.
var errBroken = errors.New("broken")

// start is where every schedule's clock begins.
var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// scenario says what can happen in a schedule.
type scenario struct {
	// open returns an empty store. Where it is the one that it returned before, emptied,
	// there is but one schedule at a time.
	open    func() core.RefreshStore
	emptied bool
	// thief has a thief in it, who frees the owner from all order: nothing is
	// kept inside the window.
	thief bool
	// logins has the owner log in and out.
	logins bool
	// forgets sets back records, but not their revocations.
	forgets bool
	// restores sets back the whole store.
	restores bool
	// servers has two: their clocks differ and, unless the store forgets, the
	// secret is being rotated.
	servers bool
	// steps is how many events there are.
	steps int
	// broken changes something for the worse.
	broken func(w *world, c *core.Config)
}

// world is one schedule under way.
type world struct {
	scenario
	rng       *rand.Rand
	trace     func(string)
	counts    map[string]int
	now       time.Time
	users     [2]string
	grace     time.Duration // Config.Grace
	window    time.Duration // how long the owner takes at most to put things right
	expiry    time.Duration // Config.AccessTokenDuration
	before    time.Duration // Config.RefreshBefore
	life      time.Duration // Config.RefreshTokenDuration
	idle      time.Duration // Config.IdleTimeout
	sessions  int           // Config.MaxSessions
	servers   []*server
	store     *gate
	named     bool  // a cookie says which session the last login began
	failure   error // what a store that fails returns
	forgetful bool  // browsers log in without the cookies of before
	nameless  bool  // browsers do not keep the cookie that says which session it was
	access    *accessTokens
	ledger    *ledger
	clients   []*client

	requests []*request // that are not over
	sent     int
	// exchanges is when each generation of each session was exchanged.
	exchanges map[string]map[int64]time.Time
	// arrivedAt is when the login of a session arrived, answeredAt when that of
	// a visit was answered.
	arrivedAt  map[string]time.Time
	answeredAt map[*visit]time.Time
	// restored says that the whole store was set back, with which sessions that had ended
	// can go on.
	restored bool
}

// newWorld makes the world of a schedule.
func newWorld(s scenario, rng *rand.Rand, trace func(string)) *world {
	w := &world{
		scenario: s, rng: rng, trace: trace, counts: map[string]int{}, now: start,
		failure:   errBroken,
		users:     [2]string{"ada", "bob"},
		access:    &accessTokens{map[string]core.Claims{}},
		ledger:    newLedger(),
		exchanges: map[string]map[int64]time.Time{}, arrivedAt: map[string]time.Time{},
		answeredAt: map[*visit]time.Time{},
	}
	w.store = &gate{newHistory(s.open), w}
	w.addServers()
	w.clients = append(w.clients, &client{name: "owner", user: w.users[0], app: rng.IntN(4) == 0})
	// Where a user can have one session only, that of the phone would be the one.
	if rng.IntN(2) == 0 && (s.logins || w.sessions != 0) {
		w.clients = append(w.clients, &client{name: "phone", user: w.users[0], app: rng.IntN(2) == 0})
	}
	if s.thief {
		w.clients = append(w.clients, &client{name: "thief", user: "mallory", thief: true})
	}
	return w
}

// owners returns the clients of the owner.
func (w *world) owners() []*client {
	if w.thief {
		return w.clients[:len(w.clients)-1]
	}
	return w.clients
}

func (w *world) tracef(format string, args ...any) {
	if w.trace != nil {
		w.trace(w.now.Sub(start).String() + "  " + fmt.Sprintf(format, args...))
	}
}

func (w *world) count(what string) { w.counts[what]++ }

// chance is true in so many of 100.
func (w *world) chance(percent int) bool { return w.rng.IntN(100) < percent }

// exchanged notes an exchange that took effect. Where the store forgets it and it is made again
// within the window, the earlier counts: its pair can be in use.
func (w *world) exchanged(x core.Exchange, at time.Time) {
	if w.exchanges[x.ID] == nil {
		w.exchanges[x.ID] = map[int64]time.Time{}
	}
	if first, ok := w.exchanges[x.ID][x.Generation]; !ok || at.Before(first) || at.Sub(first) >= w.window {
		w.exchanges[x.ID][x.Generation] = at
	}
}

// run is the whole schedule: a login of each client, the events, and the end.
func (w *world) run() (err error) {
	defer func() {
		for _, r := range w.requests {
			if r.stage == running {
				r.stop()
			}
			r.cancel()
		}
		switch v := recover().(type) {
		case nil:
		case *violation:
			err = v
		default:
			panic(v)
		}
	}()
	for _, c := range w.owners() {
		w.now = w.now.Add(time.Duration(w.rng.IntN(3000)+1) * time.Millisecond)
		w.clean(w.send(c, login, c.jar))
	}
	for range w.steps {
		w.step()
	}
	w.finish()
	return nil
}
