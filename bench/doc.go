// Package bench measures the modules together, each benchmark beside its floor:
// the least that any implementation must do for the same result. Compare only
// what stands in one run.
package bench
