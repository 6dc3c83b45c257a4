package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/storetest/server"
)

// ended keeps how a test was ended.
type ended struct {
	testing.TB
	how, message string
}

func (e *ended) Helper() {}

func (e *ended) Skipf(format string, args ...any)  { e.end("skipped", fmt.Sprintf(format, args...)) }
func (e *ended) Fatalf(format string, args ...any) { e.end("failed", fmt.Sprintf(format, args...)) }

func (e *ended) end(how, message string) {
	e.how, e.message = how, message
	panic(e) // as FailNow does, it does not return
}

func TestMissingProgramIsSkippedButInCI(t *testing.T) {
	if testing.Short() {
		t.Skip("go test -short looks for no program")
	}
	for _, test := range []struct{ ci, want string }{{"", "skipped"}, {"true", "failed"}, {"1", "failed"}} {
		t.Setenv("CI", test.ci)
		e := &ended{TB: t}
		func() {
			defer func() { _ = recover() }()
			server.Find(e, "no-such-server", "its-package")
		}()
		if e.how != test.want || !strings.Contains(e.message, "apt-get install its-package") || !strings.Contains(e.message, "no-such-server") {
			t.Errorf("with CI=%q the test is %s: %s", test.ci, e.how, e.message)
		}
	}
}
