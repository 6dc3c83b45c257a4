package adversary_test

import "fmt"

// property is a sentence about every schedule.
type property string

const (
	// ownerStays has a precondition, which window_test.go keeps: within Grace of
	// an exchange, every request that presents what it replaced has asked the store,
	// or is lost, and the owner has got an answer to a repetition.
	ownerStays property = "(a) the owner alone is never logged out by the library"
	// neitherStays speaks of the store as it is: one that is set back forgets
	// that a copy was used, until that is used again.
	neitherStays property = "(b) once thief and owner have both used diverging copies outside the window, neither stays logged in"
	// oneDescendant excepts the times of a pair whose exchange the store has
	// forgotten and made again: its reference is the same, its iat and exp are new.
	oneDescendant property = "(c) a mapping has one live descendant: pairs of one generation have one reference, iat and exp"
	// failureChanges is of every request that met a failure of the store.
	failureChanges property = "(d) a store that fails logs nobody out: 503, and the cookies stay"
	// identityStays ends with the access token: one that was issued before the
	// login is valid until it expires, as always; but where Cookies.SessionName is
	// set it is valid no longer in the browser of the login.
	identityStays property = "(e) a late answer neither swaps identities nor deletes the cookies of a new login"
	// loginSurvives is of logins that come after the request that detects.
	loginSurvives property = "(f) a login that follows a compromise survives it"
	// forgedChanges is of what was never issued.
	forgedChanges property = "(g) a forged token never reaches the store and never ends a session"
	// asDocumented catches what no sentence above would: answers that no
	// documentation explains.
	asDocumented property = "(h) every answer is the one that the documentation gives for the record as it stood"
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
