package gormstore

import "database/sql"

// dialect is what the store does differently on one kind of database.
type dialect struct {
	// prepares means that the store prepares its statements. The driver of
	// PostgreSQL does that by itself, and must be free not to: behind a pooler
	// that hands out a connection for each transaction nothing prepared lasts.
	prepares bool
	// oneWriter means that the database is local and has one writer at a time.
	oneWriter bool
	// returning means that an UPDATE can return the rows it changed.
	returning bool
	// schemaCommits means that each change of the schema commits by itself.
	schemaCommits bool

	// isolation is the level of transactions. At a higher one a statement would not see
	// what was committed while the transaction waited for its lock, and MySQL would
	// lock gaps between records.
	isolation sql.IsolationLevel
	// settings is the statement that returns names and values of settings of a
	// connection, which are to meet the requirements.
	settings     string
	requirements []requirement

	// lock is the statement that makes a transaction wait until no other has the lock of
	// a number, and keeps the lock until the transaction ends. There are so many
	// numbers, or all of int64 where numbers is zero.
	lock    string
	numbers uint64
	// advisory means that locks need no table, and that insert takes the lock of a number
	// before it inserts a record.
	advisory bool
	insert   string
	// onConflict ends an INSERT that does nothing where there is a row of its key. Empty:
	// there is no such ending, and the INSERT fails.
	onConflict string
	// forUpdate ends a SELECT that is to lock what it finds.
	forUpdate string
	// committing is a condition that holds where a statement without a transaction commits,
	// should that have changed since New. Empty: it always does.
	committing string
	// tableEnd ends the statement that makes the table of the version.
	tableEnd string
	// engines is the statement that returns names and engines of the tables of three names. Empty:
	// there are no engines.
	engines string
	// deleteIDs deletes records of a list of IDs whose expiry lies before a moment.
	deleteIDs string
	// byID, byUser and byExpiry follow the table's name to name the index that a
	// statement uses, whatever the planner believes. Empty: there is no way to name
	// it, or no need to.
	byID, byUser, byExpiry string

	// schema are the statements that make the tables and indexes where they are
	// missing, and afterwards those that follow the first time.
	schema, afterwards []string
}

// postgresLock also lets the rest of the transaction use plain index scans alone. They read no
// more than the records in question, and mark index entries of deleted records, which the index
// then reuses without a vacuum.
const postgresLock = "pg_advisory_xact_lock(?), set_config('enable_indexscan', 'on', true)," +
	" set_config('enable_seqscan', 'off', true)," +
	" set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)"

// dialects are the dialects by the names of gorm's dialectors.
var dialects = map[string]*dialect{
	"sqlite": {
		prepares: true, oneWriter: true, returning: true,
		settings: sqliteSettings, requirements: sqliteRequirements,
		// It finds no row: it only makes the transaction the one that writes.
		lock:       "UPDATE {version} SET version = version WHERE one = ?",
		insert:     "INSERT INTO {records} ({columns}) VALUES ({values})",
		onConflict: " ON CONFLICT DO NOTHING",
		deleteIDs:  "DELETE FROM {records} WHERE id IN ({ids}) AND expires_at < ?",
		byUser:     " INDEXED BY {by_user}", byExpiry: " INDEXED BY {by_expiry}",
		schema: sqliteSchema,
	},
	"postgres": {
		returning: true,
		isolation: sql.LevelReadCommitted,
		settings:  postgresSettings, requirements: postgresRequirements,
		lock: "SELECT " + postgresLock,
		insert: "INSERT INTO {records} ({columns}) SELECT {values}" +
			" FROM (SELECT " + postgresLock + ") AS lock",
		advisory:   true,
		onConflict: " ON CONFLICT DO NOTHING", forUpdate: " FOR UPDATE",
		// It waits for no lock of a record, since a deadlock would last a second. The array is
		// made once, whatever the plan.
		deleteIDs: "DELETE FROM {records} WHERE id = ANY (ARRAY(" +
			"SELECT id FROM {records} WHERE id IN ({ids}) AND expires_at < ? FOR UPDATE SKIP LOCKED))",
		schema: postgresSchema, afterwards: postgresAfterwards,
	},
	"mysql": {
		prepares: true, schemaCommits: true,
		isolation: sql.LevelReadCommitted,
		settings:  mysqlSettings, requirements: mysqlRequirements,
		// An update, because a Galera cluster knows no other lock of two nodes.
		lock: "UPDATE {locks} FORCE INDEX (PRIMARY) SET taken = taken + 1 WHERE number = ?", numbers: lockRows,
		insert:     "INSERT INTO {records} ({columns}) VALUES ({values})",
		forUpdate:  " FOR UPDATE",
		committing: " AND @@autocommit = 1 AND @@completion_type = 'NO_CHAIN'",
		tableEnd:   " ENGINE=InnoDB",
		engines: "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()" +
			" AND table_name IN (?, ?, ?)",
		// Only a DELETE of this form can name its index.
		deleteIDs: "DELETE {records} FROM {records} FORCE INDEX (PRIMARY) WHERE id IN ({ids}) AND expires_at < ?",
		byID:      " FORCE INDEX (PRIMARY)", byUser: " FORCE INDEX ({by_user})", byExpiry: " FORCE INDEX ({by_expiry})",
		schema: mysqlSchema,
	},
}
