package conformance_test

import (
	"errors"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	"github.com/tokenauth/tokenauth/storetest"
)

// What a store does about a setting, as the last column of the tables in the package
// documentation begins.
const (
	noEffect         = "no effect"          // the suite passes under it
	setByTheStore    = "set by the store"   // so the suite passes under it
	yourChoice       = "your choice"        // the suite passes under it, or nothing here can try it
	refusedByNew     = "refused by New"     // with an error
	refusedByMigrate = "refused by Migrate" // with an error
)

// settingsTable returns what the tables in the named parts of a package's documentation say
// the store does about each setting. A row has three columns, which two spaces or more separate:
// names, what the setting could do, and what the store does about it.
func settingsTable(t *testing.T, file string, parts ...string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	noError(t, err)
	table := map[string]string{}
	for _, part := range parts {
		_, rest, found := strings.Cut(string(text), "\n// # "+part+"\n")
		if !found {
			t.Fatalf("%s has no part %q", file, part)
		}
		rest, _, _ = strings.Cut(rest, "\n// # ")
		for line := range strings.Lines(rest) {
			row, isRow := strings.CutPrefix(strings.TrimSpace(line), "//\t")
			columns := regexp.MustCompile(` {2,}`).Split(row, -1)
			if !isRow || columns[0] == "setting" || columns[0] == "" { // a heading, or the rest of a row
				continue
			}
			if len(columns) != 3 {
				t.Fatalf("%s: the row %q has %d columns, want 3", file, row, len(columns))
			}
			for name := range strings.SplitSeq(columns[0], ", ") {
				if table[name] != "" {
					t.Errorf("%s: %s has two rows", file, name)
				}
				table[name], _, _ = strings.Cut(columns[2], ":")
			}
		}
	}
	return table
}

// sameSettings fails the test if the documentation says otherwise than the test shows. tried
// are the settings under which the suite passes, untried those that only stand there.
func sameSettings(t *testing.T, documented map[string]string, tried, refused map[string]string, untried ...string) {
	t.Helper()
	for name, does := range documented {
		shown := tried[name] != ""
		switch does {
		case refusedByNew, refusedByMigrate, callsFail, changesFail:
			shown = refused[name] == does
		case yourChoice:
			shown = shown != slices.Contains(untried, name)
		case noEffect, setByTheStore:
		default:
			t.Errorf("%s: %q is not what a store does about a setting", name, does)
		}
		if !shown {
			t.Errorf("%s is documented (%s) and no test shows it", name, does)
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(tried)), slices.Collect(maps.Keys(refused)), untried) {
		if documented[name] == "" {
			t.Errorf("%s is tested and not documented", name)
		}
	}
}

// underSettings shows that a store works under settings: each method once or, as make settings
// has it, by the suite without the rules that kill processes and break networks, which do not
// depend on settings.
func underSettings(t *testing.T, h storetest.Harness) {
	t.Helper()
	if !*settings {
		everyMethodWorks(t, h.Open(t))
		return
	}
	h.Crash, h.Peer, h.Break = nil, nil, nil
	if h.Disconnect != nil { // that it is there allows calls that were stopped to take effect late
		h.Disconnect = func(t *testing.T) (core.RefreshStore, func(storetest.Fault)) {
			t.Skip("networks fail under any settings alike")
			return nil, nil
		}
	}
	storetest.Run(t, h)
}

// everyMethodWorks goes through the life of two sessions, of a user and of data that settings
// could change.
func everyMethodWorks(t *testing.T, s core.RefreshStore) {
	t.Helper()
	ctx := t.Context()
	user := "O'Neill \\ \"é\" \x00 \u202e 🙂"
	old, kept := session(user, epoch, day), session(user, epoch.Add(time.Millisecond), 2*day)
	kept.Device, kept.Data = "a \\ 'b' \"é\" 🙂", []byte("\x00\xff\\'\"\r\n")
	noError(t, create(ctx, s, old, 0))
	evicted, err := s.Create(ctx, kept, 1)
	noError(t, err)
	if len(evicted) != 1 || evicted[0].ID != old.ID {
		t.Errorf("Create evicted %v, want the older record", evicted)
	}
	if err := create(ctx, s, kept, 1); !errors.Is(err, core.ErrExists) {
		t.Errorf("Create again: %v, want ErrExists", err)
	}
	x := refresh(kept, epoch.Add(time.Hour))
	want, _ := kept.Exchanged(x)
	for range 2 {
		got, err := s.Exchange(ctx, x)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Exchange = %v, want %v", got, want)
		}
		if err != nil && !errors.Is(err, core.ErrConflict) {
			t.Errorf("Exchange: %v", err)
		}
	}
	if listed, err := s.ListUser(ctx, user, x.At); err != nil || len(listed) != 1 || !reflect.DeepEqual(listed[0], want) {
		t.Errorf("ListUser = %v, %v, want %v", listed, err, want)
	}
	if got, err := s.Get(ctx, kept.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Get = %v, %v, want %v", got, err, want)
	}
	n := 0
	for r, err := range s.(core.RecordIterator).Records(ctx) {
		noError(t, err)
		if r.UserID == user {
			n++
		}
	}
	if n != 2 {
		t.Errorf("Records yields %d records of the user, want 2", n)
	}
	revoked, err := s.Revoke(ctx, core.Revocation{UserID: user, At: x.At})
	noError(t, err)
	if len(revoked) != 1 || revoked[0].ID != kept.ID || !revoked[0].RevokedAt.Equal(x.At) {
		t.Errorf("Revoke = %v, want the newer record", revoked)
	}
	if n, err := s.DeleteExpired(ctx, epoch.Add(36*time.Hour), 10); err != nil || n > 1 {
		t.Errorf("DeleteExpired = %d, %v, want the older record or none", n, err)
	}
	if _, err := s.Get(ctx, kept.ID); err != nil {
		t.Errorf("Get of the newer record: %v", err)
	}
}
