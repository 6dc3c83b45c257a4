package security

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// statements is how many the table has: a row that is lost is noticed.
const statements = 60

// row is a row of the table: its number, its statement, and who shows it.
var row = regexp.MustCompile(`(?m)^\| (\d+) \| (.+) \| (.+) \|$`)

func TestEveryStatementNamesTestsThatExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]map[string]bool{}
	rows := row.FindAllStringSubmatch(string(text), -1)
	if len(rows) != statements {
		t.Errorf("there are %d statements, want %d", len(rows), statements)
	}
	for i, r := range rows {
		if number, _ := strconv.Atoi(r[1]); number != i+1 {
			t.Errorf("the statement %q has the number %d, want %d", r[2], number, i+1)
		}
		for of := range strings.SplitSeq(r[3], "; ") {
			folder, names, ok := strings.Cut(of, ": ")
			if !ok {
				t.Errorf("statement %s: %q names no folder and tests", r[1], of)
				continue
			}
			if folders[folder] == nil {
				folders[folder] = testsOf(t, folder)
			}
			for name := range strings.SplitSeq(names, ", ") {
				switch skips, ok := folders[folder][name]; {
				case !ok:
					t.Errorf("statement %s: there is no %s in %s", r[1], name, folder)
				case skips:
					t.Errorf("statement %s: %s in %s can be skipped", r[1], name, folder)
				}
			}
		}
	}
}

// TestATestThatIsGoneIsNoticed shows that the test above can fail.
func TestATestThatIsGoneIsNoticed(t *testing.T) {
	known := testsOf(t, "core")
	if _, ok := known["TestChallenges"]; !ok {
		t.Error("a test that is there is not found")
	}
	if _, ok := known["TestNobodyWroteThis"]; ok {
		t.Error("a test that is not there is found")
	}
}

// testsOf returns the tests, fuzz targets and benchmarks of a folder, and whether
// they skip. In storetest the rules are the tests.
func testsOf(t *testing.T, folder string) map[string]bool {
	t.Helper()
	if folder == "storetest" {
		return rulesOf(t)
	}
	known := map[string]bool{}
	for _, f := range parse(t, folder, "*_test.go") {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && isTest(fn.Name.Name) {
				known[fn.Name.Name] = callsSkip(fn)
			}
		}
	}
	return known
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Benchmark")
}

func callsSkip(fn *ast.FuncDecl) (skips bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(s.Sel.Name, "Skip") {
			skips = true
		}
		return true
	})
	return skips
}

// ruleID is the form of a rule's id in storetest.
var ruleID = regexp.MustCompile(`^[A-Z]\w+/[A-Z]\w+$`)

// rulesOf returns the ids of the rules. Every store here runs them all, and where
// one leaves an ability out that is a skipped subtest of that store.
func rulesOf(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for name, f := range parse(t, "storetest", "*.go") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && ruleID.MatchString(text) {
					known[text] = false
				}
			}
			return true
		})
	}
	return known
}

func parse(t *testing.T, folder, pattern string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, folder, pattern))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
	}
	return files
}
