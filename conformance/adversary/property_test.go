package adversary_test

import "fmt"

// property is a sentence about every schedule.
type property string

const (
	// ownerStays has a precondition, which window_test.go keeps: when a refresh token can
	// be exchanged, nothing that presents an older one is on its way.
	ownerStays property = "(a) without a thief nobody is ever logged out by the library"
	// neitherStays speaks of the store as it is: one that was rolled back has
	// forgotten that a copy was used, until the copy is used again.
	neitherStays property = "(b) a refresh token that is no retry and not current ends the sessions that CompromiseEnds says"
	// oneDescendant excepts the times of a pair whose exchange the store has forgotten and
	// made again, and those that a retry without an access token gets.
	oneDescendant property = "(c) a mapping has one live descendant: pairs of one generation have one reference and one time of exchange"
	// failureChanges is about every request that met a failure of the store.
	failureChanges property = "(d) a store that fails logs nobody out: 503, and the cookies stay"
	// identityStays ends with the access token: one that was issued before the
	// login is valid until it expires. But where Cookies.SessionName is set it is
	// not valid any more in the browser of the login.
	identityStays property = "(e) a late response neither swaps identities nor deletes the cookies of a new login"
	// loginSurvives is about logins that come after the request that detects.
	loginSurvives property = "(f) a login that follows a compromise survives it"
	// forgedChanges is about tokens that were never issued.
	forgedChanges property = "(g) a forged token never reaches the store and never ends a session"
	// toldOnce is about the hooks. A call that the store failed is told as a failure,
	// whatever it has ended.
	toldOnce property = "(h) every session that ends before its time, every compromise and every refresh is told exactly once"
	// asDocumented catches what no sentence above would: responses that no
	// documentation explains.
	asDocumented property = "(i) every response is the one that the documentation gives for the record as it stood"
)

// violation is a property that did not hold, and what was seen.
type violation struct {
	property property
	seen     string
}

func (v *violation) Error() string { return string(v.property) + ": " + v.seen }

// violated ends the schedule.
func violated(p property, format string, args ...any) {
	panic(&violation{p, fmt.Sprintf(format, args...)})
}
