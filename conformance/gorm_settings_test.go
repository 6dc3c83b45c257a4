package conformance_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	pure "github.com/glebarez/sqlite"
	"github.com/tokenauth/tokenauth/core"
	gormstore "github.com/tokenauth/tokenauth/store/gorm"
	"github.com/tokenauth/tokenauth/storetest/server"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

// settingsRun is many settings at once under which the suite is to pass. Each is a parameter
// of a DSN, name=value.
type settingsRun []string

// add puts the names of the settings into tried.
func (r settingsRun) add(tried map[string]string) {
	for _, parameter := range r {
		name, _, _ := strings.Cut(strings.TrimPrefix(parameter, "_pragma="), "=")
		name, _, _ = strings.Cut(name, "(")
		tried[strings.TrimPrefix(name, "_")] = parameter
	}
}

// dsn returns the DSN with the parameters.
func (r settingsRun) dsn(dsn string) string {
	for _, parameter := range r {
		name, value, _ := strings.Cut(parameter, "=")
		value = strings.ReplaceAll(url.QueryEscape(value), "%2F", "/") // in which gorm's driver looks for a TimeZone
		dsn = withParameter(dsn, name+"="+value)
	}
	return dsn
}

// under runs the suite under the settings.
func (d gormDialect) under(t *testing.T, r settingsRun) {
	t.Helper()
	create := d.create
	d.create = func(t *testing.T) string { return r.dsn(create(t)) }
	d.config = oddConfig
	h := d.harness()
	if d.server != nil {
		h.Dump = nil // it reads through gorm, which is configured so that no statement has the time
	}
	underSettings(t, h)
}

// oddConfig is every setting of gorm that its part of the documentation names, but for those that
// New refuses.
func oddConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true, PrepareStmt: true, TranslateError: true, AllowGlobalUpdate: true, QueryFields: true,
		FullSaveAssociations: true, PropagateUnscoped: true, CreateBatchSize: 1, DisableNestedTransaction: true,
		DefaultContextTimeout: 1, DefaultTransactionTimeout: 1, DisableAutomaticPing: true,
		NowFunc:        func() time.Time { return time.Unix(0, 0) },
		NamingStrategy: schema.NamingStrategy{TablePrefix: "my_", SingularTable: true, NoLowerCase: true},
		Logger:         logger.Discard,
	}
}

const gormDoc = "../store/gorm/doc.go"

func TestGormSettings(t *testing.T) {
	tried := map[string]string{
		"Logger":                    "TestGorm: statements are logged without values or alarms",
		"Plugins":                   "TestGormReadsFromThePrimary, TestGorm: a plugin's panic leaves no transaction open",
		"SkipDefaultTransaction":    "oddConfig, and so on",
		"PrepareStmt":               "oddConfig",
		"TranslateError":            "oddConfig",
		"AllowGlobalUpdate":         "oddConfig",
		"QueryFields":               "oddConfig",
		"FullSaveAssociations":      "oddConfig",
		"PropagateUnscoped":         "oddConfig",
		"CreateBatchSize":           "oddConfig",
		"DisableNestedTransaction":  "oddConfig",
		"DefaultContextTimeout":     "oddConfig",
		"DefaultTransactionTimeout": "oddConfig",
		"NowFunc":                   "oddConfig",
		"NamingStrategy":            "oddConfig",
	}
	// TestGormNewRefusesDatabases has these.
	refused := map[string]string{"DryRun": refusedByNew, "a transaction": refusedByNew}
	sameSettings(t, settingsTable(t, gormDoc, "Settings of gorm"), tried, refused)
}

func TestGormPostgreSQLSettings(t *testing.T) {
	d := gormPostgreSQL(t, server.PostgreSQL(t, "-c", "fsync=off", "-c", "full_page_writes=off"))
	tried := map[string]string{"fsync": "off", "full_page_writes": "off"}
	both := settingsRun{
		"TimeZone=Asia/Kolkata", "DateStyle=German", "IntervalStyle=sql_standard", "extra_float_digits=-15",
		"backslash_quote=on", "escape_string_warning=off", "transform_null_equals=on", "client_min_messages=error",
		"default_transaction_deferrable=on", "lock_timeout=5s", "statement_timeout=1min", "idle_in_transaction_session_timeout=1min",
		"synchronous_commit=off", "row_security=off", "session_replication_role=replica",
	}
	for name, run := range map[string]settingsRun{
		"the extended protocol": append(settingsRun{
			"default_query_exec_mode=cache_describe", "client_encoding=LATIN1", "standard_conforming_strings=off",
			"plan_cache_mode=force_generic_plan", "default_transaction_isolation=serializable",
		}, both...),
		"the simple protocol": append(settingsRun{
			"default_query_exec_mode=simple_protocol", "plan_cache_mode=force_custom_plan", "default_transaction_isolation=repeatable read",
			"enable_indexscan=off", "enable_indexonlyscan=off", "enable_nestloop=off", "enable_hashjoin=off", "enable_mergejoin=off",
			"enable_material=off", "random_page_cost=1000", "join_collapse_limit=1",
		}, both...),
	} {
		run.add(tried)
		t.Run(name, func(t *testing.T) { d.under(t, run) })
	}
	refused := refusals{
		{"bytea_output", refusedByNew, settingsRun{"bytea_output=escape"}},
		{"default_transaction_read_only", refusedByNew, settingsRun{"default_transaction_read_only=on"}},
		{"standard_conforming_strings with the simple protocol", refusedByNew,
			settingsRun{"standard_conforming_strings=off", "default_query_exec_mode=simple_protocol"}},
		{"client_encoding with the simple protocol", refusedByNew,
			settingsRun{"client_encoding=LATIN1", "default_query_exec_mode=simple_protocol"}},
		{"search_path", refusedByMigrate, settingsRun{"search_path=nowhere"}},
	}.hold(t, d)
	sameSettings(t, settingsTable(t, gormDoc, "Settings of PostgreSQL"), tried, refused)
}

func TestGormMariaDBSettings(t *testing.T) {
	s := server.MariaDB(t, "--innodb-flush-log-at-trx-commit=0", "--lower-case-table-names=1")
	d := gormMariaDB(s)
	tried := map[string]string{"innodb_flush_log_at_trx_commit": "0", "lower_case_table_names": "1"}
	both := settingsRun{
		"time_zone='+05:30'", "sql_notes=0", "default_storage_engine=MyISAM", "innodb_lock_wait_timeout=2", "max_statement_time=60",
		"old_mode=NO_DUP_KEY_WARNINGS_WITH_IGNORE", "unique_checks=0", "foreign_key_checks=0", "in_predicate_conversion_threshold=2",
		"eq_range_index_dive_limit=1", "max_sort_length=64", "parseTime=true", "clientFoundRows=true", "multiStatements=true",
		"columnsWithAlias=true", "rejectReadOnly=true", "auto_increment_increment=7",
	}
	for name, run := range map[string]settingsRun{
		"no strict mode": append(settingsRun{
			"sql_mode=''", "tx_isolation='SERIALIZABLE'", "charset=latin1", "interpolateParams=false",
			"optimizer_switch='derived_merge=off,mrr=on,semijoin=off'",
		}, both...),
		"every other mode": append(settingsRun{
			"sql_mode='ORACLE,ANSI,TRADITIONAL,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE,NO_UNSIGNED_SUBTRACTION'",
			"tx_isolation='REPEATABLE-READ'", "charset=gbk", "interpolateParams=true",
		}, both...),
	} {
		run.add(tried)
		t.Run(name, func(t *testing.T) { d.under(t, run) })
	}
	refused := refusals{
		{"autocommit", refusedByNew, settingsRun{"autocommit=0"}},
		{"completion_type", refusedByNew, settingsRun{"completion_type=CHAIN"}},
		{"tx_isolation READ UNCOMMITTED", refusedByNew, settingsRun{"tx_isolation='READ-UNCOMMITTED'"}},
		{"tx_read_only", refusedByNew, settingsRun{"tx_read_only=1"}},
		{"sql_safe_updates", refusedByNew, settingsRun{"sql_safe_updates=1"}},
		{"sql_select_limit", refusedByNew, settingsRun{"sql_select_limit=5"}},
		{"sql_log_bin", refusedByNew, settingsRun{"sql_log_bin=0"}},
		{"binlog_format", refusedByNew, settingsRun{"binlog_format=STATEMENT"}},
		{"EMPTY_STRING_IS_NULL in sql_mode", refusedByNew, settingsRun{"sql_mode=EMPTY_STRING_IS_NULL"}},
		{"character_set_client", refusedByNew, settingsRun{"character_set_client=gbk"}},
		{"character_set_connection", refusedByNew, settingsRun{"character_set_connection=latin1"}},
		{"collation_connection", refusedByNew, settingsRun{"collation_connection=utf8mb3_unicode_ci"}},
		{"character_set_results", refusedByNew, settingsRun{"character_set_results=ucs2"}},
		{"enforce_storage_engine", refusedByMigrate, settingsRun{"enforce_storage_engine=MyISAM", "sql_mode=''"}},
	}.hold(t, d)
	t.Run("refuses read_only", func(t *testing.T) {
		admin, err := gorm.Open(d.dialector(d.create(t)), &gorm.Config{Logger: logger.Discard})
		must(t, err)
		defer connections(t, admin).Close()
		must(t, admin.Exec("SET GLOBAL read_only = 1").Error)
		defer admin.Exec("SET GLOBAL read_only = 0")
		refusal{"read_only", refusedByNew, nil}.hold(t, d)
	})
	refused["read_only"] = refusedByNew
	sameSettings(t, settingsTable(t, gormDoc, "Settings of MySQL and MariaDB"), tried, refused, "sync_binlog", "wsrep_sync_wait")
}

// refusal is a setting that the store refuses, and what to open a database with for that.
type refusal struct {
	name, by string
	with     settingsRun
}

type refusals []refusal

// hold shows that the settings are refused, and returns by what.
func (all refusals) hold(t *testing.T, d gormDialect) map[string]string {
	t.Helper()
	by := map[string]string{}
	for _, r := range all {
		by[r.name] = r.by
		t.Run("refuses "+r.name, func(t *testing.T) { r.hold(t, d) })
	}
	return by
}

func (r refusal) hold(t *testing.T, d gormDialect) {
	t.Helper()
	dsn := d.create(t)
	if r.name == "search_path" {
		dsn, _, _ = strings.Cut(dsn, "&search_path=") // a schema that there is
	}
	db, err := gorm.Open(d.dialector(r.with.dsn(dsn)), &gorm.Config{Logger: logger.Discard})
	must(t, err)
	t.Cleanup(func() { _ = connections(t, db).Close() })
	s, err := gormstore.New(db, gormstore.Options{})
	prefix := "gormstore: new: "
	if r.by == refusedByMigrate {
		must(t, err)
		err, prefix = s.Migrate(t.Context()), "gormstore: migrate: "
	}
	if err == nil || !strings.HasPrefix(err.Error(), prefix) {
		t.Fatalf("%v, want an error that begins with %q", err, prefix)
	}
	t.Log(err)
}

func TestGormSQLiteSettings(t *testing.T) {
	tried := map[string]string{}
	pragmas := settingsRun{
		"_pragma=encoding('UTF-16')", "_pragma=page_size(512)", "_pragma=auto_vacuum(1)", "_pragma=journal_mode(MEMORY)",
		"_pragma=synchronous(OFF)", "_pragma=busy_timeout(0)", "_pragma=foreign_keys(1)", "_pragma=defer_foreign_keys(1)",
		"_pragma=recursive_triggers(1)", "_pragma=case_sensitive_like(1)", "_pragma=cell_size_check(1)",
		"_pragma=reverse_unordered_selects(1)", "_pragma=ignore_check_constraints(1)", "_pragma=count_changes(1)",
		"_pragma=full_column_names(1)", "_pragma=short_column_names(0)", "_pragma=writable_schema(1)", "_pragma=automatic_index(0)",
		"_pragma=trusted_schema(0)", "_pragma=legacy_alter_table(1)", "_pragma=temp_store(2)", "_pragma=mmap_size(1048576)",
		"_pragma=cache_size(10)", "_pragma=secure_delete(1)",
	}
	pragmas.add(tried)
	pureSQLite := gormSQLite("")
	pureSQLite.dialector = pure.Open
	t.Run("pragmas", func(t *testing.T) { pureSQLite.under(t, pragmas) })
	parameters := settingsRun{"cache=shared", "_txlock=exclusive", "_journal_mode=TRUNCATE", "_synchronous=OFF", "_mutex=no", "_loc=Asia/Kolkata"}
	parameters.add(tried)
	t.Run("parameters", func(t *testing.T) { gormSQLite("").under(t, parameters) })

	refused := refusals{
		{"query_only", refusedByNew, settingsRun{"_query_only=1"}},
		{"journal_mode OFF", refusedByNew, settingsRun{"_journal_mode=OFF"}},
		{"locking_mode", refusedByNew, settingsRun{"_locking_mode=EXCLUSIVE"}},
		{"immutable", refusedByMigrate, settingsRun{"immutable=1"}},
		{"mode=ro", refusedByMigrate, settingsRun{"mode=ro"}},
	}.hold(t, gormDialect{dialector: sqlite.Open, create: func(t *testing.T) string {
		d := gormSQLite("")
		dsn := d.create(t)
		db, _, err := d.open(dsn) // or it could not be read
		must(t, err)
		must(t, connections(t, db).Close())
		return dsn
	}})
	refused["read_uncommitted"] = refusedByNew
	t.Run("refuses read_uncommitted", func(t *testing.T) {
		refusal{"read_uncommitted", refusedByNew, settingsRun{"_pragma=read_uncommitted(1)"}}.hold(t, pureSQLite)
	})
	refused["memory"] = refusedByMigrate
	t.Run("refuses memory", func(t *testing.T) {
		inMemory := gormDialect{dialector: sqlite.Open, create: func(*testing.T) string { return ":memory:" }}
		refusal{"memory", refusedByMigrate, nil}.hold(t, inMemory)
		// One database for all, or one connection, is fine.
		inMemory.create = func(t *testing.T) string { return "file:" + url.PathEscape(t.Name()) + "?mode=memory&cache=shared" }
		_, s := inMemory.opened(t, &gorm.Config{})
		useAll(t, 4, s)
		db, err := gorm.Open(sqlite.Open(":memory:"), &gorm.Config{Logger: logger.Discard})
		must(t, err)
		connections(t, db).SetMaxOpenConns(1)
		defer connections(t, db).Close()
		s, err = gormstore.New(db, gormstore.Options{})
		must(t, err)
		must(t, s.Migrate(t.Context()))
		useAll(t, 4, s)
	})
	sameSettings(t, settingsTable(t, gormDoc, "Settings of SQLite"), tried, refused)
}

// TestGormValuesAreNeverInStatements has a character set in which the bytes of a text can hide the
// backslash that the driver puts in front of a quote, where it is told to put values into statements.
func TestGormValuesAreNeverInStatements(t *testing.T) {
	d := gormMariaDB(server.MariaDB(t))
	_, s := d.reopened(t, settingsRun{"charset=gbk", "interpolateParams=true"}.dsn(d.create(t)), &gorm.Config{})
	login := loginOf("\u4f60' OR 1=1 -- ", noon)
	login.Device, login.Data = "\u4f60', 0, 0) -- ", []byte{0, 0xff, '\'', '\\', 0x81, '\''}
	created(t, s, login, 1)
	got, err := s.Exchange(t.Context(), exchangeOf(login))
	if err != nil || got.UserID != login.UserID || got.Device != login.Device || string(got.Data) != string(login.Data) {
		t.Errorf("Exchange: %+v, %v", got, err)
	}
	if ended := revoked(t, s, core.Revocation{UserID: login.UserID, At: noon}); len(ended) != 1 {
		t.Errorf("Revoke: %v, want one record", ended)
	}
}

// TestGormConnectionsThatStopCommitting has an application that changes a connection and gives it back.
func TestGormConnectionsThatStopCommitting(t *testing.T) {
	d := gormMariaDB(server.MariaDB(t))
	for odd, usual := range map[string]string{"autocommit=0": "autocommit=1", "completion_type=CHAIN": "completion_type=NO_CHAIN"} {
		db, s := d.opened(t, &gorm.Config{})
		connections(t, db).SetMaxOpenConns(1)
		login := loginOf("ann", noon)
		created(t, s, login, 1)
		must(t, db.Exec("SET "+odd).Error)
		name, _, _ := strings.Cut(odd, "=")
		if got, err := s.Exchange(t.Context(), exchangeOf(login)); err == nil || !strings.Contains(err.Error(), "the setting "+name) {
			t.Errorf("%s: Exchange: %+v, %v; want an error that names the setting", odd, got, err)
		}
		if ended, err := s.Revoke(t.Context(), core.Revocation{ID: login.ID, At: noon}); err == nil {
			t.Errorf("%s: Revoke: %v; want an error", odd, ended)
		}
		must(t, db.Exec("SET "+usual).Error)
		if got, err := s.Get(t.Context(), login.ID); err != nil || got.Generation != 0 || !got.RevokedAt.IsZero() {
			t.Errorf("%s: Get: %+v, %v; want the login", odd, got, err)
		}
	}
}

// callsInTransactions calls the store inside a transaction of the application: on a connection of its own
// such a call is not part of the transaction, and where there is no other connection it
// ends with its context.
func callsInTransactions(t *testing.T, d gormDialect) {
	db, s := d.opened(t, &gorm.Config{})
	before, inside := loginOf("ann", noon), loginOf("ann", noon)
	created(t, s, before, 0)
	must(t, db.Exec("CREATE TABLE other (n INTEGER)").Error)
	tx := db.Begin()
	must(t, tx.Exec("INSERT INTO other VALUES (1)").Error)
	if d.server != nil {
		created(t, s, inside, 0)
	} else {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := s.Create(ctx, inside, 0); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "locked") {
			t.Errorf("Create: %v, want the context's error and the lock", err)
		}
	}
	if _, err := s.Get(t.Context(), before.ID); err != nil {
		t.Errorf("Get: %v", err)
	}
	must(t, tx.Rollback().Error)
	if _, err := s.Get(t.Context(), inside.ID); d.server != nil && err != nil {
		t.Errorf("Get after the rollback: %v, want the login", err)
	}

	connections(t, db).SetMaxOpenConns(1)
	tx = db.Begin()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, before.ID); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get with the one connection in use: %v, want the context's error", err)
	}
	must(t, tx.Rollback().Error)
	if _, err := s.Get(t.Context(), before.ID); err != nil {
		t.Errorf("Get: %v", err)
	}
}
