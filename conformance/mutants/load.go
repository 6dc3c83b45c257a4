package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// load writes every package's files with their mutants to the folder out, beside an
// overlay for the go command, and returns the mutants and the overlay's path.
func load(root string, packages []string, out string) (mutants []*mutant, overlay string, err error) {
	args := []string{"list", "-export", "-deps", "-json=Dir,ImportPath,Name,Export,GoFiles"}
	for _, p := range packages {
		args = append(args, "./"+p)
	}
	list := exec.Command("go", args...)
	list.Dir, list.Stderr = root, os.Stderr
	output, err := list.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := list.Start(); err != nil {
		return nil, "", err
	}
	type listed struct {
		Dir, ImportPath, Name, Export string
		GoFiles                       []string
	}
	exports := map[string]string{}
	byDir := map[string]listed{}
	for d := json.NewDecoder(output); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			return nil, "", err
		}
		exports[p.ImportPath], byDir[p.Dir] = p.Export, p
	}
	if err := list.Wait(); err != nil {
		return nil, "", err
	}

	replace := map[string]string{}
	write := func(path string, content []byte) error {
		copied := filepath.Join(out, fmt.Sprintf("%d.go", len(replace)))
		replace[path] = copied
		return os.WriteFile(copied, content, 0o600)
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, folder := range packages {
		p := byDir[filepath.Join(root, folder)]
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				return nil, "", err
			}
			files = append(files, f)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
		if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, fset, files, info); err != nil {
			return nil, "", err
		}
		for i, f := range files {
			path := filepath.Join(p.Dir, p.GoFiles[i])
			src, err := os.ReadFile(path)
			if err != nil {
				return nil, "", err
			}
			m := &mutator{fset: fset, info: info, src: src, file: filepath.Join(folder, p.GoFiles[i]), nextID: len(mutants) + 1}
			if err := write(path, m.mutate(f)); err != nil {
				return nil, "", err
			}
			mutants = append(mutants, m.mutants...)
		}
		if err := write(filepath.Join(p.Dir, "mutant_support.go"), support(p.Name, len(mutants)+1)); err != nil {
			return nil, "", err
		}
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	overlay = filepath.Join(out, "overlay.json")
	return mutants, overlay, os.WriteFile(overlay, content, 0o600)
}
