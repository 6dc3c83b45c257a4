package gormstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
)

// beginLiteral begins a transaction of MySQL by statements. In one of database/sql the
// driver would commit without a context: on a stalled network, for good.
func (p *pool) beginLiteral(ctx context.Context, level sql.IsolationLevel) (transaction, error) {
	conn, err := p.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &literal{conn, ctx}
	for _, statement := range []string{
		"SET TRANSACTION ISOLATION LEVEL " + strings.ToUpper(level.String()),
		"START TRANSACTION",
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			t.discard()
			return nil, err
		}
	}
	return t, nil
}

// literal is a transaction on a connection that nobody else uses meanwhile, or such a
// connection alone. It is not safe for concurrent use. A
// statement prepared for all connections can't be used on one of them, and preparing
// it there each time would double the round trips: the values go into the text.
type literal struct {
	*sql.Conn
	ctx context.Context
}

func (t *literal) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	text, err := inserted(query, args)
	if err != nil {
		return nil, err
	}
	return t.Conn.ExecContext(ctx, text)
}

func (t *literal) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	text, err := inserted(query, args)
	if err != nil {
		return nil, err
	}
	return t.Conn.QueryContext(ctx, text)
}

func (t *literal) Commit() error {
	if err := t.ctx.Err(); err != nil {
		_ = t.Rollback()
		return err
	}
	return t.end("COMMIT")
}

func (t *literal) Rollback() error { return t.end("ROLLBACK") }

func (t *literal) end(statement string) error {
	longer, end := linger(t.ctx)
	defer end()
	if _, err := t.Conn.ExecContext(longer, statement); err != nil {
		t.discard()
		return err
	}
	_ = t.Close()
	return nil
}

// discard closes the connection: nobody must get it with a transaction that may be
// open.
func (t *literal) discard() {
	_ = t.Raw(func(any) error { return driver.ErrBadConn })
	_ = t.Close()
}

// inserted returns the statement with the values in place of each ?, which stands for
// nothing else in the store's statements. Strings and bytes are in hexadecimal, which
// no setting of the server or the connection reads in another way.
func inserted(query string, args []any) (string, error) {
	parts := strings.Split(query, "?")
	if len(parts) != len(args)+1 {
		return "", fmt.Errorf("%d values for %d places", len(args), len(parts)-1)
	}
	var text strings.Builder
	text.WriteString(parts[0])
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return "", err
		}
		switch v := value.(type) {
		case nil:
			text.WriteString("NULL")
		case int64:
			text.WriteString(strconv.FormatInt(v, 10))
		case string:
			fmt.Fprintf(&text, "x'%x'", v)
		case []byte:
			fmt.Fprintf(&text, "x'%x'", v)
		default:
			return "", fmt.Errorf("a value of type %T", value)
		}
		text.WriteString(parts[i+1])
	}
	return text.String(), nil
}
