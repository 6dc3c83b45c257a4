package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// suite is a test binary, and those of its tests that are run.
type suite struct {
	folder string   // of the package, relative to the repository
	depth  int      // of the tests that are run one by one: 1, or 3 for the rules of storetest
	args   []string // for the test binary
}

// unit is a test that can be run alone.
type unit struct {
	*suite
	name    string
	took    time.Duration
	reaches map[int]bool // mutants
}

// runner runs the tests of a target.
type runner struct {
	root, temp string
	workers    int
	binaries   map[*suite]string
	units      []*unit // the cheapest first
}

// outcome is what became of a mutant.
type outcome int

const (
	killed  outcome = iota
	overdue         // killed by the time limit
	survived
	unreached // by any test
)

// prepare builds a suite, runs its tests one by one with no mutant on, and notes which
// mutants they reach. It leaves out tests that fail.
func (r *runner) prepare(s *suite, overlay string) error {
	binary := filepath.Join(r.temp, fmt.Sprintf("%d.test", len(r.binaries)))
	r.binaries[s] = binary
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "./"+s.folder)
	build.Dir, build.Stderr = r.root, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the tests of %s: %w", s.folder, err)
	}
	all, _, err := r.command(s, 10*time.Minute, nil, "-test.v")
	if err != nil {
		fmt.Printf("# %s: some tests fail without a mutant: %v\n", s.folder, err)
	}
	var units []*unit
	for _, match := range regexp.MustCompile(`(?m)^ *--- PASS: (\S+) \((\S+)s\)`).FindAllSubmatch(all, -1) {
		if name := string(match[1]); strings.Count(name, "/") == s.depth-1 {
			seconds, _ := strconv.ParseFloat(string(match[2]), 64)
			took := time.Duration(seconds*float64(time.Second)) + time.Millisecond
			units = append(units, &unit{suite: s, name: name, took: took, reaches: map[int]bool{}})
		}
	}
	if len(units) == 0 {
		return fmt.Errorf("%s has no test that passes:\n%s", s.folder, all)
	}
	var mu sync.Mutex
	r.parallel(len(units), func(i int) {
		u := units[i]
		trace := filepath.Join(r.temp, fmt.Sprintf("%s.%d.trace", filepath.Base(binary), i))
		output, _, err := r.command(s, 5*time.Minute, []string{"MUTANT_TRACE=" + trace}, "-test.run", pattern([]*unit{u}))
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			fmt.Printf("# %s: %s fails alone without a mutant and is left out: %v\n%s", s.folder, u.name, err, output)
			return
		}
		reached, _ := os.ReadFile(trace) // it is not there where none is reached
		for line := range strings.Lines(string(reached)) {
			id, _ := strconv.Atoi(strings.TrimSpace(line))
			u.reaches[id] = true
		}
		r.units = append(r.units, u)
	})
	slices.SortStableFunc(r.units, func(a, b *unit) int { return int(a.took - b.took) })
	return nil
}

// try runs the tests that reach a mutant, the cheapest first, until one fails.
func (r *runner) try(id int) (outcome, string) {
	var batch []*unit
	var took time.Duration
	limit := 300 * time.Millisecond // a batch this long is run: most mutants die in the first
	result := unreached
	flush := func() (outcome, string) {
		if len(batch) == 0 {
			return survived, ""
		}
		names := pattern(batch)
		output, late, err := r.command(batch[0].suite, max(20*time.Second, 10*took), []string{fmt.Sprintf("MUTANT=%d", id)},
			"-test.failfast", "-test.run", names)
		batch, took = nil, 0
		switch {
		case late:
			return overdue, ""
		case err != nil:
			return killed, failed(output)
		}
		return survived, ""
	}
	for s := range r.suites() {
		for _, u := range r.units {
			if u.suite != s || !u.reaches[id] {
				continue
			}
			result = survived
			batch = append(batch, u)
			if took += u.took; took > limit {
				limit *= 4
				if o, by := flush(); o != survived {
					return o, by
				}
			}
		}
		if o, by := flush(); o != survived {
			return o, by
		}
	}
	return result, ""
}

// suites yields each suite, in the order in which they were prepared.
func (r *runner) suites() func(yield func(*suite) bool) {
	return func(yield func(*suite) bool) {
		for i := range len(r.binaries) {
			for s, binary := range r.binaries {
				if filepath.Base(binary) == fmt.Sprintf("%d.test", i) && !yield(s) {
					return
				}
			}
		}
	}
}

// failed returns the name of the first test that the output says has failed.
func failed(output []byte) string {
	for s := bufio.NewScanner(bytes.NewReader(output)); s.Scan(); {
		if name, ok := strings.CutPrefix(strings.TrimSpace(s.Text()), "--- FAIL: "); ok {
			return name
		}
	}
	return ""
}

// pattern matches the units and no other test.
func pattern(units []*unit) string {
	var all []string
	for _, u := range units {
		parts := strings.Split(u.name, "/")
		for i, p := range parts {
			parts[i] = "^" + regexp.QuoteMeta(p) + "$"
		}
		all = append(all, strings.Join(parts, "/"))
	}
	return strings.Join(all, "|")
}

// command runs a suite's binary at a low priority and in little memory, and ends all of
// its processes at the limit.
func (r *runner) command(s *suite, limit time.Duration, env []string, args ...string) (output []byte, late bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	shell := []string{"-c", `ulimit -v 16000000; exec nice -n 5 "$@"`, "sh", r.binaries[s]}
	c := exec.CommandContext(ctx, "sh", append(append(shell, s.args...), args...)...)
	c.Dir = filepath.Join(r.root, s.folder)
	c.Env = append(append(os.Environ(), "TMPDIR="+r.temp), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	output, err = c.CombinedOutput()
	if c.Process != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // whatever the tests have started
	}
	return output, ctx.Err() != nil, err
}

// parallel calls f with each number below n.
func (r *runner) parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	numbers := make(chan int)
	for range r.workers {
		wg.Go(func() {
			for i := range numbers {
				f(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	wg.Wait()
}
