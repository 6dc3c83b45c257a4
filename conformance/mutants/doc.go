// Mutants tests the tests. It makes small faults in the code, mutants, one at a time, and
// runs the tests on each. A mutant is killed if a test fails; one that survives shows a
// behaviour that no test describes, or code that nothing needs.
//
// All mutants of a package are compiled into it at once, through the overlay of the go
// command, and an environment variable turns one of them on. So each costs a run of the
// tests that reach it, and no build. Nothing in the repository is written.
//
// Usage, in the folder conformance:
//
//	go run ./mutants [-every n] [-only regexp] [core token/jwt store/memory store/bolt store/gorm store/redis]
//
// Mutants that no test can kill, because they change nothing that can be seen, are
// listed in equivalent.txt.
package main
