package storetest

import "fmt"

// Fault is how a network fails between a store and the process that keeps its data.
type Fault int

const (
	// Mended is no fault: everything passes.
	Mended Fault = iota
	// Refused resets every connection and refuses new ones.
	Refused
	// Stalled lets nothing pass in either direction, and tells nobody.
	Stalled
	// AnswersCut lets requests pass, and resets the connection where an answer
	// would come back: the call may have taken effect. Later faults are those of
	// AnswerCut.
	AnswersCut
)

// AnswerCut returns the fault that resets the connection where the nth answer would come
// back, counted from 1 over all connections. Everything before and after it passes. So a
// transaction can lose the answer to its COMMIT alone.
func AnswerCut(n int) Fault { return AnswersCut + Fault(n) }

// Answer returns the n of AnswerCut(n), and whether the fault is one of these.
func (f Fault) Answer() (n int, ok bool) { return int(f - AnswersCut), f > AnswersCut }

// faults are all but Mended.
var faults = []Fault{Refused, Stalled, AnswersCut}

// String returns the name of the fault.
func (f Fault) String() string {
	switch f {
	case Mended:
		return "Mended"
	case Refused:
		return "Refused"
	case Stalled:
		return "Stalled"
	case AnswersCut:
		return "AnswersCut"
	}
	if n, ok := f.Answer(); ok {
		return fmt.Sprintf("AnswerCut(%d)", n)
	}
	return "unknown fault"
}
