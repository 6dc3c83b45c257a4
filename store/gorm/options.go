package gormstore

import (
	"errors"
	"fmt"
)

// Options are the settings of a [Store]. The zero value is every default. It is a
// plain value.
type Options struct {
	// Table is the table of the records: a letter or an underscore and then
	// letters, digits and underscores, all ASCII, 40 at most. The names of the
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

// table returns the name of the records' table, or why it can't be that.
func (o Options) table() (string, error) {
	name := o.Table
	if name == "" {
		name = defaultTable
	}
	if len(name) > maxTableBytes {
		return "", fmt.Errorf("Options.Table is %d bytes long, more than %d", len(name), maxTableBytes)
	}
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		digit := '0' <= c && c <= '9'
		if !letter && (!digit || i == 0) {
			return "", errors.New("Options.Table has other characters than ASCII letters, digits and underscores, or begins with a digit")
		}
	}
	return name, nil
}
