package gormstore

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// In the database a moment is milliseconds of Unix time.

func millis(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// values returns the values of a record in the order of columns.
func values(t core.Record) []any {
	var revokedAt sql.NullInt64
	if !t.RevokedAt.IsZero() {
		revokedAt = sql.NullInt64{Int64: millis(t.RevokedAt), Valid: true}
	}
	return []any{
		t.ID, []byte(t.UserID), t.Generation, t.AccessRef[:], t.PreviousRef[:], []byte(t.Device), data(t),
		millis(t.IssuedAt), millis(t.ExchangedAt), millis(t.ExpiresAt), revokedAt,
	}
}

// data returns the record's Data, empty where it is nil, which would be NULL.
func data(t core.Record) []byte { return append([]byte{}, t.Data...) }

// scan reads the record that the rows stand at.
func scan(rows *sql.Rows) (core.Record, error) {
	var (
		t                                core.Record
		accessRef, previousRef           sql.RawBytes
		issuedAt, exchangedAt, expiresAt int64
		revokedAt                        sql.NullInt64
	)
	if err := rows.Scan(&t.ID, &t.UserID, &t.Generation, &accessRef, &previousRef, &t.Device, &t.Data,
		&issuedAt, &exchangedAt, &expiresAt, &revokedAt); err != nil {
		return core.Record{}, err
	}
	if len(accessRef) != len(t.AccessRef) || len(previousRef) != len(t.PreviousRef) {
		return core.Record{}, fmt.Errorf("a reference of the record has %d and %d bytes", len(accessRef), len(previousRef))
	}
	t.AccessRef, t.PreviousRef = core.Ref(accessRef), core.Ref(previousRef)
	t.IssuedAt, t.ExchangedAt, t.ExpiresAt = moment(issuedAt), moment(exchangedAt), moment(expiresAt)
	if revokedAt.Valid {
		t.RevokedAt = moment(revokedAt.Int64)
	}
	return t, nil
}

// moved returns the record as the exchange leaves it.
func moved(t core.Record, x core.Exchange) core.Record {
	t.Generation = x.Generation + 1
	t.AccessRef, t.PreviousRef = x.To, x.From
	t.ExchangedAt, t.ExpiresAt = x.At, x.ExpiresAt
	return t
}

// allows reports whether the record lets the exchange go ahead.
func allows(t core.Record, x core.Exchange) bool {
	stands := t.Generation == x.Generation && t.AccessRef == x.From
	return t.Live(x.At) && (stands || t.Generation < x.Generation)
}

// isID reports whether the text can be an id: no database is asked for any other,
// which some would refuse as text.
func isID(text string) bool {
	if len(text) != 40 {
		return false
	}
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
