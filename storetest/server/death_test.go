package server_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// With this variable set the test below is the process that starts servers and hangs.
const hangs = "SERVER_TEST_HANGS"

func TestServersDieWithTheTest(t *testing.T) {
	if os.Getenv(hangs) != "" {
		eachKind(t, func(_ *testing.T, s database, put func(string), _ func() string) {
			put("value")
			fmt.Println("dir", s.Dir())
			select {}
		})
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with the one that started it")
	}
	needProc(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			kind.start(t) // or be skipped
			cmd := exec.Command(os.Args[0], "-test.run", "TestServersDieWithTheTest/"+kind.name)
			cmd.Env = append(os.Environ(), hangs+"=1")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var dir string
			for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); {
				_, dir, _ = strings.Cut(lines.Text(), "dir ")
			}
			if dir == "" || len(processesIn(dir)) == 0 {
				t.Fatalf("the test did not start its server in %q", dir)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			cmd.Process.Kill()
			cmd.Wait()
			for deadline := time.Now().Add(time.Minute); len(processesIn(dir)) > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("processes %v run a minute after the test has died", processesIn(dir))
				}
			}
		})
	}
}
