package observe_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

func TestBothObserversDocumentEveryReason(t *testing.T) {
	for _, file := range []string{"../../observe/prometheus/doc.go", "../../observe/otel/doc.go"} {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for reason := range reasons(t) {
			if !regexp.MustCompile(`\b` + reason + `\b`).Match(doc) {
				t.Errorf("%s does not have the reason %s", file, reason)
			}
		}
	}
}

// reasons returns the constants of the type core.Reason that a hook can be told.
func reasons(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../core/errors.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		constant, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := constant.Type.(*ast.Ident); ok && typ.Name == "Reason" {
			for _, value := range constant.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				found[text] = true
			}
		}
		return true
	})
	delete(found, string(core.ReasonInternal))     // no error of core
	delete(found, string(core.ReasonInvalidLogin)) // told to no hook
	return found
}
