package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tokenauth/tokenauth/core"
	"gorm.io/gorm"
)

// Store is a [core.RefreshStore] in a SQL database. Its methods do what the comments
// there say; their other errors begin with "gormstore:" and what was being done, and
// wrap the driver's. New makes one. It is safe for concurrent use.
type Store struct {
	db      *gorm.DB
	pool    *pool
	dialect *dialect
	table   string // of the records, not quoted
	sql     statements
	// writing is taken by whoever writes to a database with one writer, so that
	// the callers in this process wait for one another here, in order, and not
	// for the database's lock.
	writing chan struct{}
}

var _ core.RefreshStore = (*Store)(nil)

// New returns a store in the database of db, which one of gorm's dialectors named
// sqlite, postgres and mysql has opened. It asks nothing of the database yet: see
// [Store.Migrate]. The configuration of db does not change what the store does; its
// Logger and plugins are told of the store's statements, the Logger without the values
// in them. db is not changed and never closed. A db that has failed, runs dry or is a
// transaction is an error, and so are an unknown dialect and an Options.Table that is
// no name for a table.
//
// The statements that the store prepares last as long as the connections of db:
// make one store of a database and keep it.
func New(db *gorm.DB, o Options) (*Store, error) {
	s, err := newStore(db, o)
	if err != nil {
		return nil, fmt.Errorf("gormstore: new: %w", err)
	}
	return s, nil
}

func newStore(db *gorm.DB, o Options) (*Store, error) {
	if db == nil || db.Config == nil || db.Dialector == nil || db.Statement == nil {
		return nil, errors.New("the database was not opened")
	}
	if db.Error != nil {
		return nil, db.Error
	}
	if db.DryRun {
		return nil, errors.New("the database only runs dry")
	}
	if _, ok := db.Statement.ConnPool.(gorm.TxCommitter); ok {
		return nil, errors.New("the database is a transaction")
	}
	d := dialects[db.Name()]
	if d == nil {
		return nil, fmt.Errorf("the dialect %q is none of sqlite, postgres and mysql", db.Name())
	}
	connections, err := db.DB()
	if err != nil {
		return nil, err
	}
	table, err := o.table()
	if err != nil {
		return nil, err
	}
	s := &Store{
		pool:    &pool{DB: connections, prepares: d.prepares, prepared: map[string]*sql.Stmt{}},
		dialect: d, table: table, sql: newStatements(d, table, db.Statement.Quote),
		writing: make(chan struct{}, 1),
	}
	log := discreet{db.Logger, func(err error) bool { return passing(err) || s.isDuplicate(err) }}
	s.db = db.Session(&gorm.Session{NewDB: true, Context: context.Background(), SkipDefaultTransaction: true, Logger: log})
	return s, nil
}

// isDuplicate reports whether the error says that there is a row of that key.
func (s *Store) isDuplicate(err error) bool {
	if t, ok := s.db.Dialector.(gorm.ErrorTranslator); ok {
		err = t.Translate(err)
	}
	return errors.Is(err, gorm.ErrDuplicatedKey)
}
