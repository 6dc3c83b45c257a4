package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// requirement is what a setting of the connections must be for the store to keep its promises.
type requirement struct {
	setting string
	must    string // for the error: the setting must …
	met     func(value string, all map[string]string) bool
	// always means that every server has the setting.
	always bool
}

// oneOf requires one of the values.
func oneOf(setting string, values ...string) requirement {
	return requirement{setting: setting, must: "be " + strings.Join(values, " or "), met: func(value string, _ map[string]string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, value) })
	}}
}

// without requires that an item is not in a list.
func without(setting, item string) requirement {
	return requirement{setting: setting, must: "not contain " + item, met: func(value string, _ map[string]string) bool {
		return !slices.Contains(strings.Split(value, ","), item)
	}}
}

// equal requires the value of another setting.
func equal(setting, other string) requirement {
	return requirement{setting: setting, must: "equal " + other, met: func(value string, all map[string]string) bool {
		return value == all[other]
	}}
}

// known requires it of every server.
func (r requirement) known() requirement {
	r.always = true
	return r
}

// postgresSettings asks with values, so that the driver says now if it cannot send any in
// its simple protocol.
const postgresSettings = "SELECT name, current_setting(name) FROM unnest(ARRAY[{names}]) AS settings (name)"

var postgresRequirements = []requirement{
	oneOf("bytea_output", "hex").known(),
	oneOf("transaction_read_only", "off"),
}

const mysqlSettings = "SHOW VARIABLES WHERE Variable_name IN ({names})"

// mysqlRequirements has the names of MySQL and of MariaDB.
var mysqlRequirements = []requirement{
	oneOf("autocommit", "ON"),
	oneOf("completion_type", "NO_CHAIN"),
	oneOf("transaction_isolation", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"),
	oneOf("tx_isolation", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"),
	oneOf("transaction_read_only", "OFF"),
	oneOf("tx_read_only", "OFF"),
	oneOf("read_only", "OFF"),
	oneOf("sql_safe_updates", "OFF"),
	oneOf("sql_select_limit", "18446744073709551615").known(), // it limits the answer to mysqlSettings too
	oneOf("sql_log_bin", "ON"),
	oneOf("binlog_format", "ROW", "MIXED"),
	without("sql_mode", "EMPTY_STRING_IS_NULL"),
	// The server converts every value from the one to the other, bytes too.
	equal("character_set_connection", "character_set_client"),
	equal("character_set_client", "character_set_connection"),
}

const sqliteSettings = "SELECT 'query_only', query_only FROM pragma_query_only" +
	" UNION ALL SELECT 'read_uncommitted', read_uncommitted FROM pragma_read_uncommitted" +
	" UNION ALL SELECT 'journal_mode', journal_mode FROM pragma_journal_mode" +
	" UNION ALL SELECT 'locking_mode', locking_mode FROM pragma_locking_mode"

var sqliteRequirements = []requirement{
	oneOf("query_only", "0").known(),
	oneOf("read_uncommitted", "0"),
	oneOf("journal_mode", "delete", "truncate", "persist", "memory", "wal"), // and not off, which cannot roll back
	oneOf("locking_mode", "normal"),
}

// checkSettings returns an error if a setting of the connections, of which it asks one,
// is not what the dialect requires. A server need not know every setting.
func (s *Store) checkSettings(ctx context.Context, doing string) error {
	names := []any{}
	for _, r := range s.dialect.requirements {
		names = append(names, r.setting)
	}
	query := strings.ReplaceAll(s.dialect.settings, "{names}", marks(len(names)))
	if query == s.dialect.settings {
		names = nil
	}
	return s.retry(ctx, doing, func() error {
		all := map[string]string{}
		err := session{s.db, ctx, s.pool.unprepared()}.query(func(rows *sql.Rows) error {
			var name, value string
			err := rows.Scan(&name, &value)
			all[name] = value
			return err
		}, query, names...)
		if err != nil {
			return err
		}
		found := false
		for _, r := range s.dialect.requirements {
			_, known := all[r.setting]
			found = found || known
		}
		if len(all) > 0 && !found {
			return errors.New("the setting character_set_results of connections must be one that contains ASCII")
		}
		for _, r := range s.dialect.requirements {
			value, known := all[r.setting]
			if (known || r.always) && !r.met(value, all) {
				return fmt.Errorf("the setting %s of connections must %s, and is %q", r.setting, r.must, value)
			}
		}
		return nil
	})
}
