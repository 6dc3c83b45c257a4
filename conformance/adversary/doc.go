// Package adversary tests the refresh protocol as a whole: a model of clients, a
// network, servers and a store in which everything that can go wrong does, in an
// order that a seed decides. It has no code of its own and is never released.
//
// # The model
//
// The owner has browsers, whose tabs share the cookies of one jar, and apps without
// cookies. Some apps keep the refresh token alone, as command-line clients do. Some
// clients obey a 409 and go on with their access token; others ask again. A thief has
// copies of what the owner holds, taken at some moment: both tokens, or the refresh token
// alone. A forger sends tokens that were never issued. They call the handlers of
// [core.Schema] at random times.
//
// Each call of the store that a request makes is a point where anything else can happen
// before the request goes on. The call can fail before it takes effect or after, or fail
// and take effect later. The request can be cancelled. Requests and responses are lost,
// delayed, overtaken and repeated. The cookies of a response are set one by one, and
// other requests take them in between. A page is closed while it loads. A client loses a
// response and sleeps for hours. A browser is killed, starts again with the cookies that
// were on its disk, and restores six tabs at once. The store is rolled back; users log in
// and out. Time is virtual and nothing sleeps.
//
// Any store can be rolled back: of the calls that changed it, those before some moment are
// made again on an empty one, or all but the last exchanges of one session. Tens of
// thousands of schedules run on the store in memory, hundreds of the same on bolt, SQLite,
// Redis, PostgreSQL and MariaDB each, whose servers the test starts. The stories in
// stories_test.go are schedules written by hand.
//
// # Preconditions
//
// Where the owner is alone, nobody may be logged out. This holds under four conditions:
//
//   - When a refresh token can be exchanged, nothing that presents an older one of its
//     session is on its way: no request, no response that brings it, and no jar on a disk.
//     Responses may be lost at any time, and refreshes repeated after any time.
//   - A browser sets the cookies of one response before those of another, and loses none
//     that a login or a logout set.
//   - A login or a logout takes at most 10 seconds, people log in and out one thing at a
//     time, and a login does not cross with the refusal of a session that had been over for
//     10 seconds before: the refusal deletes cookies, and would delete those of the login.
//   - A store that forgets exchanges forgets no logins, and does not forget while a secret
//     is rotated.
//
// For the first, core keeps two exchanges of a session apart. A token that is presented
// with its access token can be exchanged when that expires, less RefreshBefore. A token
// that is presented alone can be exchanged 10 seconds after the exchange that made it (less
// if access tokens are shorter). By servers whose clocks differ both moments come that
// much earlier. So a response and a request of the old token may together take as long as
// that after an exchange. After a retry that comes later, the moment may have passed
// already: the others that retry must then be done before the first one refreshes again.
// The model goes to the last millisecond of these times, and a millisecond more breaks it.
//
// Where Config.Grace limits retries, a client has repeated a refresh within Grace of the
// exchange, less what clocks differ. An exchange counts even if the store forgets it, or
// has made it late.
//
// Where there is a thief, only two of them hold: the order of cookies, and that people log
// in and out one thing at a time.
//
// # Properties
//
// The properties are in property_test.go, each as a sentence. A failure prints the
// seed and the schedule; -schedule repeats that one alone. Each property is shown able
// to fail, by a model in which something is broken on purpose.
//
// -residue measures what the protocol leaves open: for how long a thief who keeps pace
// with the owner stays unseen.
package adversary
