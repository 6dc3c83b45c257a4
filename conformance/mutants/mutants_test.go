package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tiny is a module whose test describes half of it.
var tiny = map[string]string{
	"go.mod": "module tiny\n\ngo 1.26.0\n",
	"tiny.go": `package tiny

func IsPositive(n int) bool { return n > 0 }

func Double(n int) int { return n + n }

func IsSmall(n int) bool { return n < 10 || n < 5 }

func Untested() bool { return true }
`,
	"tiny_test.go": `package tiny

import "testing"

func TestIsPositive(t *testing.T) {
	if !IsPositive(1) || IsPositive(-1) {
		t.Fail()
	}
}

func TestIsSmall(t *testing.T) {
	if !IsSmall(9) || IsSmall(10) {
		t.Fail()
	}
}

func TestDouble(t *testing.T) {
	if Double(2) != 4 {
		t.Fail()
	}
}
`,
}

func TestSurvivorsAreToldFromKilledAndEquivalentMutants(t *testing.T) {
	output := runTiny(t, "", "n < 5 → n <= 5", "n < 5 → n < 5-1")
	for _, line := range []string{
		"tiny.go:3:38 > n > 0 → n >= 0\n",
		"tiny.go:9:31 return true → false (no test gets there)\n",
		"# .: killed 8 of 10 (80.0 %, 0 by the time limit); 1 survived, 1 of no test; 2 equivalent besides\n",
	} {
		if !strings.Contains(output, line) {
			t.Errorf("the output lacks %q:\n%s", line, output)
		}
	}
}

func TestAnEquivalentThatIsNoMutantIsAnError(t *testing.T) {
	runTiny(t, "no mutant is: tiny.go | IsSmall | n < 6 → n <= 6", "n < 6 → n <= 6")
}

// runTiny runs the mutants of tiny, with equivalents in IsSmall, and returns the output.
func runTiny(t *testing.T, wantError string, changes ...string) string {
	t.Helper()
	t.Setenv("GOWORK", "off")
	root := t.TempDir()
	for name, content := range tiny {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var equivalents []*equivalent
	for _, c := range changes {
		equivalents = append(equivalents, &equivalent{file: "tiny.go", function: "IsSmall", change: c})
	}
	var output strings.Builder
	err := test(&output, root, target{[]string{"."}, []*suite{{".", 1, nil}}}, equivalents)
	if err != nil && err.Error() != wantError || err == nil && wantError != "" {
		t.Fatalf("error %v, want %s", err, wantError)
	}
	return output.String()
}

func TestEveryOperatorHasItsMutants(t *testing.T) {
	for _, test := range []struct {
		code string // of a function's body
		want []string
	}{
		{"_ = a < b", []string{"< a < b → a <= b", "< a < b → a >= b"}},
		{"_ = a < 9", []string{"< a < 9 → a <= 9", "< a < 9 → a >= 9", "constant a < 9 → a < 9-1"}},
		{"_ = u < 0", []string{"< u < 0 → u <= 0", "< u < 0 → u >= 0"}}, // no uint is -1
		{"_ = a != b", []string{"!= a != b → a == b"}},
		{"_ = y && f()", []string{"&& y && f() → y || f()", "condition y → !y", "condition f() → !f()"}},
		{"if !y {\n}", []string{"condition !y → y"}},
		{"switch {\ncase y:\n}", []string{"condition y → !y"}},
		{"_ = a - b*2", []string{"- a - b*2 → a + b*2", "* b*2 → b/2"}},
		{"_ = 1 + 2\n_ = s + s", nil},
		{"f()", []string{"drop f() → nothing"}},
		{"p.n = 1", []string{"drop p.n = 1 → nothing"}},
		{"a += b", []string{"+= a += b → a -= b", "drop a += b → nothing"}},
		{"for {\nbreak\n}", []string{"drop break → nothing"}},
		{"panic(s)", nil},
		{"g := func() (bool, error) { return false, err }\ng()",
			[]string{"drop g() → nothing", "return return false, err → return false, nil", "return false → true"}},
	} {
		src := "package p\n\nfunc body(a, b int, u uint, y bool, s string, err error, p struct{ n int }, f func() bool) {\n" + test.code + "\n}\n"
		mutants, out := mutateSource(t, src)
		var got []string
		for _, m := range mutants {
			got = append(got, m.operator+" "+m.before+" → "+m.after)
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s has the mutants %q, want %q", test.code, got, test.want)
		}
		if _, err := checkSource(token.NewFileSet(), nil, out, supportStub); err != nil {
			t.Errorf("%s becomes code that does not compile: %v\n%s", test.code, err, out)
		}
	}
}

const supportStub = `package p
func mutant(int) bool
func mutantIn(int, int) bool
func mutantSub(id, a, b int) int
func mutantMul(id, a, b int) int
`

func mutateSource(t *testing.T, src string) ([]*mutant, string) {
	t.Helper()
	fset := token.NewFileSet()
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}}
	files, err := checkSource(fset, info, src)
	if err != nil {
		t.Fatal(err)
	}
	m := &mutator{fset: fset, info: info, src: []byte(src), nextID: 1}
	out := m.mutate(files[0])
	return m.mutants, string(out)
}

func checkSource(fset *token.FileSet, info *types.Info, sources ...string) ([]*ast.File, error) {
	var files []*ast.File
	for _, src := range sources {
		f, err := parser.ParseFile(fset, "p.go", src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	_, err := (&types.Config{}).Check("p", fset, files, info)
	return files, err
}
