package rehearsal

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// layOut writes the release as a file tree that GOPROXY can name (see go help goproxy), and
// returns its root.
func (r *release) layOut(t *testing.T) string {
	t.Helper()
	proxy := t.TempDir()
	for _, folder := range r.modules {
		version := module.Version{Path: r.path(folder), Version: r.version}
		path, err := module.EscapePath(version.Path)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(proxy, filepath.FromSlash(path), "@v")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		source := filepath.Join(r.root, filepath.FromSlash(folder))
		goMod, err := os.ReadFile(filepath.Join(source, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		write := func(name string, text []byte) {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("list", []byte(r.version+"\n"))
		write(r.version+".info", fmt.Appendf(nil, `{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, r.version))
		write(r.version+".mod", goMod)
		r.zip(t, filepath.Join(dir, r.version+".zip"), version, source)
	}
	return proxy
}

// zip writes the zip file of a module: what its folder holds but for the modules below it, and,
// as go does for a module in a subfolder of a repository, the repository's LICENSE.
func (r *release) zip(t *testing.T, name string, version module.Version, source string) {
	t.Helper()
	checked, err := zip.CheckDir(source)
	if err != nil {
		t.Fatal(err)
	}
	files := []zip.File{file{name: "LICENSE", path: filepath.Join(r.root, "LICENSE")}}
	for _, path := range checked.Valid {
		relative, err := filepath.Rel(source, path)
		if err != nil {
			t.Fatal(err)
		}
		if relative == "LICENSE" {
			files = files[1:]
		}
		files = append(files, file{name: filepath.ToSlash(relative), path: path})
	}
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.Create(out, version, files); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := zip.CheckZip(version, name); err != nil {
		t.Fatal(err)
	}
}

// file is a file of a module.
type file struct{ name, path string }

func (f file) Path() string                 { return f.name }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(f.path) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(f.path) }
