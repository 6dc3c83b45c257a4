//go:build race

package adversary_test

// The race detector never frees what it knows of a coroutine, of which there is one for
// each request: all schedules would take more than ten gigabytes.
func init() { raceDetector = true }
