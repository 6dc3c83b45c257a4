// Package gormstore keeps refresh-token records in a SQL database: SQLite,
// PostgreSQL, MySQL or MariaDB, through gorm.
//
//	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{})
//	…
//	store, err := gormstore.New(db, gormstore.Options{})
//	…
//	err = store.Migrate(ctx)
//	…
//	schema, err := core.New(store, tokens, core.Config{Secret: secret})
//
// The drivers are the caller's: gorm.io/driver/sqlite or the pure Go
// github.com/glebarez/sqlite, gorm.io/driver/postgres, gorm.io/driver/mysql. The
// store uses gorm for its connections, its placeholders, its logger and its
// plugins, and writes its own SQL.
//
// # Promises
//
// All of [core.RefreshStore], the same on every database, for any number of
// processes on one database. Its default isolation level must be READ COMMITTED or a
// higher one: at READ UNCOMMITTED Get would return what may yet be undone. What is
// acknowledged is committed: it is as durable as the database makes a commit. User ids
// are compared byte for byte whatever the collation, and times are kept as
// milliseconds.
//
// The logins and the revocations of one user wait for one another, by an advisory
// lock of PostgreSQL or one of 1024 rows that exist for it in MySQL; SQLite has
// one writer at a time anyway. Exchanges lock their record alone. On PostgreSQL and
// MySQL, where a network is between, a call whose context ends while it commits
// waits up to 2 seconds longer to know how that went.
//
// What a database refuses for another transaction alone (deadlocks, serialization
// failures, lock timeouts) is tried 30 times, but not again after 10 seconds; SQLite's
// "database is locked" for 10 seconds. Whatever may have been committed is never tried again.
//
// # Costs
//
// An exchange is one UPDATE. On MySQL and MariaDB, whose UPDATE returns no rows,
// a SELECT comes before it, and elsewhere after it where it fails. A login is a
// transaction of up to four statements, RevokeUser one of three; on SQLite
// RevokeUser is one statement, and so is a login without a limit. RevokeUser and
// ListUser read that user's unrevoked records by an index, DeleteExpired those that
// it deletes. An exchange that moves no expiry (Config.IdleTimeout is not set) spares
// the database an index.
//
// While DeleteExpired deletes, exchanges and logins wait on PostgreSQL and SQLite,
// and on MySQL those that would come among what it deletes: let it delete some
// hundreds at a time. On PostgreSQL it gives way where it would wait longer than
// 100 ms for another transaction, tries again, and fails at last.
//
// In a file of SQLite a session takes about 245 bytes, indexes included, with a
// user id of 10 bytes and a device and data of 16 each. Every further byte of
// device and data is one byte more, and of the user id two.
//
// # Connections
//
// Let the pool keep as many idle connections as it may open (SetMaxIdleConns,
// SetMaxOpenConns): by default database/sql keeps two and opens the others again and
// again. SQLite needs no limit (SetMaxOpenConns), since the store writes on one
// connection at a time, and exchanges are a little faster without. One connection
// is enough everywhere.
//
// SQLite is best opened with write-ahead logging, each commit synced, and some
// patience for writers in other processes:
//
//	file:tokenauth.db?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=100
//	file:tokenauth.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(100)
//
// the second for the pure Go driver. Without synchronous FULL the last sessions and
// revocations may be gone after a power cut, though not after a crash of the
// process. A longer busy timeout gains nothing, since the store tries on by itself,
// and SQLite does not heed the end of a context while it waits. A database in memory
// belongs to one connection: set SetMaxOpenConns(1) and no lifetimes. SQLite 3.35 or
// newer; the file must not be on a network.
//
// PostgreSQL needs no settings. The store prepares no statements there by itself,
// so a pooler that hands out a connection for each transaction is all right if the
// driver is told to prepare none (PreferSimpleProtocol). Locks are in the space of
// pg_advisory_xact_lock with one 64-bit number; an application's lock of the same
// number makes the two wait for each other, no more. Leave fsync and
// synchronous_commit on.
//
// MySQL and MariaDB need InnoDB, and innodb_flush_log_at_trx_commit=1, its default,
// to lose nothing that was acknowledged. InnoDB shows a commit to others before it is on
// the disk, unless there is a binary log with sync_binlog=1: without one a server that
// is killed can forget what another client has read already, and package core takes
// that as it takes a store that was set back. binlog_format must not be STATEMENT,
// because the transactions are READ COMMITTED.
//
// # What can be lost
//
// A database that fails over to a replica which has not received everything, or that
// is restored from a backup, has forgotten the last changes. A forgotten exchange
// heals: a genuine token that is ahead of its record is exchanged from there. A
// forgotten login asks for a new one. A forgotten revocation is the one that hurts:
// repeat it by RevokeUser. Synchronous replication (synchronous_standby_names,
// semi-sync, Galera) closes the gap.
//
// The store reads and writes on the connections of the gorm.DB itself and never on
// the replicas that a plugin knows, so that it reads what was written. All processes
// must use one primary: a cluster with several writers reads stale records unless it
// is told to wait (wsrep_sync_wait).
package gormstore
