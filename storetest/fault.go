package storetest

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
	// would come back: the call may have taken effect.
	AnswersCut
)

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
	return "unknown fault"
}
