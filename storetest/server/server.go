package server

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = time.Minute      // for a server to answer; seconds on a busy machine
	stopLimit  = 30 * time.Second // for one to end in good order
	attempts   = 5                // to find a port that nobody takes meanwhile
)

// server is one program with a port and a folder, which outlive its process. Its
// methods tell the test of errors and go on, so that they can be called from any goroutine. It
// is safe for concurrent use.
type server struct {
	t       testing.TB
	name    string // in messages and of the folder
	dir     string
	account *account

	// command returns the program and its arguments for the port.
	command func(port int) ([]string, error)
	// ready returns nil once the process answers. It must not take another for it.
	ready func(port, pid int) error
	// stop asks the process to end in good order, quit to end at once: when the test is
	// over, or this process dies.
	stop, quit syscall.Signal

	mu      sync.Mutex
	port    int
	process *process // nil while it is down
}

// newServer makes the folder of a server. It and the server are gone when the test ends.
func newServer(t testing.TB, name string) *server {
	t.Helper()
	// Not t.TempDir: that one is the test's user's alone, and its name, which holds the
	// test's, may be too long for a socket.
	dir, err := os.MkdirTemp("", "tokenauth-"+name+"-")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, name: name, dir: dir, stop: syscall.SIGTERM, quit: syscall.SIGKILL}
	t.Cleanup(s.remove)
	return s
}

// begin starts the server for the first time, on a port that is free.
func (s *server) begin() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for range attempts {
		if s.port, err = freePort(); err != nil {
			break
		}
		if err = s.launch(); !errors.Is(err, errPortTaken) {
			break
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Addr returns the server's address, 127.0.0.1 and its port. It is the same for as long as
// the test lasts.
func (s *server) Addr() string { return address(s.port) }

// Dir returns the folder that holds the server's data and its log.
func (s *server) Dir() string { return s.dir }

// Kill ends the server at once with SIGKILL, as a crash does, with all its
// child processes. One that is down stays so.
func (s *server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		s.process.kill()
		s.process = nil
	}
}

// Stop ends the server in good order and waits until it has ended: 30 seconds at most, then
// it is killed and the test fails. One that is down stays so.
func (s *server) Stop() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	if !s.process.signal(s.stop, stopLimit) {
		s.process.kill()
		s.t.Errorf("%s did not stop within %v:\n%s", s.name, stopLimit, tail(s.log()))
	}
	s.process = nil
}

// Start starts the server again, on the same port and with the same data, and returns when
// it answers. If it doesn't within a minute the test fails. One that is up stays so.
func (s *server) Start() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return
	}
	deadline := time.Now().Add(startLimit)
	err := s.launch()
	for errors.Is(err, errPortTaken) && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
		err = s.launch()
	}
	if err != nil {
		s.t.Error(err)
	}
}

// up reports whether the server has been started and not ended by a method.
func (s *server) up() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process != nil
}

// remove ends the server and deletes its folder.
func (s *server) remove() {
	s.mu.Lock()
	if s.process != nil && s.quit != syscall.SIGKILL {
		s.process.signal(s.quit, stopLimit)
	}
	s.mu.Unlock()
	s.Kill()
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Error(err)
	}
}

var errPortTaken = errors.New("its port is taken")

// launch starts the process and waits until it answers. The caller holds mu.
func (s *server) launch() error {
	command, err := s.command(s.port)
	if err != nil {
		return err
	}
	log, err := os.Create(s.log())
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.cmd(command...)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := startProcess(cmd, s.quit)
	if err != nil {
		return fmt.Errorf("%s: start: %w", s.name, err)
	}
	if err := s.await(p); err != nil {
		p.kill()
		said := tail(s.log())
		if strings.Contains(strings.ToLower(said), "address already in use") {
			err = errPortTaken
		}
		return fmt.Errorf("%s on port %d: %w. It said:\n%s", s.name, s.port, err, said)
	}
	s.process = p
	return nil
}

// await waits until the process answers or has ended.
func (s *server) await(p *process) error {
	deadline := time.Now().Add(startLimit)
	for {
		err := s.ready(s.port, p.cmd.Process.Pid)
		if err == nil {
			return nil
		}
		if p.ended(10 * time.Millisecond) {
			return fmt.Errorf("it ended: %v", p.cmd.ProcessState)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it did not answer within %v: %w", startLimit, err)
		}
	}
}

// cmd returns a command that runs in the server's folder as the server's user, with nothing of the
// test's own environment that could change what it does.
func (s *server) cmd(command ...string) *exec.Cmd {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir, "LC_ALL=C"}
	s.account.run(cmd)
	return cmd
}

// run runs a command to its end.
func (s *server) run(command ...string) error {
	if out, err := s.cmd(command...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %s: %w\n%s", s.name, filepath.Base(command[0]), err, out)
	}
	return nil
}

func (s *server) log() string { return filepath.Join(s.dir, "log") }
