package gormstore

import (
	"database/sql"
	"fmt"
	"strings"
)

// dialect is what the store does differently on one kind of database.
type dialect struct {
	// prepares says that the store prepares its statements. The driver of
	// PostgreSQL does that by itself, and must be free not to: behind a pooler
	// that hands out a connection for each transaction nothing prepared lasts.
	prepares bool
	// literal says that a transaction begins and ends by statements, and that what is
	// executed on one connection has the values in its text.
	literal bool
	// oneWriter says that the database has one writer at a time, who sees
	// everything that was committed: it needs no locks.
	oneWriter bool
	// returning says that an UPDATE can return the rows it changed.
	returning bool
	// hints says that a statement can name the index that it is to use, and has to.
	hints bool
	// schemaCommits says that each change of the schema commits: there are no
	// transactions of several.
	schemaCommits bool
	// onConflict ends an INSERT that is to do nothing where there is a row of its
	// key; empty where there is no such ending, and the INSERT fails.
	onConflict string
	// forUpdate ends a SELECT that is to lock what it finds.
	forUpdate string
	// lock is the statement that takes the lock of a number, its value, until the
	// end of the transaction. There are so many numbers, or all of int64 where
	// numbers is zero.
	lock    string
	numbers uint64
	// DeleteExpired sees all expiries at one moment only if none moves meanwhile.
	// Where its own locks are not enough for that, lockExpiries is the statement
	// that waits for whoever moves one and keeps the others waiting, and
	// movesExpiry the condition that makes an UPDATE one of those.
	lockExpiries, movesExpiry string
	// deleteIsolation is the level at which it deletes.
	deleteIsolation sql.IsolationLevel
	// schema are the statements that make the tables, where they are missing.
	schema []string
}

// dialects are the dialects by the names of gorm's dialectors.
var dialects = map[string]*dialect{
	"sqlite": {
		prepares: true, oneWriter: true, returning: true,
		onConflict: " ON CONFLICT DO NOTHING",
		schema:     sqliteSchema,
	},
	"postgres": {
		returning:  true,
		onConflict: " ON CONFLICT DO NOTHING", forUpdate: " FOR UPDATE",
		// Whoever logs in moves expiries too.
		lock: "SELECT pg_advisory_xact_lock(?), pg_advisory_xact_lock_shared({expiries})",
		// Whoever asks for the lock after DeleteExpired waits behind it, so it must not
		// wait long itself for a transaction that its client leaves open.
		lockExpiries:    "SELECT set_config('lock_timeout', '100ms', true), pg_advisory_xact_lock({expiries})",
		movesExpiry:     " AND (SELECT pg_advisory_xact_lock_shared({expiries})) IS NOT NULL",
		deleteIsolation: sql.LevelReadCommitted,
		schema:          postgresSchema,
	},
	"mysql": {
		prepares: true, literal: true, hints: true, schemaCommits: true,
		forUpdate: " FOR UPDATE",
		// An update, because a Galera cluster knows no other lock of two nodes.
		lock: "UPDATE {locks} SET taken = taken + 1 WHERE number = ?", numbers: lockRows,
		// At this level InnoDB locks the gaps between what it deletes.
		deleteIsolation: sql.LevelRepeatableRead,
		schema:          mysqlSchema,
	},
}

// sqliteSchema and the others compare ids and user ids byte for byte, whatever the
// collation of the database, and keep moments as milliseconds of Unix time.
var sqliteSchema = []string{
	`CREATE TABLE IF NOT EXISTS {records} (
		id TEXT NOT NULL PRIMARY KEY,
		user_id BLOB NOT NULL,
		generation INTEGER NOT NULL,
		access_ref BLOB NOT NULL,
		previous_ref BLOB NOT NULL,
		device BLOB NOT NULL,
		data BLOB NOT NULL,
		issued_at INTEGER NOT NULL,
		exchanged_at INTEGER NOT NULL,
		expires_at INTEGER NOT NULL,
		revoked_at INTEGER
	)`,
	`CREATE INDEX IF NOT EXISTS {by_user} ON {records} (user_id) WHERE revoked_at IS NULL`,
	`CREATE INDEX IF NOT EXISTS {by_expiry} ON {records} (expires_at)`,
}

// postgresSchema leaves some room in the pages: an exchange that does not move the
// expiry can then put the new row beside the old one, without new index entries.
var postgresSchema = []string{
	`CREATE TABLE IF NOT EXISTS {records} (
		id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
		user_id BYTEA NOT NULL,
		generation BIGINT NOT NULL,
		access_ref BYTEA NOT NULL,
		previous_ref BYTEA NOT NULL,
		device BYTEA NOT NULL,
		data BYTEA NOT NULL,
		issued_at BIGINT NOT NULL,
		exchanged_at BIGINT NOT NULL,
		expires_at BIGINT NOT NULL,
		revoked_at BIGINT
	) WITH (fillfactor = 85)`,
	`CREATE INDEX IF NOT EXISTS {by_user} ON {records} (user_id) WHERE revoked_at IS NULL`,
	`CREATE INDEX IF NOT EXISTS {by_expiry} ON {records} (expires_at)`,
}

var mysqlSchema = []string{
	`CREATE TABLE IF NOT EXISTS {records} (
		id VARBINARY(40) NOT NULL PRIMARY KEY,
		user_id VARBINARY(255) NOT NULL,
		generation BIGINT NOT NULL,
		access_ref VARBINARY(16) NOT NULL,
		previous_ref VARBINARY(16) NOT NULL,
		device VARBINARY(512) NOT NULL,
		data VARBINARY(4096) NOT NULL,
		issued_at BIGINT NOT NULL,
		exchanged_at BIGINT NOT NULL,
		expires_at BIGINT NOT NULL,
		revoked_at BIGINT,
		KEY {by_user} (user_id, revoked_at),
		KEY {by_expiry} (expires_at)
	) ENGINE=InnoDB`,
	`CREATE TABLE IF NOT EXISTS {locks} (number INTEGER NOT NULL PRIMARY KEY, taken BIGINT NOT NULL) ENGINE=InnoDB`,
	`INSERT IGNORE INTO {locks} (number, taken) VALUES ` + lockRowValues(),
}

// lockRows is how many rows there are to lock in MySQL. Users who share one wait
// for one another.
const lockRows = 1024

func lockRowValues() string {
	rows := make([]string, lockRows)
	for i := range rows {
		rows[i] = fmt.Sprintf("(%d, 0)", i)
	}
	return strings.Join(rows, ", ")
}
