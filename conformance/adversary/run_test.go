package adversary_test

import (
	"flag"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	seed      = flag.Uint64("seed", 1, "choose the schedules by `n`")
	schedules = flag.Int("schedules", 0, "run `n` schedules of each scenario, in place of its own number")
	one       = flag.Int("schedule", -1, "run the schedule `n` alone and print it")
)

// raceDetector says that the test is built with it.
var raceDetector bool

// try runs the schedule n of the scenario.
func try(name string, s scenario, n int, trace func(string)) (map[string]int, error) {
	h := fnv.New64a()
	h.Write([]byte(name))
	w := newWorld(s, rand.New(rand.NewPCG(*seed, h.Sum64()+uint64(n))), trace)
	err := w.run()
	return w.counts, err
}

// find runs schedules until one fails, and returns what was seen and which that was.
func find(name string, s scenario, n int) (counts map[string]int, failed int, err error) {
	var (
		mu   sync.Mutex
		next atomic.Int64
		wg   sync.WaitGroup
	)
	failed, counts = -1, map[string]int{}
	workers := runtime.GOMAXPROCS(0)
	if s.emptied {
		workers = 1
	}
	for range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1) - 1)
				mu.Lock()
				stop := err != nil
				mu.Unlock()
				if i >= n || stop {
					return
				}
				seen, e := try(name, s, i, nil)
				mu.Lock()
				for what, n := range seen {
					counts[what] += n
				}
				if e != nil && (failed < 0 || i < failed) {
					failed, err = i, e
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return counts, failed, err
}

// holds runs n schedules and fails the test where one fails. The events named must
// have been seen.
func holds(t *testing.T, s scenario, n int, events ...string) {
	t.Helper()
	if testing.Short() || raceDetector {
		n /= 10
	}
	if *schedules > 0 {
		n = *schedules
	}
	if *one >= 0 {
		_, err := try(t.Name(), s, *one, func(line string) { t.Log(line) })
		if err != nil {
			t.Error(err)
		}
		return
	}
	counts, failed, err := find(t.Name(), s, n)
	if err != nil {
		var lines []string
		try(t.Name(), s, failed, func(line string) { lines = append(lines, line) })
		t.Fatalf("%v\nschedule %d of seed %d; again: go test ./adversary -run '^%s$' -seed %d -schedule %d\n%s",
			err, failed, *seed, strings.ReplaceAll(t.Name(), "/", "$/^"), *seed, failed, strings.Join(lines, "\n"))
	}
	for _, event := range events {
		if counts[event] == 0 {
			t.Errorf("in %d schedules none had: %s", n, event)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%8d %s", counts[what], what)
	}
}
