package gormstore

import (
	"strconv"
	"strings"

	"github.com/tokenauth/tokenauth/core"
)

// statements are the texts of all statements, with a ? for each value, which gorm
// turns into what the database has for it. The value right after a parenthesis is
// never bytes, which gorm would unfold there.
//
// None of them leaves it to the planner what it does, or which records it locks. No
// condition but that of the index that a statement is to use could be looked up in another.
type statements struct {
	get, next, expired             string
	unrevoked, lockUnrevoked, dead string // of a user
	lockUnrevokedAndDead           string

	lock, insert              string
	exchange, revoke, replace string
	revokeIDs, deleteIDs      map[int]string // by the number of IDs
	inTransactions            []string       // those that transactions execute

	createVersion, insertVersion, version string
	all                                   string // finds nothing, by all columns
	schema, afterwards                    []string
}

// columns are all columns of a record, in the order of its fields.
const columns = "id, user_id, generation, access_ref, previous_ref, device, data, issued_at, exchanged_at, expires_at, revoked_at"

// listSizes are the numbers of IDs that a statement can have: a shorter list repeats its
// last ID. So there are few texts to prepare.
var listSizes = [...]int{1, 8, maxIDs}

// These limits are in the texts, so that a planner knows that they are low.
const (
	maxIDs     = 64  // IDs in one statement
	maxExpired = 500 // expired records that DeleteExpired looks for at once
	maxRecords = 100 // records that Records reads at once
	maxDead    = 64  // dead records that a login drops, next to the last that it keeps
)

// newStatements returns the statements for tables whose names begin with that of
// the records' table. quote makes a name safe.
func newStatements(d *dialect, table string, quote func(any) string) statements {
	names := strings.NewReplacer(
		"{records}", quote(table), "{version}", quote(table+"_version"), "{locks}", quote(table+"_locks"),
		"{by_user}", quote(table+"_by_user"), "{by_expiry}", quote(table+"_by_expiry"),
		"{columns}", columns, "{values}", marks(1+strings.Count(columns, ",")))
	text := func(parts ...string) string { return names.Replace(strings.Join(parts, "")) }
	lists := func(parts ...string) map[int]string {
		texts := map[int]string{}
		for _, n := range listSizes {
			texts[n] = strings.ReplaceAll(text(parts...), "{ids}", marks(n))
		}
		return texts
	}
	limit := func(n int) string { return " LIMIT " + strconv.Itoa(n) }

	s := statements{
		get:  text("SELECT {columns} FROM {records}", d.byID, " WHERE id = ?"),
		next: text("SELECT {columns} FROM {records}", d.byID, " WHERE id > ? ORDER BY id", limit(maxRecords)),
		expired: text("SELECT id FROM {records}", d.byExpiry, " WHERE expires_at < ? ORDER BY expires_at",
			limit(maxExpired)),
		unrevoked: text("SELECT {columns} FROM {records}", d.byUser, " WHERE user_id = ? AND revoked_at IS NULL"),
		dead: text("SELECT {columns} FROM {records}", d.byUser, " WHERE user_id = ? AND revoked_at IS NOT NULL",
			" ORDER BY revoked_at DESC, issued_at DESC", limit(maxDead+1), " OFFSET ", strconv.Itoa(core.KeptDeadRecords-1)),

		lock:   text(d.lock),
		insert: text(d.insert, d.onConflict),
		exchange: text("UPDATE {records} SET generation = ?, access_ref = ?, previous_ref = ?, exchanged_at = ?, expires_at = ?",
			" WHERE id = ? AND revoked_at IS NULL AND expires_at > ?",
			" AND (generation < ? OR generation = ? AND access_ref = ?) RETURNING {columns}"),
		revoke: text("UPDATE {records} SET revoked_at = ?",
			" WHERE id = ? AND revoked_at IS NULL AND (? = 0 OR user_id = ?) AND issued_at <= ? RETURNING {columns}"),
		replace: text("UPDATE {records}", d.byID,
			" SET generation = ?, access_ref = ?, previous_ref = ?, exchanged_at = ?, expires_at = ?, revoked_at = ?",
			" WHERE id = ? AND generation = ? AND access_ref = ? AND issued_at = ? AND exchanged_at = ? AND expires_at = ?",
			" AND revoked_at IS NULL", d.committing),
		revokeIDs: lists("UPDATE {records}", d.byID, " SET revoked_at = ? WHERE id IN ({ids}) AND revoked_at IS NULL"),
		deleteIDs: lists(d.deleteIDs, d.committing),

		createVersion: text("CREATE TABLE IF NOT EXISTS {version} (one INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL)", d.tableEnd),
		insertVersion: text("INSERT INTO {version} (one, version) VALUES (1, ?)", d.onConflict),
		version:       text("SELECT version FROM {version} WHERE one = 1"),
		all:           text("SELECT {columns} FROM {records} WHERE 1 = 0"),
	}
	s.lockUnrevoked = s.unrevoked + d.forUpdate
	s.lockUnrevokedAndDead = text("SELECT {columns} FROM (", s.lockUnrevoked, ") AS unrevoked",
		" UNION ALL SELECT {columns} FROM (", s.dead, ") AS dead")
	s.inTransactions = []string{s.lock, s.insert, s.lockUnrevoked, s.lockUnrevokedAndDead, s.dead}
	for _, n := range listSizes {
		s.inTransactions = append(s.inTransactions, s.revokeIDs[n], s.deleteIDs[n])
	}
	for _, statement := range d.schema {
		s.schema = append(s.schema, text(statement))
	}
	for _, statement := range d.afterwards {
		s.afterwards = append(s.afterwards, text(statement))
	}
	return s
}

// marks returns so many places for values.
func marks(n int) string { return strings.Repeat("?, ", n-1) + "?" }
