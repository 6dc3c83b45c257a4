// Package boltstore keeps the records of sessions in a file of bbolt
// ([go.etcd.io/bbolt]): durable, embedded in the process, without a server.
//
//	db, err := bbolt.Open("tokens.db", 0o600, &bbolt.Options{Timeout: time.Second})
//	...
//	store, err := boltstore.New(db, boltstore.Options{})
//	...
//	schema, err := core.New(store, signer, core.Config{Secret: secret})
//
// Use it for applications that run as a single process. bbolt locks the file: a
// second process that opens it waits, without end if there is no Timeout.
//
// # Durability
//
// A call returns after its change is written and synced to the disk: neither the end
// of the process nor that of the machine loses it, or leaves half of it. This is
// bbolt's promise, and its NoSync option breaks it.
//
// Calls that write share transactions: while one is written to the disk, the calls
// that arrive gather for the next. Each call gets its own result. If one fails, the
// others do not, unless the transaction itself cannot be written. A call that arrives
// alone starts at once.
//
// A context can end a call while the call waits for its transaction; then nothing has
// changed. After that the call waits for its outcome, even if the context ends. While the
// application holds a write transaction of the same file, one call waits for it and
// cannot be ended: keep such transactions short. A call of the store inside a write
// transaction never returns if it writes.
//
// # Errors
//
// A full disk, a file that was opened read-only, a closed database, a damaged file,
// a file of a later version of this package: each is an error that says so and
// matches none of core's. Every record has a checksum. If it does not match, the calls
// that need that record fail, and no others. If the file is so damaged that bbolt cannot go
// on, or has lost its pages, all calls fail until it is opened again. After a
// full disk the store is as it was, and works again once there is room.
//
// # Cost
//
// A call that changes something takes two syncs of the disk and little else. With 64
// goroutines that exchange at once, each waits longer than it would alone, but dozens
// share each sync: in a file of 100,000 sessions that makes about eight times as many
// exchanges as separate transactions would. An exchange rewrites one page of the records,
// or a few if Data is long. If it moves the session's expiry, as IdleTimeout makes
// it do, it rewrites two pages of the other bucket too. Calls that change nothing, such as
// an exchange that is a conflict, take no sync. Get, ListUser and Records wait for other
// calls only while the file grows.
//
// The cost of a call does not grow with the store, except for the depth of a tree: the
// records of one user lie together, and a bucket of its own lists the records in the
// order in which they expire. DeleteExpired deletes 16 records in each transaction, which it shares
// with other calls. Records reads 100 records in each transaction, and holds none open
// while the loop's body runs.
//
// A session takes about 240 bytes of the file and one and a half times the length of
// its user ID, device and data: 440 with the User-Agent of a browser as its device
// and 58 bytes of user ID and data, at 100,000 sessions. After many have come and gone it
// is about a quarter more. The file grows in steps of 16 MiB (bbolt's AllocSize).
//
// Of the revoked records of a user, the store keeps those that were revoked last:
// [core.KeptDeadRecords] and at most 25 more. It drops the others when it revokes
// records of that user, at a login or in Revoke.
//
// # Settings
//
// The table lists the options of bbolt and the fields of its DB that can change what a call does.
// The suite storetest passes under every setting whose last column says "no effect" or, but
// for Mlock and MmapFlags, "your choice".
//
//	setting                                        what it could do                               what the store does
//	ReadOnly                                       no change succeeds                             refused by New: if the file has no store yet
//	NoSync                                         a power cut loses changes or damages the file  your choice
//	NoGrowSync                                     the same, while the file grows                 your choice
//	MaxSize                                        changes fail when the file is full             your choice
//	Mlock, MmapFlags                               the file in memory                             your choice
//	Timeout                                        how long Open waits for another process        no effect
//	OpenFile                                       how the file is opened                         no effect
//	NoFreelistSync, PreLoadFreelist, FreelistType  how free pages are kept                        no effect
//	PageSize, InitialMmapSize, AllocSize           sizes                                          no effect
//	StrictMode, NoStatistics, Logger               checks after each commit, counters and logs    no effect
//	MaxBatchSize, MaxBatchDelay                    waits of DB.Batch                              no effect: the store does not use it
//
// # What to know
//
//   - Only DeleteExpired deletes expired records: run [core.Schema.RunCleanup]. A file
//     never shrinks: the pages of deleted records are used for new ones.
//   - On a full disk even DeleteExpired may fail, because a transaction writes new
//     pages before the old ones are free. Make room first.
//   - A read transaction that the application leaves open keeps the pages that were
//     replaced since from being used again: the file grows. A backup (bbolt's
//     Tx.WriteTo) is one.
//   - If the file is deleted, moved or replaced while it is open, the next change fails, and so
//     do all calls after it. Close the database first. A process that changes its root
//     folder (chroot) must do so before New.
//   - A restored backup has forgotten what came after it. Exchanges recover, and users
//     log in again where needed. Repeat revocations.
//   - The file holds no credential, but it does hold user IDs, devices and claims:
//     open it with mode 0600.
package boltstore
