package storetest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// checkProperty has rapid look for a sequence of draws that fails the property and
// for the simplest such, and returns what rapid says of it, empty if it finds none.
// The name is the test's.
func checkProperty(name string, property func(*rapid.T)) (verdict string) {
	var s sink
	s.name = name
	defer func() {
		if p := recover(); p != nil && p != any(errStop) {
			panic(p)
		}
		if s.failed {
			verdict, _, _ = strings.Cut(s.errors.String(), "\nFailed test output:")
			verdict = strings.ReplaceAll(strings.TrimSpace(verdict), "\n", "\n            ")
		}
	}()
	rapid.Check(&s, property)
	return ""
}

// errStop is what FailNow panics with, to come back to checkProperty.
var errStop = fmt.Errorf("storetest: the property is decided")

// sink is a rapid.TB that keeps the errors and fails no test.
type sink struct {
	name   string
	failed bool
	errors strings.Builder
}

func (s *sink) Helper()             {}
func (s *sink) Name() string        { return s.name }
func (s *sink) Failed() bool        { return s.failed }
func (s *sink) Log(...any)          {} // what was drawn: the calls tell it better
func (s *sink) Logf(string, ...any) {}
func (s *sink) Fail()               { s.failed = true }
func (s *sink) FailNow()            { s.failed = true; panic(errStop) }
func (s *sink) SkipNow()            { s.FailNow() }
func (s *sink) Skip(args ...any)    { s.Fatal(args...) }
func (s *sink) Error(args ...any)   { s.Errorf("%s", fmt.Sprint(args...)) }
func (s *sink) Fatal(args ...any)   { s.Error(args...); s.FailNow() }

func (s *sink) Errorf(format string, args ...any) {
	s.failed = true
	fmt.Fprintf(&s.errors, format+"\n", args...)
}

func (s *sink) Skipf(format string, args ...any) { s.Fatalf(format, args...) }

func (s *sink) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	s.FailNow()
}
