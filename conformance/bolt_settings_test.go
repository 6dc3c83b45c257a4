package conformance_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
	boltstore "github.com/tokenauth/tokenauth/store/bolt"
	"github.com/tokenauth/tokenauth/storetest"
	"go.etcd.io/bbolt"
)

func TestBoltSettings(t *testing.T) {
	options := bbolt.Options{
		Timeout: time.Minute, NoSync: true, NoGrowSync: true, NoFreelistSync: true, PreLoadFreelist: true,
		FreelistType: bbolt.FreelistMapType, InitialMmapSize: 1 << 20, PageSize: 1 << 10, MaxSize: 1 << 30, NoStatistics: true,
		OpenFile: os.OpenFile, Logger: quietBolt{},
	}
	tried := map[string]string{}
	for _, name := range []string{
		"Timeout", "NoSync", "NoGrowSync", "NoFreelistSync", "PreLoadFreelist", "FreelistType", "InitialMmapSize", "PageSize",
		"MaxSize", "NoStatistics", "OpenFile", "Logger", "StrictMode", "AllocSize", "MaxBatchSize", "MaxBatchDelay",
	} {
		tried[name] = "below"
	}
	// TestReadOnlyFileWithoutAStoreIsRefused has this.
	refused := map[string]string{"ReadOnly": refusedByNew}
	sameSettings(t, settingsTable(t, "../store/bolt/doc.go", "Settings"), tried, refused, "Mlock", "MmapFlags")

	open := func(t *testing.T, dir string) core.RefreshStore {
		path := filepath.Join(dir, "tokens.db")
		db, err := bbolt.Open(path, 0o600, &options)
		noError(t, err)
		t.Cleanup(func() { db.Close() })
		db.StrictMode, db.AllocSize, db.MaxBatchSize, db.MaxBatchDelay = true, 1<<12, 1, time.Hour
		store, err := boltstore.New(db, boltstore.Options{})
		noError(t, err)
		return &boltFile{store, db, path}
	}
	underSettings(t, storetest.Harness{
		Open: func(t *testing.T) core.RefreshStore { return open(t, t.TempDir()) },
		Reopen: func(t *testing.T, s core.RefreshStore) core.RefreshStore {
			noError(t, s.(*boltFile).db.Close())
			return open(t, filepath.Dir(s.(*boltFile).path))
		},
	})
}

// quietBolt is a logger of bbolt that says nothing.
type quietBolt struct{ bbolt.Logger }

func (quietBolt) Debug(...any)            {}
func (quietBolt) Debugf(string, ...any)   {}
func (quietBolt) Info(...any)             {}
func (quietBolt) Infof(string, ...any)    {}
func (quietBolt) Warning(...any)          {}
func (quietBolt) Warningf(string, ...any) {}
func (quietBolt) Error(...any)            {}
func (quietBolt) Errorf(string, ...any)   {}
