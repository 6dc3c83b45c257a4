// Package rehearsal rehearses a release: its test lays the released modules out as a module
// proxy serves them after their tags are pushed, and has programs outside of the repository
// get, build and run them. It has no code of its own and is never released.
package rehearsal
