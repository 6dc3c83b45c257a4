// Package boltstore keeps refresh-token records in a file of bbolt
// ([go.etcd.io/bbolt]): durable, embedded in the process, without a server.
//
//	db, err := bbolt.Open("tokens.db", 0o600, &bbolt.Options{Timeout: time.Second})
//	...
//	store, err := boltstore.New(db, boltstore.Options{})
//	...
//	schema, err := core.New(store, tokens, core.Config{Secret: secret})
//
// It is for applications that run as a single process: bbolt locks the file, and a
// second process that opens it waits, for ever where there is no Timeout.
//
// # What it promises
//
// What a call has changed is written and synced to the disk before the call
// returns: neither the end of the process nor that of the machine loses it, or
// leaves half of it. That is bbolt's promise, and with its NoSync option it does not
// hold.
//
// Calls that write share transactions: while one is being written to the disk, the
// calls that come meanwhile gather for the next. Each gets its own answer; where one
// fails, the others don't, unless the transaction itself can't be written. A call that
// comes alone goes at once. Its context can end a call as long as that waits for its
// transaction, and then nothing has changed; from there on the call waits for the
// true outcome, whatever becomes of its context. While the application itself holds a
// write transaction of the same file, one of the calls waits for that and can't be
// ended, so keep those short; a call that writes, made inside one, never returns.
//
// A full disk, a file that was opened read-only, a closed database, a damaged file,
// a file of a later version of this package: each is an error that says so, and never
// one of core's. Every record has a checksum; one that does not match is an error for
// the calls that need that record and for no others. A file that is damaged so that
// bbolt can't go on, or that has lost its pages, fails all calls until it is opened
// anew. After a full disk the store is as it was, and works again when there is room.
//
// # What it costs
//
// A call that changes something takes two syncs of the disk and little else. With 64
// goroutines that exchange at once, each waits longer than it would alone, but the
// disk is shared by dozens: in a file of 100,000 sessions that makes about eight times
// as many exchanges as transactions of their own. An exchange rewrites one page of the
// records, or a few where Data is long; where it moves the session's expiry, as
// IdleTimeout makes it, two pages of the other bucket more. Calls that change
// nothing, such as an exchange that is a conflict, take no sync. Get and ListUser wait
// for others only while the file grows.
//
// What a call costs does not grow with the store, but for the depth of a tree: the
// records of one user lie together, and what expires first is at the start of a
// bucket of its own. DeleteExpired holds up other writes while it deletes, so it is
// best told to delete some hundreds of records at a time.
//
// A session takes about 240 bytes of the file and one and a half times the length of
// its user id, device and data: 440 with the User-Agent of a browser for its device
// and 58 bytes of user id and data, at 100,000 sessions. When many have come and gone it is
// about a quarter more. The file grows in steps of 16 MiB (bbolt's AllocSize).
//
// # What to know
//
//   - Expired records are deleted by DeleteExpired and by nothing else, so run
//     [core.Schema.RunCleanup]. A file never shrinks: the pages of deleted records
//     are used again for new ones.
//   - Where a disk is full even DeleteExpired may fail, because a transaction writes
//     new pages before the old ones are free: make room first.
//   - A read transaction that the application leaves open keeps all pages from being
//     used again that were replaced since: the file grows. A backup (bbolt's
//     Tx.WriteTo) is such a one.
//   - A restored backup has forgotten what came after it. Exchanges heal and logins
//     are made again; revocations have to be repeated.
//   - The file holds no credential, but it does hold user ids, devices and claims:
//     open it with mode 0600.
package boltstore
