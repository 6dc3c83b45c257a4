package boltstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/tokenauth/tokenauth/core"
)

// smallDisk mounts a file system of one megabyte.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m")
	if errors.Is(err, fs.ErrPermission) {
		t.Skip("only root can mount a small file system to fill")
	}
	must(t, err)
	t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	return dir
}

// A store whose disk is full keeps and reads all that it has acknowledged, says what
// is wrong, and works again when there is room.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 600<<10), 0o600))
	s := openAs(t, filepath.Join(dir, "tokens.db"), nil)

	var mu sync.Mutex
	var acknowledged []core.Record
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 1000 {
				record := newRecord("ann", epoch, after(10))
				record.Data = make([]byte, core.MaxDataBytes)
				if _, err := s.Create(t.Context(), record, 0); err != nil {
					expectFailure(t, "Create", err, syscall.ENOSPC)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, record)
				mu.Unlock()
			}
			t.Error("the disk was never full")
		})
	}
	callers.Wait()
	list, err := s.ListUser(t.Context(), "ann", epoch)
	must(t, err)
	if len(list) != len(acknowledged) {
		t.Errorf("the store has %d records and acknowledged %d", len(list), len(acknowledged))
	}

	must(t, os.Remove(ballast))
	record := newRecord("bob", epoch, after(10))
	create(t, s, record, 0)
	must(t, s.db.Close())
	s = openAs(t, filepath.Join(dir, "tokens.db"), nil)
	for _, record := range append(acknowledged, record) {
		expect(t, s, record)
	}
	must(t, s.db.Close())
}

// A file that somebody cuts off while it is open is an error, and not the end of the
// process; so is each call after that.
func TestCutFile(t *testing.T) {
	s := open(t)
	record := newRecord("ann", epoch, after(10))
	create(t, s, record, 0)
	must(t, os.Truncate(s.db.Path(), int64(2*s.db.Info().PageSize)))
	for range 2 {
		for method, err := range everyCall(t, s, record) {
			expectFailure(t, method, err, nil)
		}
	}
}
