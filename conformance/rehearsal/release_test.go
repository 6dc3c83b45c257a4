package rehearsal

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// release is what tags on the repository as it lies there would publish.
type release struct {
	root    string   // of the repository
	prefix  string   // of the module paths
	version string   // of all modules
	modules []string // their folders, with slashes
}

// newRelease reads the release from go.work, by the script that the release itself uses, and from
// the go.mod of every module, which require each other at the version.
func newRelease(t *testing.T) release {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(root, "scripts", "released-modules")).Output()
	if err != nil {
		t.Fatal(err)
	}
	r := release{root: root, modules: strings.Fields(string(out))}
	r.prefix = strings.TrimSuffix(r.goMod(t, "core").Module.Mod.Path, "/core")
	for _, module := range r.modules {
		r.check(t, module)
		r.checkFiles(t, module)
	}
	if t.Failed() {
		t.FailNow()
	}
	return r
}

// checkFiles wants the folder of the module to hold what a tag would: nothing that git
// does not know.
func (r *release) checkFiles(t *testing.T, module string) {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "--others", "--", module)
	cmd.Dir = r.root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	if len(out) > 0 {
		t.Errorf("%s holds files that no tag would publish: %s", module, strings.Join(strings.Fields(string(out)), ", "))
	}
}

// check wants the module's path to be that of its folder and all its siblings to be required at
// one version and replaced by their folders.
func (r *release) check(t *testing.T, module string) {
	t.Helper()
	mod := r.goMod(t, module)
	if want := r.path(module); mod.Module.Mod.Path != want {
		t.Errorf("%s/go.mod says %s, want %s", module, mod.Module.Mod.Path, want)
	}
	for _, require := range mod.Require {
		if !strings.HasPrefix(require.Mod.Path, r.prefix+"/") {
			continue
		}
		if r.version == "" {
			r.version = require.Mod.Version
		}
		if require.Mod.Version != r.version {
			t.Errorf("%s/go.mod requires %v, want %s", module, require.Mod, r.version)
		}
	}
	for _, replace := range mod.Replace {
		if !strings.HasPrefix(replace.Old.Path, r.prefix+"/") || !strings.HasPrefix(replace.New.Path, ".") {
			t.Errorf("%s/go.mod replaces %v by %v", module, replace.Old, replace.New)
		}
	}
}

func (r *release) path(module string) string { return r.prefix + "/" + module }

func (r *release) goMod(t *testing.T, module string) *modfile.File {
	t.Helper()
	name := filepath.Join(r.root, filepath.FromSlash(module), "go.mod")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse(name, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

// readmeModules returns the modules in the README's table of go get lines.
func (r *release) readmeModules(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| `go get "+r.prefix+"/…` |")
	if !found {
		t.Fatal("the README has no table of go get lines")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var modules []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1) {
		modules = append(modules, row[1])
	}
	return modules
}
