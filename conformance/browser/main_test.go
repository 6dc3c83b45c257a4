package browser_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared is the Chromium of all tests but those that start their own; each test has
// profiles of its own in it. It starts with the first test that needs it.
var shared struct {
	sync.Mutex
	*chromium
	folder string
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.chromium != nil {
		shared.stop()
	}
	if shared.folder != "" {
		if err := os.RemoveAll(shared.folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// makeFolder makes a folder for a profile. Its name is short, because it is part of the
// names of sockets: t.TempDir would give a longer one than they can have.
func makeFolder() (string, error) { return os.MkdirTemp("", "tokenauth-chromium-") }

// sharedChromium returns the Chromium of all tests. Where it doesn't start every test
// that needs it fails, with the reason.
func sharedChromium(t *testing.T) *chromium {
	t.Helper()
	program := find(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.folder == "" && shared.err == nil {
		folder, err := makeFolder()
		if err == nil {
			shared.folder = folder
			shared.chromium, err = startChromium(program, folder, sendThirdParties)
		}
		shared.err = err
	}
	if shared.err != nil {
		t.Fatal(errors.Join(errors.New("chromium did not start"), shared.err))
	}
	return shared.chromium
}
