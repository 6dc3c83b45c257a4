package child

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/tokenauth/tokenauth/core"
)

// The variables by which Start tells a process that it is a child, and of what.
const (
	kindVariable = "STORETEST_CHILD"
	argVariable  = "STORETEST_CHILD_ARG"
)

// answers is the file descriptor of a child's answers: the first of exec.Cmd's
// ExtraFiles. What a store prints does not get between them.
const answers = 3

// Opener opens the store that the argument of Start names: a path, an address. The
// store is never closed, because the process is killed.
type Opener func(arg string) (core.RefreshStore, error)

// Main makes the process a child if Start has started it, and then does not return:
// it answers calls until the test ends or kills it. In any other process it does
// nothing. TestMain calls it first, with a function for each kind that Start names.
func Main(kinds map[string]Opener) {
	kind, ok := os.LookupEnv(kindVariable)
	if !ok {
		return
	}
	open := kinds[kind]
	if open == nil {
		exit(fmt.Errorf("no kind of store is called %q", kind))
	}
	s, err := open(os.Getenv(argVariable))
	if err != nil {
		exit(fmt.Errorf("open %s: %w", kind, err))
	}
	exit(serve(s, os.Stdin, os.NewFile(answers, "answers")))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "storetest/child:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve answers the calls that it reads, each by a goroutine of its own, until there
// are no more: then nobody is left who would read the responses to those in flight.
func serve(s core.RefreshStore, in io.Reader, out io.Writer) error {
	requests, responses := gob.NewDecoder(in), gob.NewEncoder(out)
	if err := responses.Encode(response{}); err != nil { // it is open
		return err
	}
	var mu sync.Mutex // of the encoder and of the calls in flight
	calls := map[uint64]context.CancelFunc{}
	for {
		var r request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a call: %w", err)
		}
		if r.Method == methodCancel {
			mu.Lock()
			if cancel := calls[r.Number]; cancel != nil {
				cancel()
			}
			mu.Unlock()
			continue
		}
		ctx, cancel := r.context()
		mu.Lock()
		calls[r.Number] = cancel
		mu.Unlock()
		go func() {
			defer cancel()
			a := r.on(ctx, s)
			mu.Lock()
			defer mu.Unlock()
			delete(calls, r.Number)
			// The parent may be gone, which the reading end tells.
			_ = responses.Encode(a)
		}()
	}
}
