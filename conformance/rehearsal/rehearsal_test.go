package rehearsal

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/storetest/server"
)

// arguments give the programs outside what their stores need.
var arguments = map[string]func(t *testing.T) string{
	"store/bolt":  func(t *testing.T) string { return filepath.Join(t.TempDir(), "tokens.db") },
	"store/gorm":  func(t *testing.T) string { return filepath.Join(t.TempDir(), "tokens.sqlite") },
	"store/redis": func(t *testing.T) string { return server.Redis(t).Addr() },
}

// drivers are what a program outside needs besides its store. It gets them at the
// version that this module requires.
var drivers = map[string][]string{
	"store/gorm": {"gorm.io/driver/sqlite"},
}

func TestRelease(t *testing.T) {
	if os.Getenv("REHEARSE") == "" {
		t.Skip("make rehearse runs it: go test can't see that what it publishes has changed")
	}
	r := newRelease(t)
	readme := r.readmeModules(t)
	if !sameNames(readme, r.modules) {
		t.Errorf("the README says how to get %v, and a release publishes %v", readme, r.modules)
	}
	o := newOutside(t, r)
	for _, module := range r.modules {
		if module == "core" || module == "token/jwt" {
			continue // all programs have them
		}
		t.Run(module, func(t *testing.T) {
			c := o.newConsumer(t, module)
			gets := []string{"core", "token/jwt", module}
			switch {
			case module == "storetest":
				gets = []string{"core", module}
			case strings.HasPrefix(module, "observe/"):
				gets = []string{"core", "token/jwt", "store/memory", module}
			}
			for _, get := range gets {
				c.run("go", "get", r.path(get))
			}
			c.expectGraph()
			for _, driver := range drivers[module] {
				c.run("go", "get", driver+"@"+o.versionHere(driver))
			}
			if module == "storetest" {
				c.run("go", "test", ".")
				return
			}
			run := []string{"go", "run", "."}
			if argument := arguments[module]; argument != nil {
				run = append(run, argument(t))
			}
			if out := c.run(run...); !strings.HasSuffix(out, "ann is logged in\n") {
				t.Errorf("the program said: %s", out)
			}
		})
	}
}

func sameNames(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
