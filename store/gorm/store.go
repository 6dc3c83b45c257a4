package gormstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenauth/tokenauth/core"
	"gorm.io/gorm"
)

// Options are the settings of a [Store]. The zero value is every default. It is a
// plain value.
type Options struct {
	// Table is the table of the records: a letter or an underscore and then
	// letters, digits and underscores, all ASCII, at most 40. The names of the
	// store's other tables and of its indexes begin with it. Stores that are to
	// have nothing in common in one database need tables of their own.
	// Default: refresh_tokens.
	Table string
}

const (
	defaultTable = "refresh_tokens"
	// maxTableBytes leaves room for the endings of the other names within the 63
	// bytes that PostgreSQL allows.
	maxTableBytes = 40
)

// table returns the name of the records' table, or why it cannot be that.
func (o Options) table() (string, error) {
	name := o.Table
	if name == "" {
		name = defaultTable
	}
	if len(name) > maxTableBytes {
		return "", fmt.Errorf("Options.Table must be at most %d bytes long", maxTableBytes)
	}
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		digit := '0' <= c && c <= '9'
		if !letter && (!digit || i == 0) {
			return "", errors.New("Options.Table must be ASCII letters, digits and underscores, and must not begin with a digit")
		}
	}
	return name, nil
}

// Store is a [core.RefreshStore] in a SQL database, and a [core.RecordIterator]. Its
// methods do what the comments there say. Their other errors begin with "gormstore:"
// and the name of the operation, and wrap the driver's. New makes one. It is safe for
// concurrent use.
type Store struct {
	db      *gorm.DB
	pool    *pool
	dialect *dialect
	table   string // of the records, not quoted
	sql     statements
	// writing is taken by a caller that writes to a database with one writer, so that
	// the callers in this process wait for one another here, in order, and not
	// for the database's lock.
	writing chan struct{}
}

var (
	_ core.RefreshStore   = (*Store)(nil)
	_ core.RecordIterator = (*Store)(nil)
)

// New returns a store in the database of db, which one of gorm's dialectors named
// sqlite, postgres and mysql has opened. Call [Store.Migrate] before its other methods.
//
// New asks the database for the settings of a connection, with the context of db. A setting
// under which the store could not keep its promises is an error: see the tables in the
// package documentation. So are a db that has failed, one with DryRun, a transaction,
// an unknown dialect, and an Options.Table that cannot name a table.
//
// The configuration of db does not change what the store does. The Logger and the plugins
// of db get the store's statements, the Logger without their values. New does
// not change db. The store never closes it.
//
// The statements that a store prepares last as long as the connections of db: make
// one store of a database and keep it.
func New(db *gorm.DB, o Options) (*Store, error) {
	s, err := newStore(db, o)
	if err != nil {
		return nil, fmt.Errorf("gormstore: new: %w", err)
	}
	if err := s.checkSettings(db.Statement.Context, "new"); err != nil {
		return nil, err
	}
	return s, nil
}

func newStore(db *gorm.DB, o Options) (*Store, error) {
	if db == nil || db.Config == nil || db.Dialector == nil || db.Statement == nil {
		return nil, errors.New("the database must be opened with gorm.Open")
	}
	if db.Error != nil {
		return nil, db.Error
	}
	if db.DryRun {
		return nil, errors.New("gorm.Config.DryRun must not be set")
	}
	if _, ok := db.Statement.ConnPool.(gorm.TxCommitter); ok {
		return nil, errors.New("the database must not be a transaction")
	}
	d := dialects[db.Name()]
	if d == nil {
		return nil, fmt.Errorf("the dialect must be sqlite, postgres or mysql, not %q", db.Name())
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
		pool: &pool{DB: connections, prepares: d.prepares}, dialect: d,
		table: table, sql: newStatements(d, table, db.Statement.Quote),
		writing: make(chan struct{}, 1),
	}
	log := discreet{db.Logger, func(err error) bool { return passing(err) || s.isDuplicate(err) }}
	s.db = db.Session(&gorm.Session{NewDB: true, Context: context.Background(), SkipDefaultTransaction: true, Logger: log})
	s.db.DefaultContextTimeout = 0 // the caller's contexts have the deadlines
	return s, nil
}

// isDuplicate reports whether the error says that there is a row of that key.
func (s *Store) isDuplicate(err error) bool {
	if t, ok := s.db.Dialector.(gorm.ErrorTranslator); ok {
		err = t.Translate(err)
	}
	return errors.Is(err, gorm.ErrDuplicatedKey)
}
