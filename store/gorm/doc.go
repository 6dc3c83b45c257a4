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
// Do not call the store inside a transaction of your own on the same database. The call is not
// part of that transaction: it commits by itself, and a rollback does not undo it. On SQLite a call
// that writes waits for that transaction, for 10 seconds or until its context ends, and fails. If
// the transaction has the pool's last connection (SetMaxOpenConns), every call waits until its
// context ends.
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
// Leave fsync and synchronous_commit on, and leave autovacuum on for the store's tables.
//
// The store prepares no statements by itself. A pooler that hands out a connection for each
// transaction works if the driver prepares none either (PreferSimpleProtocol).
//
// Locks are in the space of pg_advisory_xact_lock with one 64-bit number. If an
// application takes a lock of the same number, the two wait for each other.
//
// Migrate turns off the statistics of the columns by which records are found (SET STATISTICS
// 0). The store's transactions turn enable_indexscan on for themselves, and enable_seqscan,
// enable_bitmapscan and enable_sort off. So the planner always prefers the right index.
//
// # MySQL and MariaDB
//
// The tables are InnoDB, and Migrate refuses others. Transactions are READ COMMITTED, so
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
// # Settings
//
// The tables list the settings of gorm, the drivers and the databases that can change what a
// statement means, whether it commits or what it returns. The suite storetest passes under every
// setting whose last column says "no effect", "set by the store" or "your choice", with many at
// once, but for sync_binlog and wsrep_sync_wait.
//
// New and Migrate look at one connection. Do not change settings on a connection that goes back to
// the pool, and start the processes again after a change of the server's defaults. If autocommit or
// completion_type changes after New on MySQL, a change fails instead of being lost. The databases'
// logs can contain users' data (log_statement, general_log).
//
// # Settings of gorm
//
//	setting                               what it could do                             what the store does
//	a transaction                         calls would be undone with it                refused by New
//	DryRun                                nothing would be stored                      refused by New
//	SkipDefaultTransaction                statements without a transaction             no effect
//	PrepareStmt                           a cache of statements that callers wait for  no effect
//	DefaultContextTimeout                 calls would end before their context         set by the store: to none
//	DefaultTransactionTimeout             transactions would end before their context  no effect
//	DisableNestedTransaction              transactions in transactions                 no effect
//	TranslateError                        other errors for duplicates                  no effect
//	NamingStrategy                        other names of tables and columns            no effect
//	QueryFields, CreateBatchSize          other statements                             no effect
//	AllowGlobalUpdate, PropagateUnscoped  other conditions                             no effect
//	FullSaveAssociations                  more rows                                    no effect
//	NowFunc                               another clock                                no effect
//	Logger                                a log of users' data                         set by the store: it gets no values
//	Plugins                               reads from replicas, panics                  no effect: reads use the primary
//
// # Settings of PostgreSQL
//
//	setting                                               what it could do                             what the store does
//	bytea_output                                          bytes come back as other text                refused by New
//	default_transaction_read_only                         no change succeeds; a standby has it too     refused by New
//	standard_conforming_strings with the simple protocol  backslashes in values                        refused by New: by the driver
//	client_encoding with the simple protocol              bytes in values are converted                refused by New: by the driver
//	search_path                                           other tables, or nowhere to make them        refused by Migrate: if it names no schema
//	default_query_exec_mode                               the driver's protocol, and what it prepares  no effect
//	standard_conforming_strings, backslash_quote          the meaning of literals                      no effect
//	escape_string_warning, client_min_messages            more or fewer notices                        no effect
//	client_encoding                                       texts are converted                          no effect: only IDs are text, in ASCII
//	TimeZone, DateStyle, IntervalStyle                    moments come back otherwise                  no effect: they are numbers
//	extra_float_digits, transform_null_equals             numbers and NULL                             no effect
//	default_transaction_isolation                         statements fail for others' changes          no effect: the store tries again
//	default_transaction_deferrable                        transactions wait                            no effect
//	lock_timeout                                          statements fail in a queue                   no effect: the store tries again
//	statement_timeout                                     a slow statement fails, and changes nothing  your choice
//	idle_in_transaction_session_timeout                   a transaction fails, and changes nothing     your choice
//	synchronous_commit                                    a crash loses the last changes               your choice
//	fsync, full_page_writes                               a crash damages the database                 your choice
//	row_security, session_replication_role                policies and triggers                        no effect
//	plan_cache_mode                                       other plans                                  no effect
//	enable_indexscan                                      plans that take a second each                set by the store: to on
//	enable_indexonlyscan                                  other plans                                  no effect
//	enable_nestloop, enable_hashjoin                      other plans                                  no effect
//	enable_mergejoin, enable_material                     other plans                                  no effect
//	random_page_cost, join_collapse_limit                 other plans                                  no effect
//
// # Settings of MySQL and MariaDB
//
// MySQL and newer MariaDB call tx_isolation and tx_read_only transaction_isolation and
// transaction_read_only.
//
//	setting                                             what it could do                                 what the store does
//	autocommit                                          changes are not committed                        refused by New
//	completion_type                                     later changes are not committed                  refused by New
//	tx_isolation READ UNCOMMITTED                       reads what is not committed                      refused by New
//	tx_isolation                                        statements wait or fail for others' changes      no effect
//	tx_read_only, read_only                             no change succeeds, or one on a replica          refused by New
//	sql_safe_updates                                    updates fail                                     refused by New
//	sql_select_limit                                    lists are cut                                    refused by New
//	sql_log_bin                                         replicas do not get the changes                  refused by New
//	binlog_format                                       STATEMENT: no change succeeds                    refused by New
//	EMPTY_STRING_IS_NULL in sql_mode                    empty values become NULL                         refused by New
//	sql_mode                                            the meaning of statements, silent truncation     no effect
//	character_set_client, character_set_connection      other user IDs become equal, bytes become '?'    refused by New: if they differ
//	collation_connection                                the same                                         refused by New: if its character set differs
//	character_set_results                               New cannot read the settings                     refused by New: UCS-2, UTF-16 and UTF-32
//	charset                                             texts are converted                              no effect
//	enforce_storage_engine                              tables without transactions                      refused by Migrate
//	default_storage_engine                              tables without transactions                      no effect
//	interpolateParams                                   values in statements, to break out of            set by the store: it prepares its statements
//	clientFoundRows                                     other counts of changed rows                     no effect
//	multiStatements, columnsWithAlias, parseTime        other statements and results                     no effect
//	rejectReadOnly                                      reconnects after a failover                      no effect: turn it on
//	time_zone                                           moments come back otherwise                      no effect: they are numbers
//	innodb_lock_wait_timeout                            statements fail in a queue                       no effect: the store tries again
//	max_statement_time                                  a slow statement fails                           your choice
//	innodb_flush_log_at_trx_commit, sync_binlog         a crash loses the last changes                   your choice
//	wsrep_sync_wait                                     a node of Galera reads what is old               your choice
//	lower_case_table_names                              Options.Table in another case is the same table  no effect
//	unique_checks, foreign_key_checks                   duplicates                                       no effect
//	auto_increment_increment, sql_notes, old_mode       other numbers and warnings                       no effect
//	optimizer_switch, eq_range_index_dive_limit         other plans                                      no effect
//	in_predicate_conversion_threshold, max_sort_length  other plans                                      no effect
//
// # Settings of SQLite
//
//	setting                                                     what it could do                                           what the store does
//	memory                                                      each connection has a database of its own                  refused by Migrate: but for SetMaxOpenConns(1)
//	mode=ro, immutable                                          no change succeeds; immutable reads what is old            refused by Migrate
//	query_only                                                  no change succeeds                                         refused by New
//	read_uncommitted                                            reads what is not committed, in a shared cache             refused by New
//	journal_mode OFF                                            nothing can be undone                                      refused by New
//	journal_mode                                                MEMORY: a crash of the process damages the file            your choice
//	locking_mode                                                EXCLUSIVE: one connection locks out the others             refused by New
//	synchronous                                                 a power cut loses the last changes (NORMAL) or more (OFF)  your choice
//	secure_delete, auto_vacuum                                  whether deleted records stay in the file                   your choice
//	busy_timeout, txlock                                        how long a lock is waited for, and when it is taken        no effect
//	cache, mutex                                                one cache for all connections                              no effect
//	loc                                                         moments come back otherwise                                no effect: they are numbers
//	encoding, case_sensitive_like                               how texts compare                                          no effect
//	foreign_keys, defer_foreign_keys, ignore_check_constraints  constraints                                                no effect
//	recursive_triggers, writable_schema, trusted_schema         triggers and the schema                                    no effect
//	count_changes, full_column_names, short_column_names        more rows, other names of columns                          no effect
//	reverse_unordered_selects, automatic_index                  the order of rows                                          no effect
//	legacy_alter_table, cell_size_check, page_size              nothing here                                               no effect
//	temp_store, mmap_size, cache_size                           where data is kept                                         no effect
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
