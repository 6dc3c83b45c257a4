// Package storetest tests a [core.RefreshStore] against its contract: the comments of
// that interface, rule by rule.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: func(t *testing.T) core.RefreshStore { return mystore.New(openDB(t)) },
//		})
//	}
//
// Every rule is a sentence of the contract. Its ID, Method/Case, is the name of its
// subtest:
//
//	go test -run 'TestStore/Exchange/OneWinner'
//
// A failure prints the rule, what was expected, what was seen and the calls before
// it. A rule that needs more than the [Harness] provides is skipped. The skipped
// subtest says what to provide; go test -v shows it.
//
// # What is tested
//
// Each method is called with success and with each of its errors. The suite compares
// every field, and checks that nothing changed after an error. It tests the boundaries
// of time, size and count, user IDs that a database may confuse, and contexts that are
// cancelled before a call and on its way. It checks that arguments and results
// are copies.
//
// Then come races, of which exactly one caller may win. The results of concurrent
// logins and revocations must add up: every record is returned once, by the call that
// revoked it. Random sequences of calls are compared with a model of the contract. A
// sequence that fails is shortened to the simplest that does. Package
// [pgregory.net/rapid] does that, and its flags apply: -rapid.checks sets the number
// of sequences. What fails is kept in testdata/rapid to be repeated, unless
// -rapid.nofailfile is set. Concurrent histories of random calls are judged by a
// checker for linearizability ([github.com/anishathalye/porcupine]). The model shares
// no code with package core.
//
// A store that implements [core.RecordIterator] is held to that interface as well.
//
// More is tested with these functions of the Harness:
//
//   - Peer: the rules that depend on chance run again across two clients of
//     the same data.
//   - Reopen: what was acknowledged is there when the store is opened again.
//   - Crash: a process that is killed during concurrent calls loses nothing that it
//     acknowledged.
//   - Disconnect: a network that refuses, stalls or cuts off responses is
//     reported as a failure of the store. Histories stay linearizable, with calls of
//     unknown outcome in them.
//   - Break: a store that cannot answer says so, and never that a record is not there.
//   - Dump: no token, secret or MAC of sessions that package core led through the
//     store is in its bytes.
//
// # What passing proves, and what it does not
//
// The suite is itself tested on stores that are broken on purpose, each with one
// realistic bug. Every rule fails on at least one of them, and each of them fails the
// rules about its bug and no others. So a store that passes has none of those bugs. It
// may have others:
//
//   - Races and histories meet some interleavings of many. A run that passes is
//     evidence, not proof. Run it often, with -race and under load.
//   - Crashes are those of a process. The operating system survives them, and with it
//     all that it was given to write. No power is cut, no disk is full, and no
//     cluster fails over.
//   - A call of a network store that failed may take effect later. The suite allows
//     that for stores with Disconnect, and for no others.
//   - The cost of a call is not a rule. [Bench] measures it. It is for you to see that
//     Revoke and ListUser grow with one user's unrevoked records alone, and that
//     DeleteExpired and Records do not hold up other calls.
//   - Dead/Bounded shows that old dead records are no longer readable, not that their
//     space is free again.
//   - The suite waits for no real time to pass. It shows that records with a native TTL
//     do not go early, not that they go in the end.
//   - DeleteExpired should begin with the records that expired first. That
//     is a recommendation, and is not tested.
//   - The suite sends no arguments that the contract excludes.
//
// The suite creates users and records of its own and deletes what has expired. Open an
// empty store for it, never one in use. A store in memory takes seconds. A store on a
// server takes about a minute, with fewer races and random sequences.
package storetest
