// Package adversary tests the refresh protocol as a whole: a model of browsers, a
// network, servers and a store in which everything that can go wrong does, in an
// order that a seed decides. It has no code of its own and is never released.
//
// # The model
//
// The owner's browsers have tabs that share the cookies of one jar; or the owner is
// an app without cookies. A thief has copies of what they hold, taken at some moment:
// both tokens, or the refresh token alone. A forger sends what is no token. They call
// the handlers of [core.Schema] at random times. Each call of the store that a request
// makes is a point where anything else can happen before it goes on: it can fail before
// it takes effect or after, and its request can be cancelled. Requests and answers are
// lost, delayed, overtaken and repeated. The cookies of an answer are set one by
// one, and other requests take them in between. The store is set back; users log
// in and out. Time is virtual and nothing sleeps.
//
// Any store can be set back: of the calls that changed it, those before some moment are
// made again on an empty one, or all but the last exchanges of one session. Tens of
// thousands of schedules run on the store in memory, hundreds of the same on bolt, SQLite,
// Redis, PostgreSQL and MariaDB each, whose servers the test starts.
//
// # What it presupposes
//
// Of the owner alone, in whose name nothing may go wrong:
//
//   - A request that presents a token that another has exchanged meanwhile is done
//     within Grace of that, or lost; a refresh whose answer is lost is repeated within
//     it. The servers' clocks differ by less, and that counts against it. An exchange
//     counts even if the store forgets it.
//   - A browser sets the cookies of one answer before those of another.
//   - People log in and out one thing at a time.
//   - A login does not cross with the refusal of a session that had been over for
//     Grace before: that deletes cookies, and would delete those of the login.
//   - A store that forgets exchanges forgets no logins, and does so neither while a
//     secret is rotated nor while an answer is on its way for longer than Grace.
//
// Where there is a thief, only the second and the third.
//
// # What it shows
//
// The properties are in property_test.go, each as a sentence. A failure prints the
// seed and the schedule; -schedule repeats that one alone. Each property is shown able
// to fail, by a model in which something is broken on purpose.
//
// -residue measures what the protocol leaves open: for how long a thief who is always
// inside the grace window stays unseen.
package adversary
