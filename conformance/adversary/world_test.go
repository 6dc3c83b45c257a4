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
	// open returns an empty store. If emptied is set, that is the one that it returned
	// before, and there is only one schedule at a time.
	open    func() core.RefreshStore
	emptied bool
	// thief adds a thief, and nothing is kept inside any window.
	thief bool
	// logins has the owner log in and out.
	logins bool
	// limited limits retries by Config.Grace, and has the owner keep to that.
	limited bool
	// forgets rolls records back, but not their revocations.
	forgets bool
	// restores rolls the whole store back.
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
	rng      *rand.Rand
	trace    func(string)
	counts   map[string]int
	now      time.Time
	users    [2]string
	grace    time.Duration // Config.Grace
	expiry   time.Duration // Config.AccessTokenDuration
	before   time.Duration // Config.RefreshBefore
	life     time.Duration // Config.RefreshTokenDuration
	idle     time.Duration // Config.IdleTimeout
	sessions int           // Config.MaxSessions
	reach    core.CompromiseReach
	servers  []*server
	fastest  time.Duration // how far the clock is ahead that is most
	spread   time.Duration // by how much the clocks differ
	store    *gate
	named    bool // a cookie says which session the last login began
	access   *accessTokens
	ledger   *ledger
	clients  []*client

	failure   error         // what a store that fails returns
	late      time.Duration // by how much the owner is later than the window allows
	forgetful bool          // browsers log in without the cookies of before
	nameless  bool          // browsers do not keep the cookie that says which session it was

	requests []*request // that are not over
	sent     int
	// exchanges is when each generation of each session was exchanged.
	exchanges map[string]map[int64]time.Time
	// arrivedAt is when the login of a session arrived, answeredAt when that of
	// a visit was answered.
	arrivedAt  map[string]time.Time
	answeredAt map[*visit]time.Time
	// options are those of each session's login.
	options map[string]core.LoginOptions
	// told are the sessions whose end was told.
	told map[string]bool
	// restored says that the whole store was rolled back, so that sessions that had
	// ended can go on.
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
		answeredAt: map[*visit]time.Time{}, options: map[string]core.LoginOptions{}, told: map[string]bool{},
	}
	w.store = &gate{history: newHistory(s.open), w: w}
	w.addServers()
	w.clients = append(w.clients, w.newClient("owner"))
	// Where a user can have one session only, that of the phone would be the one.
	if w.chance(50) && (s.logins || w.sessions != 0) {
		w.clients = append(w.clients, w.newClient("phone"))
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

// alone reports whether nobody but the owner has genuine tokens.
func (w *world) alone() bool { return !w.thief }

func (w *world) tracef(format string, args ...any) {
	if w.trace != nil {
		w.trace(w.now.Sub(start).String() + "  " + fmt.Sprintf(format, args...))
	}
}

func (w *world) count(what string) { w.counts[what]++ }

// chance is true in so many of 100.
func (w *world) chance(percent int) bool { return w.rng.IntN(100) < percent }

// pick returns one of them.
func (w *world) pick(of ...time.Duration) time.Duration { return of[w.rng.IntN(len(of))] }

// exchanged notes an exchange that took effect. If the store forgets it and it is made again
// within the window, the earlier counts: its pair can be in use.
func (w *world) exchanged(x core.Exchange, at time.Time) {
	if w.exchanges[x.ID] == nil {
		w.exchanges[x.ID] = map[int64]time.Time{}
	}
	if first, ok := w.exchanges[x.ID][x.Generation]; !ok || at.Before(first) || at.Sub(first) >= w.window() {
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
		w.keep()
	}
	w.finish()
	return nil
}
