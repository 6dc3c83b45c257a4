package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// target is a package to be tested, with those inside of it.
type target struct {
	packages []string
	suites   []*suite
}

// The stores' contract is described by storetest, which runs in the package conformance.
func contract(test string, args ...string) *suite {
	return &suite{"conformance", 3, append(args, "-test.run", "^"+test+"$", "-test.skip", "/.*/Crash")}
}

var targets = []target{
	{[]string{"core", "core/internal/cache", "core/internal/sealed"}, []*suite{
		{"core/internal/cache", 1, nil}, {"core/internal/sealed", 1, nil}, {"core", 1, nil},
	}},
	{[]string{"token/jwt"}, []*suite{{"token/jwt", 1, nil}}},
	{[]string{"store/memory"}, []*suite{{"store/memory", 1, nil}, contract("TestMemory", "-test.short")}},
	{[]string{"store/bolt"}, []*suite{{"store/bolt", 1, nil}, contract("TestBolt", "-test.short")}},
	{[]string{"store/gorm"}, []*suite{{"store/gorm", 1, nil}, contract("TestGormPureGoSQLite", "-test.short")}},
	{[]string{"store/redis"}, []*suite{{"store/redis", 1, nil}, contract("TestRedis")}},
}

var (
	every   = flag.Int("every", 1, "run every `n`th mutant alone")
	only    = flag.String("only", "", "run the mutants alone whose line in the output matches the `regexp`")
	verbose = flag.Bool("v", false, "list the mutants that are killed too")
	workers = flag.Int("workers", 2, "run the tests of so many mutants at a time")
)

func main() {
	flag.Parse()
	code := 0
	for _, t := range targets {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), t.packages[0]) {
			continue
		}
		if err := run(t); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func run(t target) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	equivalents, err := readEquivalents("mutants/equivalent.txt")
	if err != nil {
		return err
	}
	return test(os.Stdout, root, t, equivalents)
}

// test tests a target, and prints its survivors and its score.
func test(w io.Writer, root string, t target, equivalents []*equivalent) error {
	start := time.Now()
	temp, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	mutants, overlay, err := load(root, t.packages, temp)
	if err != nil {
		return err
	}
	known := map[string]*equivalent{}
	for _, e := range equivalents {
		known[e.String()] = e
	}
	for _, m := range mutants {
		if e := known[m.entry()]; e != nil {
			e.matched = true
		}
	}
	var gone []error
	for _, e := range equivalents {
		if folder := filepath.Dir(e.file); slices.Contains(t.packages, folder) && !e.matched {
			gone = append(gone, fmt.Errorf("no mutant is: %s", e))
		}
	}
	if len(gone) > 0 {
		return errors.Join(gone...)
	}
	r := &runner{root: root, temp: temp, workers: *workers, binaries: map[*suite]string{}}
	for _, s := range t.suites {
		if err := r.prepare(s, overlay); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "# %s: %d mutants, %d tests, prepared in %v\n", t.packages[0], len(mutants), len(r.units), time.Since(start).Round(time.Second))
	if *every > 1 {
		fmt.Fprintf(w, "# a sample: every %dth mutant\n", *every)
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	mutants = slices.DeleteFunc(mutants, func(m *mutant) bool {
		return m.id%*every != 0 || !pattern.MatchString(m.String())
	})
	outcomes := make([]outcome, len(mutants))
	by := make([]string, len(mutants))
	done := make([]chan struct{}, len(mutants))
	for i := range done {
		done[i] = make(chan struct{})
	}
	go r.parallel(len(mutants), func(i int) {
		outcomes[i], by[i] = r.try(mutants[i].id)
		close(done[i])
	})

	scores := map[string]*score{}
	for i, m := range mutants {
		<-done[i]
		folder := filepath.Dir(m.file)
		if scores[folder] == nil {
			scores[folder] = &score{}
		}
		e := known[m.entry()]
		scores[folder].add(outcomes[i], e != nil)
		if e != nil && outcomes[i] > overdue {
			e.survived = true
		}
		switch {
		case outcomes[i] <= overdue && *verbose:
			fmt.Fprintf(w, "# killed by %s: %s\n", cmp.Or(by[i], "time"), m)
		case outcomes[i] == survived && e == nil:
			fmt.Fprintln(w, m)
		case outcomes[i] == unreached && e == nil:
			fmt.Fprintln(w, m, "(no test gets there)")
		}
	}
	for _, e := range equivalents {
		if *every == 1 && *only == "" && e.matched && !e.survived {
			fmt.Fprintf(w, "# listed as equivalent, and killed: %s\n", e)
		}
	}
	for _, folder := range t.packages {
		if s := scores[folder]; s != nil {
			fmt.Fprintf(w, "# %s: %s\n", folder, s)
		}
	}
	fmt.Fprintf(w, "# %s took %v\n", t.packages[0], time.Since(start).Round(time.Second))
	return nil
}

// score counts the outcomes of a package's mutants.
type score struct{ outcomes, equivalent [unreached + 1]int }

func (s *score) add(o outcome, isEquivalent bool) {
	if isEquivalent && o > overdue {
		s.equivalent[o]++
		return
	}
	s.outcomes[o]++
}

func (s *score) String() string {
	o := s.outcomes
	total := o[killed] + o[overdue] + o[survived] + o[unreached]
	return fmt.Sprintf("killed %d of %d (%.1f %%, %d by the time limit); %d survived, %d of no test; %d equivalent besides",
		o[killed]+o[overdue], total, 100*float64(o[killed]+o[overdue])/float64(max(total, 1)), o[overdue],
		o[survived], o[unreached], s.equivalent[survived]+s.equivalent[unreached])
}
