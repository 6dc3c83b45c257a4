// Package memorystore keeps the records of sessions in the memory of one process.
//
//	schema, err := core.New(memorystore.New(), signer, core.Config{Secret: secret})
//
// Use it for tests and for applications that run as a single process. Other
// processes do not see its records, and none of them survives a restart: all users
// then log in again.
//
// # Memory
//
// A session takes about 275 bytes of memory while its user ID, device and data are
// together no longer than 56 bytes, and 64 bytes more for every further 60. With the
// User-Agent of a browser as its device, it takes about 465. The memory has no
// pointers for the garbage collector to follow: a million sessions add some
// milliseconds to a collection. A store with few sessions takes up to 4 MiB more.
//
// Of the revoked records of a user, the store keeps those that were revoked last:
// [core.KeptDeadRecords] and at most 25 more. It drops the others when it revokes
// records of that user, at a login or in Revoke.
//
// Only DeleteExpired deletes expired records. A process that runs for long must run
// [core.Schema.RunCleanup], which calls it. The memory of deleted records is used for
// new ones and never given back: a store stays as large as it has ever been.
//
// # Cost
//
// The records of one user lie under one lock of many, so calls for different
// users seldom wait for one another. The cost of a call does not grow with the
// store: no call looks at records that it is not about. DeleteExpired and Records
// hold a lock for a few records at a time.
package memorystore
