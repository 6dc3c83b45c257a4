package gormstore

import (
	"context"
	"database/sql"
	"fmt"
)

// schemaVersion is the version of the tables that this package works on.
const schemaVersion = 1

// Migrate makes the store's tables and indexes where they are missing. Call it
// before a version of this package first uses the database, or at every start: it
// does no harm, also when several processes call it at once. It needs the right to
// create tables. Tables of another version than this package's, as a newer one may
// leave them, are an error, and nothing changes. A table of the name of the records'
// that lacks a column of theirs is an error too.
func (s *Store) Migrate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.dialect.schemaCommits {
		unprepared := &pool{DB: s.pool.DB} // these statements are not needed again
		return s.retry(ctx, "migrate", func() error { return s.migrate(session{s.db, ctx, unprepared}) })
	}
	return s.transact(ctx, "migrate", func(tx session) error {
		// Without a lock a second process could find a table neither there nor
		// free to make. No user has the empty id.
		if err := s.lockUser(tx, ""); err != nil {
			return err
		}
		return s.migrate(tx)
	})
}

func (s *Store) migrate(db session) error {
	if _, err := db.exec(s.sql.createVersion); err != nil {
		return err
	}
	if _, err := db.exec(s.sql.insertVersion, schemaVersion); err != nil && !s.isDuplicate(err) {
		return err
	}
	version := 0
	read := func(rows *sql.Rows) error { return rows.Scan(&version) }
	if err := db.query(read, s.sql.version); err != nil {
		return err
	}
	if version != schemaVersion {
		return fmt.Errorf("the tables are of version %d, and this package knows version %d alone", version, schemaVersion)
	}
	for _, statement := range s.sql.schema {
		if _, err := db.exec(statement); err != nil {
			return err
		}
	}
	// A table of that name that was there may be somebody else's.
	if err := db.query(func(*sql.Rows) error { return nil }, s.sql.all); err != nil {
		return fmt.Errorf("the table %s is not one that Migrate makes: %w", s.table, err)
	}
	return nil
}
