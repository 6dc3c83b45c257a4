// Package storetest tries a [core.RefreshStore] against its contract: the
// comments of that interface, rule by rule.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: func(t *testing.T) core.RefreshStore { return mystore.New(openDB(t)) },
//		})
//	}
//
// Every rule is a sentence of the contract with an id Method/Case, which is the
// name of its subtest:
//
//	go test -run 'TestStore/Exchange/OneWinner'
//
// A failure prints the rule, what was expected, what was seen and the calls that
// led there. What a [Harness] does not provide is skipped, and the skipped subtest
// says what to provide: go test -v shows it.
//
// # What is tried
//
// Each method's success with every field, each of its errors with nothing
// changed afterwards, each boundary of time, size and count; user ids that a
// database may take for each other; contexts that are cancelled before a call and
// at every point on its way where it looks; copies of what goes in and out.
// Then races, of which exactly one caller may win, and whether the store is
// usable afterwards. Random sequences of calls are compared with a model of the
// contract, and one that fails is shortened to the simplest that does (package
// [pgregory.net/rapid], whose flags apply: -rapid.checks sets how many there are, and
// what fails is kept in testdata/rapid to be repeated, unless -rapid.nofailfile).
// Concurrent histories of random calls are judged by a checker for linearizability
// ([github.com/anishathalye/porcupine]).
//
// With Harness.Peer all of what varies is tried a second time across two clients
// of the same data; with Harness.Reopen, that what was acknowledged is there when
// the store is opened again; with Harness.Dump, that no token, secret or MAC of
// sessions that package core led through the store is in its bytes; with
// Harness.Crash, that a process that is killed among concurrent calls loses nothing
// that it acknowledged; with Harness.Disconnect, that a network that refuses, stalls
// or cuts off answers is told as the store's failure, and that histories stay
// linearizable, calls of unknown outcome included.
//
// # What passing shows, and what it doesn't
//
// The suite is itself tried on stores that are broken on purpose, each with one
// realistic bug: every rule fails on some of them, and each of them fails the rules
// about its bug and no others. So a store that passes has none of those bugs.
// It may have others:
//
//   - Races and histories meet some interleavings of many. A run that passes is
//     evidence, not proof; run it often, with -race and under load.
//   - Crashes are those of a process, which the operating system survives: what it
//     has been given to write is written. The power is not cut, no disk is full,
//     and no cluster fails over.
//   - What a call costs is no rule: [Bench] measures it, and it is for people to see
//     that RevokeUser and ListUser grow with one user's records alone.
//   - Nobody waits for real time to pass, so that records with a native TTL do
//     go in the end is not shown, only that they don't go early.
//   - Arguments that the contract excludes are never sent.
//
// The suite sends records that no user has: open a store of its own, never one in
// use. A memory store takes seconds; a store on a server about a minute, because
// races and random sequences are then fewer.
package storetest
