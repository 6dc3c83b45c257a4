// Package gormstore keeps the records of sessions in a SQL database: SQLite,
// PostgreSQL, MySQL or MariaDB, through gorm.
//
//	db, err := gorm.Open(postgres.Open(dsn), &gorm.Config{})
//	…
//	store, err := gormstore.New(db, gormstore.Options{})
//	…
//	err = store.Migrate(ctx)
//	…
//	schema, err := core.New(store, signer, core.Config{Secret: secret})
//
// You choose the driver: gorm.io/driver/sqlite or the pure Go github.com/glebarez/sqlite,
// gorm.io/driver/postgres, gorm.io/driver/mysql. The store uses gorm for its connections,
// its placeholders, its logger and its plugins, and writes its own SQL. Values are always
// parameters.
//
// # Promises
//
// The store keeps all of [core.RefreshStore] and [core.RecordIterator], on every database,
// for any number of processes on one database. A call that succeeded has
// committed: its effect is as durable as the database makes a commit.
//
// The logins and the revocations of one user wait for one another. Exchanges lock only their
// record:
//
//	                  PostgreSQL           MySQL, MariaDB        SQLite
//	Create            the user (an         the user (one of      the database
//	                  advisory lock)       1024 rows)
//	  with a limit    and their unrevoked records                the database
//	Revoke, a user    the user and their unrevoked records       the database
//	Revoke, an ID     the record           the record            the database
//	Exchange          the record           the record            the database
//	DeleteExpired     up to 64 expired     up to 64 expired      the database, for
//	                  records, no others'  records               up to 64 records
//	the others        nothing              nothing               nothing
//
// Locks last until the statement or the transaction ends. DeleteExpired passes over records
// that others have locked on PostgreSQL. On MySQL two users can share a row, and then
// wait for each other.
//
// If a database refuses something only because of another transaction (a deadlock, a
// serialization failure, a lock timeout, "database is locked"), the store tries again for 10
// seconds. It never repeats what may have been committed.
//
// No statement depends on the planner's statistics for what it does or locks. Each
// uses an index, except on PostgreSQL while the table is so small that reading it is faster.
// A user who logs in again and again costs the database no more at the last login than at the
// hundredth.
//
// # Costs
//
// These are the round trips to PostgreSQL and MySQL:
//
//	                  PostgreSQL  MySQL
//	Create            4           6        one more if it evicts, and one if it drops dead records
//	Exchange          1           2        one more on PostgreSQL if it fails
//	Get, ListUser     1           1
//	Revoke, an ID     1           2        one more on PostgreSQL if nothing is revoked
//	Revoke, a user    5           6        one more for each further 64 records
//	DeleteExpired     1 for each 500 records, and 1 for each 64
//	Records           1 for each 100 records
//
// Create, Revoke and ListUser read the unrevoked records of that user by an index. A login
// also drops up to 64 dead records, those beyond the [core.KeptDeadRecords] that were
// revoked last. An exchange that does not move the expiry (Config.IdleTimeout is not set)
// spares the database an index.
//
// In a SQLite file a session takes about 255 bytes, indexes included, with a
// user ID of 10 bytes and a device and data of 16 each. Every further byte of
// device and data is one byte more, and of the user ID two.
//
// # Connections
//
// Let the pool keep as many idle connections as it may open (SetMaxIdleConns,
// SetMaxOpenConns): by default database/sql keeps two and opens the others again and
// again. One connection is enough everywhere.
//
// Do not call the store inside a transaction of your own on the same database. On SQLite the
// store waits for that transaction for 10 seconds and fails. With a limited pool it
// waits for a connection until its context ends.
//
// Set a deadline for each call (core.Config.StoreTimeout): without one, a call waits as long
// as its driver does.
//
// If one address leads to the present primary of several servers, connections can remain
// with a server that is no longer the primary. Use target_session_attrs=read-write on
// PostgreSQL and rejectReadOnly=true on MySQL, and limit their lifetime (SetConnMaxLifetime).
//
// # SQLite
//
// The store needs SQLite 3.35 or newer. The file must not be on a network. Open it with
// write-ahead logging, each commit synced, and a short wait for other processes that write:
//
//	file:tokenauth.db?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=100
//	file:tokenauth.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(100)
//
// The second is for the pure Go driver. Without synchronous FULL, a power cut can lose the
// last sessions and revocations, but a crash of the process cannot. A longer busy timeout
// gains nothing: the store tries again by itself, and SQLite ignores the end of a context
// while it waits.
//
// The pool needs no limit, since the store writes on one connection at a time. A
// database in memory belongs to one connection: set SetMaxOpenConns(1) and no
// lifetimes.
//
// # PostgreSQL
//
// New refuses connections with bytea_output=escape. Leave fsync and
// synchronous_commit on, and leave autovacuum on for the store's tables.
//
// The store prepares no statements by itself. A pooler that hands out a connection for each
// transaction works if the driver prepares none either (PreferSimpleProtocol).
//
// Locks are in the space of pg_advisory_xact_lock with one 64-bit number. If an
// application takes a lock of the same number, the two wait for each other.
//
// Migrate turns off the statistics of the columns by which records are found (SET STATISTICS
// 0), and the store's transactions turn off enable_seqscan, enable_bitmapscan and
// enable_sort for themselves. So the planner always prefers the right index.
//
// # MySQL and MariaDB
//
// The tables are InnoDB. New refuses connections with autocommit=0, a completion_type other
// than NO_CHAIN, sql_safe_updates=1, a sql_select_limit, or the isolation level READ
// UNCOMMITTED: statements would not do what the store expects of them. Do not change these
// settings on a connection that goes back to the pool. Transactions are READ COMMITTED, so
// binlog_format must not be STATEMENT.
//
// Leave innodb_flush_log_at_trx_commit at 1, its default, or acknowledged changes can be
// lost. InnoDB shows a commit to others before it is on the disk, unless there is a binary
// log with sync_binlog=1. Without one, a server that is killed can forget what another client
// has already read. Package core treats that as it treats a store that was rolled back.
//
// If a network stalls while the driver commits, the call ends with its context, but its
// connection does not come back before the network does, or the readTimeout of the
// DSN is over. Set a readTimeout longer than innodb_lock_wait_timeout if the pool is limited.
//
// # What can be lost
//
// A database that fails over to a replica which has not received everything, or that
// is restored from a backup, has forgotten the last changes. A forgotten exchange
// heals: a genuine token that is ahead of its record is exchanged from there. After a
// forgotten login the user must log in again. After a forgotten revocation the session is
// live again: repeat it with core.Schema.RevokeUser. Synchronous replication
// (synchronous_standby_names, semi-sync, Galera) prevents all of these.
//
// The store reads and writes on the connections of the gorm.DB itself and never on
// the replicas that a plugin knows, so that it reads what was written. All processes
// must use one primary. A cluster with several writers reads stale records unless it
// is told to wait (wsrep_sync_wait).
package gormstore
