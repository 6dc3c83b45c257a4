package gormstore

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
)

// statements are the texts of all statements, with a ? for each value, which gorm
// turns into what the database has for it. The value right after a parenthesis is
// never bytes, which gorm would unfold there.
type statements struct {
	lock, lockExpiries string

	get, list, unrevoked     string
	insert                   string
	exchange                 string
	revoke                   string
	revokeOldest, revokeUser string
	deleteExpired            string
	lockExpired              string // what deleteExpired is to delete

	createVersion, insertVersion, version string
	all                                   string // finds nothing, by all columns
	schema                                []string
}

// columns are all columns of a record, in the order of its fields.
const columns = "id, user_id, generation, access_ref, previous_ref, device, data, issued_at, exchanged_at, expires_at, revoked_at"

// newStatements returns the statements for tables whose names begin with that of
// the records' table. quote makes a name safe.
func newStatements(d *dialect, table string, quote func(any) string) statements {
	names := strings.NewReplacer(
		"{records}", quote(table), "{version}", quote(table+"_version"), "{locks}", quote(table+"_locks"),
		"{by_user}", quote(table+"_by_user"), "{by_expiry}", quote(table+"_by_expiry"), "{columns}", columns,
		"{expiries}", strconv.FormatInt(lockNumber("expiries", table), 10))
	text := func(parts ...string) string { return names.Replace(strings.Join(parts, "")) }
	s := statements{
		lock:         text(d.lock),
		lockExpiries: text(d.lockExpiries),

		get: text("SELECT {columns} FROM {records} WHERE id = ?"),
		list: text("SELECT {columns} FROM {records} WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?",
			" ORDER BY issued_at DESC, id DESC"),
		unrevoked: text("SELECT id, issued_at, expires_at FROM {records} WHERE user_id = ? AND revoked_at IS NULL", d.forUpdate),
		insert:    text("INSERT INTO {records} ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", d.onConflict),
		exchange: text("UPDATE {records} SET generation = ?, access_ref = ?, previous_ref = ?, exchanged_at = ?, expires_at = ?",
			" WHERE id = ? AND revoked_at IS NULL AND expires_at > ?",
			" AND (generation < ? OR generation = ? AND access_ref = ?)", d.movesExpiry),
		revoke: text("UPDATE {records} SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"),
		revokeOldest: text("UPDATE {records} SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?",
			" AND id <> ? AND (issued_at < ? OR issued_at = ? AND id <= ?)"),
		revokeUser: text("UPDATE {records} SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?",
			" AND issued_at <= ?"),
		deleteExpired: text("DELETE FROM {records} WHERE id IN",
			" (SELECT id FROM {records} WHERE expires_at < ? ORDER BY expires_at LIMIT ?", d.forUpdate, ")"),

		createVersion: text("CREATE TABLE IF NOT EXISTS {version} (one INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL)"),
		insertVersion: text("INSERT INTO {version} (one, version) VALUES (1, ?)", d.onConflict),
		version:       text("SELECT version FROM {version}"),
		all:           text("SELECT {columns} FROM {records} WHERE 1 = 0"),
	}
	if d.returning {
		s.exchange = text(s.exchange, " RETURNING {columns}")
	} else {
		s.exchange = text(s.exchange, " AND issued_at = ? AND device = ? AND data = ?")
	}
	if d.hints {
		// Whatever a statement looks at is locked, so it must not look at the whole
		// table, as it would for a large part of it.
		expired := text("SELECT id FROM {records} FORCE INDEX ({by_expiry}) WHERE expires_at < ?",
			" ORDER BY expires_at LIMIT ?", d.forUpdate)
		s.lockExpired = expired
		s.deleteExpired = text("DELETE {records} FROM (", expired, ") AS expired",
			" STRAIGHT_JOIN {records} FORCE INDEX (PRIMARY) ON {records}.id = expired.id")
	}
	for _, statement := range d.schema {
		s.schema = append(s.schema, text(statement))
	}
	return s
}

// lockNumber returns the number of the lock of that name.
func lockNumber(name ...string) int64 {
	sum := sha256.Sum256([]byte("tokenauth lock\x00" + strings.Join(name, "\x00")))
	return int64(binary.BigEndian.Uint64(sum[:]))
}
