package server

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// folders are where Debian keeps servers that no PATH, or root's alone, names. The
// first that has the program wins, after the PATH.
func folders() []string {
	postgresql, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	version := func(folder string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		return n
	}
	slices.SortFunc(postgresql, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	return append(postgresql, "/usr/sbin", "/usr/local/sbin")
}

// find returns the path of a program. If there is none, it ends the test and says that
// the Debian package has it. A test with a server is skipped by go test -short.
func find(t testing.TB, program, debianPackage string) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("go test -short starts no server: this test needs %s", program)
	}
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	for _, folder := range folders() {
		if path, err := exec.LookPath(filepath.Join(folder, program)); err == nil {
			return path
		}
	}
	const message = "this test needs the program %s, on Debian: apt-get install %s. In the tokenauth repository make test installs it."
	if os.Getenv("CI") != "" {
		t.Fatalf(message, program, debianPackage)
	}
	t.Skipf(message, program, debianPackage)
	return ""
}

// programFolder returns the folder that holds the program itself, not the link to it that the PATH
// has: those of one version lie there together.
func programFolder(program string) (string, error) {
	path, err := filepath.EvalSymlinks(program)
	return filepath.Dir(path), err
}
