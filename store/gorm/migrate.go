package gormstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// schemaVersion is the version of the tables that this package works on.
const schemaVersion = 1

// Migrate makes the store's tables and indexes where they are missing. Call it
// before a version of this package first uses the database, or at every start:
// several processes may call it at once. It needs the right to create tables. Tables
// of another version than this package's are an error, and nothing changes. So is a
// table of the name of the records' that lacks one of their columns. Tables whose engine is
// not InnoDB are an error, and so is a database in memory that another connection does not see.
func (s *Store) Migrate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	unprepared := *s // the statements of migrate are not needed again, and the tables may not be there
	unprepared.pool = s.pool.unprepared()
	migrate := unprepared.transact
	if s.dialect.schemaCommits {
		migrate = unprepared.write
	}
	if err := migrate(ctx, "migrate", s.migrate); err != nil {
		return err
	}
	return unprepared.read(ctx, "migrate", s.checkTables)
}

func (s *Store) migrate(db session) error {
	if s.dialect.advisory {
		// Without a lock a second process could find a table neither there nor
		// free to make. No user has the empty ID.
		if err := s.lockUser(db, ""); err != nil {
			return err
		}
	}
	if _, err := db.exec(s.sql.createVersion); err != nil {
		return err
	}
	inserted, err := db.exec(s.sql.insertVersion, schemaVersion)
	if err != nil && !s.isDuplicate(err) {
		return err
	}
	version := 0
	read := func(rows *sql.Rows) error { return rows.Scan(&version) }
	if err := db.query(read, s.sql.version); err != nil {
		return err
	}
	if version != schemaVersion {
		return fmt.Errorf("the tables are of version %d, and this package works on version %d alone", version, schemaVersion)
	}
	statements := s.sql.schema
	if inserted > 0 {
		statements = slices.Concat(statements, s.sql.afterwards)
	}
	for i, statement := range statements {
		if _, err := db.exec(statement); err != nil {
			return err
		}
		if i == 0 { // a table of that name that was there may belong to something else
			if err := db.query(func(*sql.Rows) error { return nil }, s.sql.all); err != nil {
				return fmt.Errorf("the table %s is not one that Migrate makes: %w", s.table, err)
			}
		}
	}
	return nil
}

// checkTables returns an error if the tables have no transactions, or if another connection
// does not see them.
func (s *Store) checkTables(db session) error {
	if s.dialect.engines != "" {
		err := db.query(func(rows *sql.Rows) error {
			var table, engine string
			if err := rows.Scan(&table, &engine); err != nil {
				return err
			}
			if engine != "InnoDB" {
				return fmt.Errorf("the engine of the table %s must be InnoDB, not %s", table, engine)
			}
			return nil
		}, s.dialect.engines, s.table, s.table+"_version", s.table+"_locks")
		if err != nil {
			return err
		}
	}
	if !s.dialect.oneWriter || s.pool.Stats().MaxOpenConnections == 1 {
		return nil
	}
	one, err := s.pool.Conn(db.ctx) // and keeps it, so that db gets another
	if err != nil {
		return err
	}
	defer func() { _ = one.Close() }()
	rows, err := one.QueryContext(db.ctx, s.sql.version)
	if err == nil {
		err = rows.Close()
	}
	if err == nil {
		err = rows.Err()
	}
	if err == nil {
		err = db.query(func(*sql.Rows) error { return nil }, s.sql.version)
	}
	if err != nil && !passing(err) {
		return fmt.Errorf("all connections must have the same database; one in memory needs SetMaxOpenConns(1): %w", err)
	}
	return err
}

// sqliteSchema and the others compare IDs and user IDs byte for byte, whatever the
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
	`CREATE INDEX IF NOT EXISTS {by_user} ON {records} (user_id, revoked_at, issued_at)`,
	`CREATE INDEX IF NOT EXISTS {by_expiry} ON {records} (expires_at)`,
}

// postgresSchema leaves some room in the pages: an exchange that does not move the
// expiry can then put the new row next to the old one, without new index entries.
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
	`CREATE INDEX IF NOT EXISTS {by_user} ON {records} (user_id, revoked_at, issued_at)`,
	`CREATE INDEX IF NOT EXISTS {by_expiry} ON {records} (expires_at)`,
}

// postgresAfterwards keeps no statistics of the columns by which records are found. Every
// statement has one good plan, and the planner finds it where it knows nothing. From
// statistics of an earlier moment it could conclude that an index is of no use.
var postgresAfterwards = []string{
	`ALTER TABLE {records}
		ALTER COLUMN id SET STATISTICS 0,
		ALTER COLUMN user_id SET STATISTICS 0,
		ALTER COLUMN issued_at SET STATISTICS 0,
		ALTER COLUMN expires_at SET STATISTICS 0,
		ALTER COLUMN revoked_at SET STATISTICS 0`,
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
		KEY {by_user} (user_id, revoked_at, issued_at),
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
