// Package memorystore keeps refresh-token records in the memory of one process.
//
//	schema, err := core.New(memorystore.New(), tokens, core.Config{Secret: secret})
//
// It is for tests and for applications that run as a single process: other
// processes don't see its records, and none of them survives a restart, after
// which all users log in again.
//
// A session takes about 285 bytes of memory while its user id, device and data
// are together no longer than 56 bytes, and 64 bytes more for every further 60:
// with the User-Agent of a browser for its device, about 475. The memory has no
// pointers that a garbage collector would have to follow, so even a million
// sessions add only some milliseconds to a collection. A store with few sessions
// takes up to 4 MiB more.
//
// The records of one user lie under one lock of many, so calls for different
// users seldom wait for one another. What a call costs does not grow with the
// store: no call looks at records that it is not about. DeleteExpired stops all
// other calls while it deletes, so it is best told to delete some hundreds of
// records at a time.
//
// Expired records are deleted by DeleteExpired and by nothing else, so a process
// that lives long runs [core.Schema.RunCleanup], which calls it. The memory of
// deleted records is used again for new ones; it is not given back, so a store
// stays as large as it has ever been.
package memorystore
