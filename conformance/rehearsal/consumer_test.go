package rehearsal

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

var update = flag.Bool("update", false, "write the golden lists of modules")

// outside is a machine that knows nothing of the repository but what its proxy serves.
type outside struct {
	t   *testing.T
	env []string
}

func newOutside(t *testing.T, r release) *outside {
	t.Helper()
	o := &outside{t: t}
	// What the repository's own builds have fetched need not be fetched again.
	fetched := filepath.Join(o.goEnv("GOMODCACHE"), "cache", "download")
	proxies := []string{"file://" + filepath.ToSlash(r.layOut(t)), "file://" + filepath.ToSlash(fetched), o.goEnv("GOPROXY")}
	o.env = append(os.Environ(),
		"GOWORK=off",
		"GOPROXY="+strings.Join(proxies, ","),
		"GONOPROXY=none",
		// The rehearsed version must not get into the user's cache, where the released one will go.
		"GOMODCACHE="+t.TempDir(),
		// Nobody has published it; what it requires has been checked by its go.sum.
		"GOSUMDB=off",
		// With trimpath the build cache serves whatever the folders are called.
		"GOFLAGS=-mod=mod -modcacherw -trimpath",
	)
	return o
}

func (o *outside) goEnv(name string) string {
	o.t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		o.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// versionHere returns the version of a module that this one is tested with.
func (o *outside) versionHere(module string) string {
	o.t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		o.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// consumer is a module of somebody else's.
type consumer struct {
	*testing.T
	dir, golden string
	env         []string
}

// newConsumer makes a module of the files in testdata that use the released module.
func (o *outside) newConsumer(t *testing.T, module string) *consumer {
	t.Helper()
	source := filepath.Join("testdata", "consumers", filepath.FromSlash(module))
	c := &consumer{T: t, dir: t.TempDir(), golden: filepath.Join(source, "modules.golden"), env: o.env}
	files, err := filepath.Glob(filepath.Join(source, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no program in %s uses %s: %v", source, module, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.dir, filepath.Base(file)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.run("go", "mod", "init", "example.com/consumer")
	return c
}

// run runs a command in the module and returns what it printed.
func (c *consumer) run(command ...string) string {
	c.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = c.dir
	cmd.Env = c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// expectGraph compares the names of the modules in the consumer's go.mod and in its module graph with
// the golden list.
func (c *consumer) expectGraph() {
	c.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "go.mod"))
	if err != nil {
		c.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		c.Fatal(err)
	}
	if len(mod.Replace) > 0 {
		c.Errorf("the consumer replaces modules:\n%s", text)
	}
	list := "# go.mod\n"
	for _, require := range mod.Require {
		list += require.Mod.Path + "\n"
	}
	list += "# module graph\n" + c.run("go", "list", "-m", "-f", "{{if not .Main}}{{.Path}}{{end}}", "all")
	if *update {
		if err := os.WriteFile(c.golden, []byte(list), 0o600); err != nil {
			c.Fatal(err)
		}
	}
	golden, err := os.ReadFile(c.golden)
	if err != nil {
		c.Fatal(err)
	}
	if list != string(golden) {
		c.Errorf("the consumer gets:\n%s\n%s has:\n%s\nscripts/rehearse -update writes it", list, c.golden, golden)
	}
}
