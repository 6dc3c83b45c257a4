package conformance_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest/server"
	"gorm.io/gorm"
)

// TestGormHostileStatistics has each statement do what it says, and use an index, whatever the
// planner believes about the table.
func TestGormHostileStatistics(t *testing.T) {
	for name, d := range map[string]gormDialect{
		"PostgreSQL": gormPostgreSQL(t, server.PostgreSQL(t)),
		"MariaDB":    gormMariaDB(server.MariaDB(t)),
	} {
		for when, mislead := range map[string]func(t *testing.T, db *gorm.DB, s core.RefreshStore){
			"analyzed empty": func(t *testing.T, db *gorm.DB, _ core.RefreshStore) { analyze(t, db) },
			"analyzed at one record": func(t *testing.T, db *gorm.DB, s core.RefreshStore) {
				created(t, s, loginOf("ann", noon), 0)
				analyze(t, db)
			},
			"analyzed when one user had all": func(t *testing.T, db *gorm.DB, _ core.RefreshStore) {
				fillGorm(t, db, 2000, func(i int) core.Record { return loginOf("ann", noon.Add(time.Duration(i))) })
				analyze(t, db)
			},
			"emptied and refilled": func(t *testing.T, db *gorm.DB, _ core.RefreshStore) {
				fillGorm(t, db, 2000, func(i int) core.Record { return loginOf(fmt.Sprint("user ", i), noon) })
				must(t, db.Exec("DELETE FROM refresh_tokens").Error)
				analyze(t, db)
			},
		} {
			t.Run(name+"/"+when, func(t *testing.T) {
				db, s := d.opened(t, &gorm.Config{})
				keepStatistics(t, db)
				mislead(t, db, s)
				must(t, db.Exec("DELETE FROM refresh_tokens").Error)
				executed := recordStatements(t, db)
				// In a table of this size an index is better for every statement.
				everyStatement(t, db, s, 20_000)
				for _, statement := range *executed {
					usesAnIndex(t, db, statement)
				}
			})
		}
	}
}

// TestGormMariaDBNeverScans has a user who has most of the records. What MariaDB scans it
// also locks.
func TestGormMariaDBNeverScans(t *testing.T) {
	db, s := gormMariaDB(server.MariaDB(t)).opened(t, &gorm.Config{})
	executed := recordStatements(t, db)
	everyStatement(t, db, s, 1)
	analyze(t, db)
	for _, statement := range *executed {
		usesAnIndex(t, db, statement)
	}
}

// keepStatistics stops the database from collecting statistics by itself.
func keepStatistics(t *testing.T, db *gorm.DB) {
	t.Helper()
	switch db.Name() {
	case "postgres":
		must(t, db.Exec("ALTER TABLE refresh_tokens SET (autovacuum_enabled = false)").Error)
	case "mysql":
		must(t, db.Exec("ALTER TABLE refresh_tokens STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0").Error)
	}
}

func analyze(t *testing.T, db *gorm.DB) {
	t.Helper()
	switch db.Name() {
	case "postgres":
		must(t, db.Exec("VACUUM ANALYZE refresh_tokens").Error)
	case "mysql":
		must(t, db.Exec("ANALYZE TABLE refresh_tokens").Error)
	}
}

// fillGorm puts so many records into the table.
func fillGorm(t *testing.T, db *gorm.DB, n int, record func(i int) core.Record) {
	t.Helper()
	var rows []map[string]any
	for i := range n {
		r := record(i)
		row := map[string]any{
			"id": r.ID, "user_id": []byte(r.UserID), "generation": r.Generation,
			"access_ref": r.AccessRef[:], "previous_ref": r.PreviousRef[:], "device": []byte(r.Device), "data": r.Data,
			"issued_at": r.IssuedAt.UnixMilli(), "exchanged_at": r.ExchangedAt.UnixMilli(), "expires_at": r.ExpiresAt.UnixMilli(),
			"revoked_at": nil,
		}
		if !r.RevokedAt.IsZero() {
			row["revoked_at"] = r.RevokedAt.UnixMilli()
		}
		rows = append(rows, row)
	}
	must(t, db.Table("refresh_tokens").CreateInBatches(rows, 2000).Error)
}

// everyStatement fills the table, and has the store execute each of its statements there.
func everyStatement(t *testing.T, db *gorm.DB, s interface {
	core.RefreshStore
	core.RecordIterator
}, others int,
) {
	t.Helper()
	const expired, ofAnn = 700, 300
	fillGorm(t, db, others, func(i int) core.Record { return loginOf(fmt.Sprint("user ", i), noon) })
	fillGorm(t, db, expired, func(i int) core.Record {
		return loginOf(fmt.Sprint("expired ", i), noon.Add(-24*time.Hour+time.Duration(i)*time.Second))
	})
	fillGorm(t, db, ofAnn, func(i int) core.Record { // the last 20 are live
		r := loginOf("ann", noon.Add(time.Duration(i-ofAnn)*time.Second))
		if i < ofAnn-20 {
			r.RevokedAt = r.IssuedAt
		}
		return r
	})
	count := func(want int, condition string, args ...any) {
		t.Helper()
		var n int64
		must(t, db.Table("refresh_tokens").Where(condition, args...).Count(&n).Error)
		if n != int64(want) {
			t.Errorf("%d records with %s %v, want %d", n, condition, args, want)
		}
	}

	for _, n := range []int{1, 500, expired} { // more than there are
		left := expired - n
		if n == 500 {
			left--
		}
		if n == expired {
			left = 0
		}
		_, err := s.DeleteExpired(t.Context(), noon, n)
		must(t, err)
		count(left, "expires_at < ?", noon.UnixMilli())
		count(left, "expires_at < ? AND expires_at >= ?", noon.UnixMilli(), noon.Add(-23*time.Hour+time.Duration(expired-left)*time.Second).UnixMilli())
	}
	count(others+ofAnn, "1 = 1")

	login := loginOf("ann", noon)
	evicted := created(t, s, login, 3)
	if len(evicted) != 18 {
		t.Errorf("Create evicted %d records, want 18", len(evicted))
	}
	count(3, "user_id = ? AND revoked_at IS NULL", []byte("ann"))
	count(18, "revoked_at = ?", noon.UnixMilli())
	count(others+ofAnn+1-64, "1 = 1") // it drops 64 dead records at once
	created(t, s, loginOf("bob", noon), 0)

	if _, err := s.Exchange(t.Context(), exchangeOf(login)); err != nil {
		t.Error("Exchange:", err)
	}
	count(1, "generation > 0")
	if got, err := s.Get(t.Context(), login.ID); err != nil || got.Generation != 1 {
		t.Errorf("Get: %+v, %v", got, err)
	}
	if list, err := s.ListUser(t.Context(), "ann", noon); err != nil || len(list) != 3 {
		t.Errorf("ListUser: %v, %v; want 3 records", list, err)
	}
	at := noon.Add(time.Second)
	if ended := revoked(t, s, core.Revocation{ID: login.ID, UserID: "ann", At: at}); len(ended) != 1 {
		t.Errorf("Revoke: %v, want 1 record", ended)
	}
	count(1, "revoked_at = ?", at.UnixMilli())
	if ended := revoked(t, s, core.Revocation{UserID: "ann", At: at}); len(ended) != 2 {
		t.Errorf("Revoke: %v, want 2 records", ended)
	}
	count(3, "revoked_at = ?", at.UnixMilli())
	count(others+1, "revoked_at IS NULL")

	seen := map[string]bool{}
	for r, err := range s.Records(t.Context()) {
		must(t, err)
		seen[r.ID] = true
	}
	count(len(seen), "1 = 1")
}

type executedStatement struct {
	sql  string
	vars []any
}

// recordStatements records the statements that db executes through the store, each text once.
func recordStatements(t *testing.T, db *gorm.DB) *[]executedStatement {
	t.Helper()
	var all []executedStatement
	record := func(tx *gorm.DB) {
		text := tx.Statement.SQL.String()
		known := slices.ContainsFunc(all, func(e executedStatement) bool { return e.sql == text })
		// Statements of the test itself count rows, or have no values.
		if !known && len(tx.Statement.Vars) > 0 && !strings.Contains(text, "count(*)") {
			all = append(all, executedStatement{text, slices.Clone(tx.Statement.Vars)})
		}
	}
	must(t, db.Callback().Raw().After("*").Register("record", record))
	must(t, db.Callback().Row().After("*").Register("record", record))
	return &all
}

// usesAnIndex fails the test if the database would read all of a table for the statement.
func usesAnIndex(t *testing.T, db *gorm.DB, e executedStatement) {
	t.Helper()
	if strings.HasPrefix(e.sql, "INSERT") || strings.Contains(e.sql, "pg_advisory_xact_lock") {
		return
	}
	switch db.Name() {
	case "postgres":
		// A plan for these values, and the one that a connection keeps for all values.
		for _, plan := range []string{
			explained(t, db, "SET LOCAL plan_cache_mode = force_custom_plan", "EXPLAIN "+e.sql, e.vars...),
			explained(t, db, "SET LOCAL plan_cache_mode = force_generic_plan; PREPARE statement AS "+e.sql,
				"EXPLAIN EXECUTE statement("+strings.Repeat("NULL, ", len(e.vars)-1)+"NULL)"),
		} {
			if strings.Contains(plan, "Seq Scan") {
				t.Errorf("%s\nreads all of a table:\n%s", e.sql, plan)
			}
		}
	case "mysql":
		plan := explained(t, db, "SET @x = 1", "EXPLAIN "+e.sql, e.vars...)
		for line := range strings.Lines(plan) {
			fields := strings.Split(line, "|")
			if table, access := fields[2], fields[3]; !strings.HasPrefix(table, "<") && (access == "ALL" || access == "index") {
				t.Errorf("%s\nreads all of a table:\n%s", e.sql, plan)
			}
		}
	}
}

// explained returns what EXPLAIN says, a line for each row with a | between columns.
func explained(t *testing.T, db *gorm.DB, before, explain string, vars ...any) string {
	t.Helper()
	tx, err := connections(t, db).Begin()
	must(t, err)
	defer func() {
		_, _ = tx.Exec("DEALLOCATE statement")
		_ = tx.Rollback()
	}()
	for _, statement := range strings.Split(before, "; ") {
		_, err := tx.Exec(statement)
		must(t, err)
	}
	rows, err := tx.Query(explain, vars...)
	must(t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	must(t, err)
	values := make([]any, len(columns))
	for i := range values {
		values[i] = new(sql.NullString)
	}
	var plan strings.Builder
	for rows.Next() {
		must(t, rows.Scan(values...))
		for i, v := range values {
			if i > 0 {
				plan.WriteString("|")
			}
			plan.WriteString(v.(*sql.NullString).String)
		}
		plan.WriteString("\n")
	}
	must(t, rows.Err())
	return plan.String()
}
