package storetest

import "fmt"

// Fault is how a network fails between a store and the process that keeps its data.
type Fault int

const (
	// NoFault lets everything pass.
	NoFault Fault = iota
	// Refused resets every connection and refuses new ones.
	Refused
	// Stalled lets nothing pass in either direction, and tells nobody.
	Stalled
	// ResponsesCut lets requests pass, and resets the connection where a response would
	// come back: the call may have taken effect. Later faults are those of ResponseCut.
	ResponsesCut
)

// ResponseCut returns the fault that resets the connection where the nth response would
// come back, counted from 1 over all connections. Everything before and after it passes. So a
// transaction can lose the response to its COMMIT alone.
func ResponseCut(n int) Fault { return ResponsesCut + Fault(n) }

// Response returns the n of ResponseCut(n), and whether the fault is one of these.
func (f Fault) Response() (n int, ok bool) { return int(f - ResponsesCut), f > ResponsesCut }

// faults are all but NoFault.
var faults = []Fault{Refused, Stalled, ResponsesCut}

// String returns the name of the fault.
func (f Fault) String() string {
	switch f {
	case NoFault:
		return "NoFault"
	case Refused:
		return "Refused"
	case Stalled:
		return "Stalled"
	case ResponsesCut:
		return "ResponsesCut"
	}
	if n, ok := f.Response(); ok {
		return fmt.Sprintf("ResponseCut(%d)", n)
	}
	return "unknown fault"
}
