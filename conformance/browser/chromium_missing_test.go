package browser_test

import (
	"strings"
	"testing"
)

// ended keeps how a test was ended.
type ended struct {
	testing.TB
	how, message string
}

func (e *ended) Helper() {}

func (e *ended) Skip(args ...any)  { e.end("skipped", args[0].(string)) }
func (e *ended) Fatal(args ...any) { e.end("failed", args[0].(string)) }

func (e *ended) end(how, message string) {
	e.how, e.message = how, message
	panic(e) // as FailNow does, it does not return
}

func TestWithoutChromiumTestsAreSkippedButInCI(t *testing.T) {
	if testing.Short() {
		t.Skip("go test -short looks for no browser")
	}
	t.Setenv("PATH", t.TempDir())
	for _, test := range []struct{ ci, want string }{{"", "skipped"}, {"true", "failed"}} {
		t.Setenv("CI", test.ci)
		e := &ended{TB: t}
		func() {
			defer func() { _ = recover() }()
			find(e)
		}()
		if e.how != test.want || !strings.Contains(e.message, "apt-get install chromium") {
			t.Errorf("with CI=%q the test is %s: %s", test.ci, e.how, e.message)
		}
	}
}
