package boltstore_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"go.etcd.io/bbolt"
)

// The golden file lists every bucket of a file of format 1, a line for each key. It
// never changes: files like it exist.
const golden = "testdata/format1.txt"

// goldenRecords are the records in the golden file.
func goldenRecords() []core.Record {
	fresh := newRecord("ann", epoch, after(604_800_000))
	fresh.ID = core.UserShard("ann") + strings.Repeat("a", 31) + "b"
	exchanged := fullRecord()
	exchanged.ID = core.UserShard("ann") + strings.Repeat("z7", 16)
	exchanged.RevokedAt = exchanged.RevokedAt.AddDate(1, 2, 3)
	other := newRecord("ü\x00", after(-1), after(5))
	other.ID = core.UserShard(other.UserID) + strings.Repeat("2", 32)
	return []core.Record{fresh, exchanged, other}
}

// dump lists what the file holds as the golden file does.
func dump(t *testing.T, db *bbolt.DB) []byte {
	t.Helper()
	var text bytes.Buffer
	must(t, db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				_, err := fmt.Fprintf(&text, "%s %x %x\n", name, k, v)
				return err
			})
		})
	}))
	return text.Bytes()
}

func TestFileIsWrittenInItsFormat(t *testing.T) {
	s := open(t)
	for _, record := range goldenRecords() {
		create(t, s, record, 0)
	}
	got := dump(t, s.db)
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("the file holds\n%s\nwant\n%s", got, want)
	}
}

func TestFileOfTheFormatIsRead(t *testing.T) {
	db := openDB(t, filepath.Join(t.TempDir(), "tokens.db"), nil)
	text, err := os.ReadFile(golden)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			line := strings.Split(lines.Text(), " ")
			b, err := tx.CreateBucketIfNotExists([]byte(line[0]))
			must(t, err)
			key, err := hex.DecodeString(line[1])
			must(t, err)
			value, err := hex.DecodeString(line[2])
			must(t, err)
			must(t, b.Put(key, value))
		}
		return nil
	}))
	s, err := boltstore.New(db, boltstore.Options{})
	must(t, err)
	for _, record := range goldenRecords() {
		expect(t, s, record)
	}
	if n, err := s.DeleteExpired(t.Context(), after(604_800_000), 10); n != 2 || err != nil {
		t.Errorf("DeleteExpired: %d, %v, want 2", n, err)
	}
	if list, err := s.ListUser(t.Context(), "ann", epoch); err != nil || len(list) != 1 || !same(list[0], goldenRecords()[0]) {
		t.Errorf("ListUser: %v, %v", list, err)
	}
}
