package child

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/tokenauth/tokenauth/core"
)

// errGone is the error of every call that a child can't answer any more.
var errGone = errors.New("storetest/child: the process is gone")

// Store is a [core.RefreshStore] whose calls a child process answers. If the context of
// a call ends, so does that of the call in the child, and the call returns what the
// store there returns. Once the process is gone, all calls fail, and the outcome of
// those in flight is unknown. It is safe for concurrent use.
type Store struct {
	cmd    *exec.Cmd
	exited chan struct{}

	out *os.File

	mu      sync.Mutex
	in      io.Closer
	encoder *gob.Encoder
	last    uint64
	waiting map[uint64]chan<- response // nil when the process is gone
}

var _ core.RefreshStore = (*Store)(nil)

// Start starts a child that opens the store of that kind (see [Main]) with that
// argument, and waits until it is open. The child is killed when the test ends, if
// it has not been before. A child that can't open its store fails the test.
func Start(t testing.TB, kind, arg string) *Store {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var messages bytes.Buffer
	s := &Store{cmd: exec.Command(program), exited: make(chan struct{}), waiting: map[uint64]chan<- response{}}
	s.cmd.Env = append(os.Environ(), kindVariable+"="+kind, argVariable+"="+arg)
	s.cmd.Stdout, s.cmd.Stderr = &messages, &messages
	in, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.ExtraFiles = []*os.File{theirs}
	err = s.cmd.Start()
	_ = theirs.Close() // the child has it
	if err != nil {
		_ = out.Close()
		t.Fatal(err)
	}
	s.out = out
	s.in, s.encoder = in, gob.NewEncoder(in)
	responses := gob.NewDecoder(out)
	opened := responses.Decode(&response{})
	go s.read(responses)
	t.Cleanup(s.Kill)
	if opened != nil {
		s.Kill()
		t.Fatalf("storetest/child: %s did not open: %v\n%s", kind, opened, messages.String())
	}
	return s
}

// Kill kills the process with SIGKILL, whatever it is doing, and returns when it is
// gone. It may be called again.
func (s *Store) Kill() {
	_ = s.cmd.Process.Kill() // it may be gone already
	<-s.exited
}

// read hands out the responses until the process is gone.
func (s *Store) read(responses *gob.Decoder) {
	defer close(s.exited)
	for {
		var a response
		if responses.Decode(&a) != nil {
			break
		}
		s.mu.Lock()
		answer := s.waiting[a.Number]
		delete(s.waiting, a.Number)
		s.mu.Unlock()
		if answer != nil {
			answer <- a
		}
	}
	_ = s.cmd.Process.Kill() // it may have closed its output and no more
	_ = s.cmd.Wait()         // that it was killed is no news
	_ = s.out.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.in.Close()
	for _, answer := range s.waiting {
		close(answer)
	}
	s.waiting = nil
}

// call has the child make a call and returns what it answers.
func (s *Store) call(ctx context.Context, r request) (response, error) {
	if err := ctx.Err(); err != nil {
		return response{}, err
	}
	answer := make(chan response, 1)
	r.Deadline, _ = ctx.Deadline()
	number, err := s.send(r, answer)
	if err != nil {
		return response{}, err
	}
	select {
	case a, ok := <-answer:
		return a.from(ok)
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.Canceled) { // the child knows of a deadline by itself
		s.cancel(number)
	}
	a, ok := <-answer
	return a.from(ok)
}

// from returns the response, unless there is none because the process is gone.
func (a response) from(ok bool) (response, error) {
	if !ok {
		return response{}, errGone
	}
	return a, a.Err.err()
}

func (s *Store) send(r request, answer chan<- response) (number uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		return 0, errGone
	}
	s.last++
	r.Number = s.last
	s.waiting[r.Number] = answer
	if err := s.encoder.Encode(r); err != nil {
		delete(s.waiting, r.Number)
		return 0, fmt.Errorf("%w: %w", errGone, err)
	}
	return r.Number, nil
}

// cancel has the child cancel a call. If the process is gone, so is the call.
func (s *Store) cancel(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		_ = s.encoder.Encode(request{Number: number, Method: methodCancel})
	}
}

// Create implements [core.RefreshStore].
func (s *Store) Create(ctx context.Context, r core.Record, limit int) ([]core.Record, error) {
	a, err := s.call(ctx, request{Method: methodCreate, Record: r, Limit: limit})
	return a.Records, err
}

// Get implements [core.RefreshStore].
func (s *Store) Get(ctx context.Context, id string) (core.Record, error) {
	a, err := s.call(ctx, request{Method: methodGet, Text: id})
	return a.Record, err
}

// Exchange implements [core.RefreshStore].
func (s *Store) Exchange(ctx context.Context, x core.Exchange) (core.Record, error) {
	a, err := s.call(ctx, request{Method: methodExchange, Exchange: x})
	return a.Record, err
}

// Revoke implements [core.RefreshStore].
func (s *Store) Revoke(ctx context.Context, v core.Revocation) ([]core.Record, error) {
	a, err := s.call(ctx, request{Method: methodRevoke, Revocation: v})
	return a.Records, err
}

// ListUser implements [core.RefreshStore].
func (s *Store) ListUser(ctx context.Context, userID string, at time.Time) ([]core.Record, error) {
	a, err := s.call(ctx, request{Method: methodListUser, Text: userID, At: at})
	return a.Records, err
}

// DeleteExpired implements [core.RefreshStore].
func (s *Store) DeleteExpired(ctx context.Context, before time.Time, max int) (int, error) {
	a, err := s.call(ctx, request{Method: methodDeleteExpired, At: before, Limit: max})
	return a.Count, err
}
