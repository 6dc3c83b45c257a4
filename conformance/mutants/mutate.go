package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"sort"
	"strings"
)

// mutant is one fault.
type mutant struct {
	id            int
	file          string // relative to the repository
	line, col     int
	function      string // or Type.method; empty outside of functions
	operator      string
	before, after string
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d:%d %s %s → %s", m.file, m.line, m.col, m.operator, m.before, m.after)
}

// mutator writes the mutants of one file into its source. Since no more than one mutant
// is on at a time, the code of a mutant is made of the original source, whatever the
// mutants in it.
type mutator struct {
	fset     *token.FileSet
	info     *types.Info
	src      []byte
	file     string
	nextID   int // of the next mutant
	mutants  []*mutant
	edits    []edit
	function string
	results  []*types.Tuple      // of the functions around
	atoms    map[ast.Expr]string // conditions to negate, with the name of the operator
	closes   map[ast.Node]string // what comes after a node
}

// edit replaces del bytes at an offset by text. At one offset, what closes a node comes
// before what opens the next, and nodes open from the outermost to the innermost.
type edit struct {
	at, del int
	text    string
	opens   bool
}

// mutate adds the mutants of a file and returns its new source.
func (m *mutator) mutate(file *ast.File) []byte {
	m.atoms, m.closes = map[ast.Expr]string{}, map[ast.Node]string{}
	var leave []func()
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			leave[len(leave)-1]()
			leave = leave[:len(leave)-1]
			return true
		}
		after := func() {}
		switch n := n.(type) {
		case *ast.FuncDecl:
			m.function = functionName(n)
			m.results = append(m.results, m.info.Defs[n.Name].Type().(*types.Signature).Results())
			after = func() { m.function, m.results = "", m.results[:len(m.results)-1] }
		case *ast.FuncLit:
			m.results = append(m.results, m.info.TypeOf(n).(*types.Signature).Results())
			after = func() { m.results = m.results[:len(m.results)-1] }
		case *ast.GenDecl:
			if n.Tok != token.VAR {
				return false
			}
		case *ast.BlockStmt:
			m.statements(n.List)
		case *ast.CommClause:
			m.statements(n.Body)
		case *ast.CaseClause:
			m.statements(n.Body)
		case *ast.IfStmt:
			m.condition(n.Cond, "condition")
		case *ast.ForStmt:
			m.condition(n.Cond, "condition")
		case *ast.SwitchStmt:
			if n.Tag == nil {
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						m.condition(e, "condition")
					}
				}
			}
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				m.condition(n.X, "condition")
				m.condition(n.Y, "condition")
			}
		}
		if e, ok := n.(ast.Expr); ok {
			m.closes[n] = m.expression(e)
		}
		end := n.End()
		leave = append(leave, func() {
			after()
			m.insert(end, m.closes[n], false)
		})
		return true
	})
	sort.SliceStable(m.edits, func(i, j int) bool {
		a, b := m.edits[i], m.edits[j]
		return a.at < b.at || a.at == b.at && !a.opens && b.opens
	})
	var out []byte
	done := 0
	for _, e := range m.edits {
		out = append(append(out, m.src[done:e.at]...), e.text...)
		done = e.at + e.del
	}
	return append(out, m.src[done:]...)
}

func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		default:
			return types.ExprString(t) + "." + f.Name.Name
		}
	}
}

// add makes a mutant and returns its number.
func (m *mutator) add(n ast.Node, operator, before, after string) int {
	p := m.fset.Position(n.Pos())
	oneLine := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	m.mutants = append(m.mutants, &mutant{m.nextID, m.file, p.Line, p.Column, m.function, operator, oneLine(before), cmp.Or(oneLine(after), "nothing")})
	m.nextID++
	return m.nextID - 1
}

func (m *mutator) insert(at token.Pos, text string, opens bool) {
	m.edits = append(m.edits, edit{m.fset.Position(at).Offset, 0, text, opens})
}

// text returns the original source from one position to another.
func (m *mutator) text(from, to token.Pos) string {
	return string(m.src[m.fset.Position(from).Offset:m.fset.Position(to).Offset])
}

func (m *mutator) source(n ast.Node) string { return m.text(n.Pos(), n.End()) }

// condition notes that a condition that is neither a comparison nor made of others is
// to be negated.
func (m *mutator) condition(e ast.Expr, operator string) {
	switch x := e.(type) {
	case nil:
	case *ast.ParenExpr:
		m.condition(x.X, operator)
	case *ast.BinaryExpr: // has mutants of its own
	default:
		m.atoms[e] = operator
	}
}

var (
	swaps = map[token.Token][]token.Token{
		token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
		token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
		token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
		token.LAND: {token.LOR}, token.LOR: {token.LAND},
	}
	arithmetic = map[token.Token]struct {
		to   token.Token
		call string
	}{
		token.ADD: {token.SUB, "mutantAdd"}, token.SUB: {token.ADD, "mutantSub"},
		token.MUL: {token.QUO, "mutantMul"}, token.QUO: {token.MUL, "mutantQuo"},
	}
	assignments = map[token.Token]token.Token{token.ADD_ASSIGN: token.SUB_ASSIGN, token.SUB_ASSIGN: token.ADD_ASSIGN}
	// nearby is where a comparison with a constant has another boundary, unless that is
	// the one of another operator.
	nearby = map[token.Token][]token.Token{
		token.LSS: {token.SUB}, token.GEQ: {token.SUB}, token.LEQ: {token.ADD}, token.GTR: {token.ADD},
		token.EQL: {token.ADD}, token.NEQ: {token.ADD},
	}
)

// expression opens the mutants of an expression and returns what closes them.
func (m *mutator) expression(e ast.Expr) string {
	t := m.info.Types[e]
	operator, isAtom := m.atoms[e]
	if t.Type == nil || !t.IsValue() || t.Value != nil && !isAtom {
		return ""
	}
	var choices []choice
	before := m.source(e)
	b, isBinary := e.(*ast.BinaryExpr)
	switch {
	case isBinary && arithmetic[b.Op].call != "":
		a := arithmetic[b.Op]
		basic, ok := t.Type.Underlying().(*types.Basic)
		if !ok || basic.Info()&(types.IsInteger|types.IsFloat) == 0 || basic.Info()&types.IsUntyped != 0 {
			return ""
		}
		id := m.add(e, b.Op.String(), before, m.swapped(b, a.to))
		m.insert(e.Pos(), fmt.Sprintf("%s(%d, ", a.call, id), true)
		m.edits = append(m.edits, edit{m.fset.Position(b.OpPos).Offset, 1, ",", true})
		return ")"
	case !isBool(t.Type):
		return ""
	case isBinary:
		for _, to := range swaps[b.Op] {
			choices = append(choices, choice{b.Op.String(), m.swapped(b, to)})
		}
		for _, op := range nearby[b.Op] {
			if m.isSmall(b.Y, op) {
				choices = append(choices, choice{"constant", m.text(b.Pos(), b.Y.Pos()) + m.source(b.Y) + op.String() + "1"})
			}
		}
	case isAtom && before == "true":
		choices = []choice{{operator, "false"}}
	case isAtom && before == "false":
		choices = []choice{{operator, "true"}}
	case isAtom && strings.HasPrefix(before, "!"):
		choices = []choice{{operator, before[1:]}}
	case isAtom:
		choices = []choice{{operator, "!" + before}}
	}
	if len(choices) == 0 {
		return ""
	}
	var opens strings.Builder
	opens.WriteString("(")
	first := m.nextID
	for _, c := range choices {
		fmt.Fprintf(&opens, "mutant(%d) && (%s) || ", m.add(e, c.operator, before, c.after), c.after)
	}
	fmt.Fprintf(&opens, "!mutantIn(%d, %d) && (", first, m.nextID-1)
	m.insert(e.Pos(), opens.String(), true)
	return "))"
}

type choice struct{ operator, after string }

// swapped returns the source of b with another operator.
func (m *mutator) swapped(b *ast.BinaryExpr, to token.Token) string {
	return m.text(b.Pos(), b.OpPos) + to.String() + m.text(b.OpPos+token.Pos(len(b.Op.String())), b.End())
}

func isBool(t types.Type) bool {
	return t == types.Typ[types.Bool] || t == types.Typ[types.UntypedBool]
}

// isSmall reports whether e is an integer constant that can be one more, or one less,
// in its type.
func (m *mutator) isSmall(e ast.Expr, op token.Token) bool {
	t := m.info.Types[e]
	if t.Value == nil || t.Value.Kind() != constant.Int || t.Type.String() == "time.Duration" { // a nanosecond is nothing
		return false
	}
	v, exact := constant.Int64Val(t.Value)
	basic, ok := t.Type.Underlying().(*types.Basic)
	if !exact || !ok || v >= 1<<20 || v <= -1<<20 || basic.Info()&types.IsInteger == 0 {
		return false
	}
	if op == token.SUB {
		return v != 0 || basic.Info()&types.IsUnsigned == 0
	}
	last := map[types.BasicKind]int64{types.Int8: 1<<7 - 1, types.Uint8: 1<<8 - 1, types.Int16: 1<<15 - 1, types.Uint16: 1<<16 - 1}
	return v != last[basic.Kind()] || v == 0
}

// statements opens and closes the mutants of the statements of a block.
func (m *mutator) statements(list []ast.Stmt) {
	for _, s := range list {
		var choices []choice
		before := m.source(s)
		switch s := s.(type) {
		case *ast.ReturnStmt:
			m.returns(s)
			continue
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); !ok || m.source(call.Fun) == "panic" {
				continue
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE || m.source(s.Lhs[0]) == "_" {
				continue
			}
			if to, ok := assignments[s.Tok]; ok && isNumber(m.info.TypeOf(s.Lhs[0])) {
				after := m.text(s.Pos(), s.TokPos) + to.String() + m.text(s.TokPos+2, s.End())
				choices = append(choices, choice{s.Tok.String(), after})
			}
		case *ast.BranchStmt:
			if s.Tok != token.BREAK && s.Tok != token.CONTINUE {
				continue
			}
		case *ast.IncDecStmt, *ast.SendStmt, *ast.DeferStmt, *ast.GoStmt:
		default:
			continue
		}
		opens := ""
		for _, c := range append(choices, choice{"drop", ""}) {
			opens += fmt.Sprintf("if mutant(%d) { %s } else ", m.add(s, c.operator, before, c.after), c.after)
		}
		m.insert(s.Pos(), opens+"{ ", true)
		m.closes[s] = " }"
	}
}

func isNumber(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsNumeric != 0
}

// returns opens the mutants of a return: an error that is nil, a bool that is negated.
func (m *mutator) returns(s *ast.ReturnStmt) {
	results := m.results[len(m.results)-1]
	if results.Len() != len(s.Results) {
		return
	}
	for i, e := range s.Results {
		switch {
		case isBool(results.At(i).Type()):
			m.condition(e, "return")
		case results.At(i).Type() == types.Universe.Lookup("error").Type() && m.source(e) != "nil":
			after := m.text(s.Pos(), e.Pos()) + "nil" + m.text(e.End(), s.End())
			id := m.add(s, "return", m.source(s), after)
			m.insert(s.Pos(), fmt.Sprintf("if mutant(%d) { %s }; ", id, after), true)
		}
	}
}

// support is the source of what the mutants of a package call.
func support(name string, count int) []byte {
	return []byte(strings.NewReplacer("PACKAGE", name, "COUNT", fmt.Sprint(count)).Replace(supportSource))
}

const supportSource = `package PACKAGE

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

var (
	mutantOn, _ = strconv.Atoi(os.Getenv("MUTANT"))
	mutantTrace = mutantOpen(os.Getenv("MUTANT_TRACE"))
	mutantSeen  [COUNT]atomic.Bool
)

func mutantOpen(path string) *os.File {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

func mutant(id int) bool {
	if mutantTrace != nil && !mutantSeen[id].Swap(true) {
		fmt.Fprintln(mutantTrace, id)
	}
	return id == mutantOn
}

func mutantIn(first, last int) bool { return first <= mutantOn && mutantOn <= last }

type mutantNumber interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

func mutantAdd[T mutantNumber](id int, a, b T) T { if mutant(id) { return a - b }; return a + b }
func mutantSub[T mutantNumber](id int, a, b T) T { if mutant(id) { return a + b }; return a - b }
func mutantMul[T mutantNumber](id int, a, b T) T { if mutant(id) { return a / b }; return a * b }
func mutantQuo[T mutantNumber](id int, a, b T) T { if mutant(id) { return a * b }; return a / b }
`
