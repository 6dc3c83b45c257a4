package redisstore

import (
	"context"
	_ "embed" // for the scripts
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lua/unrevoked.lua
	unrevokedSource string
	//go:embed lua/revoked.lua
	revokedSource string
	//go:embed lua/create.lua
	createSource string
	//go:embed lua/get.lua
	getSource string
	//go:embed lua/exchange.lua
	exchangeSource string
	//go:embed lua/revoke.lua
	revokeSource string
	//go:embed lua/list_user.lua
	listUserSource string
)

// script is a Lua script with one key.
type script struct {
	name   string // what it does, for errors
	source string
	hash   string
	reads  bool // and changes nothing
}

var (
	createScript   = newScript("create", unrevokedSource+revokedSource+createSource, false)
	getScript      = newScript("get", getSource, true)
	exchangeScript = newScript("exchange", exchangeSource, false)
	revokeScript   = newScript("revoke", unrevokedSource+revokedSource+revokeSource, false)
	listUserScript = newScript("list user", unrevokedSource+listUserSource, true)
)

func newScript(name, source string, reads bool) *script {
	return &script{name: name, source: source, hash: redis.NewScript(source).Hash(), reads: reads}
}

// run runs the script on that key and returns its reply: a string, an int64, a
// []any, or nil. The error says what failed.
func (s *Store) run(ctx context.Context, sc *script, key string, args ...any) (any, error) {
	var reply any
	err := s.within(ctx, func() (err error) {
		reply, err = s.ask(ctx, sc, key, args)
		return err
	})
	if err != nil {
		return nil, failed(sc.name, err)
	}
	return reply, nil
}

// failed wraps the reason why the store could not answer.
func failed(what string, err error) error { return fmt.Errorf("redisstore: %s: %w", what, err) }

// within calls f and returns its error, or that of the context once its deadline has
// passed. What f has written must not be read after an error.
func (s *Store) within(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, ok := ctx.Deadline(); !ok || s.contextTimeout {
		return f()
	}
	// The client ignores the deadline once it has sent a command. The goroutine ends
	// with the client's own timeouts.
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask runs the script by its hash, and by its source if the server does not know it:
// a new server, or one whose scripts were flushed.
func (s *Store) ask(ctx context.Context, sc *script, key string, args []any) (any, error) {
	cmd, err := s.send(ctx, sc, "evalsha", sc.hash, key, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd, err = s.send(ctx, sc, "eval", sc.source, key, args)
	}
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, s.because(ctx, err)
	}
	return cmd.Val(), nil
}

// send sends a command to the server that has the key and waits for the reply.
func (s *Store) send(ctx context.Context, sc *script, name, script, key string, args []any) (*redis.Cmd, error) {
	if s.wait > 0 && !sc.reads {
		return s.sendAndWait(ctx, name, script, key, args)
	}
	cmd := command(ctx, name, script, key, args)
	if sc.reads {
		_ = s.client.Process(ctx, cmd)
	} else {
		_ = s.client.Process(ctx, once{cmd})
	}
	return cmd, cmd.Err()
}

func command(ctx context.Context, name, script, key string, args []any) *redis.Cmd {
	all := append(make([]any, 0, 4+len(args)), name, script, 1, key)
	cmd := redis.NewCmd(ctx, append(all, args...)...)
	cmd.SetFirstKeyPos(3) // by which a Cluster's client finds the node
	return cmd
}

// once is a command that go-redis does not repeat by itself after an error. The
// server may have run it and only the reply was lost. A change that is repeated meets
// its own effect: the call would return a conflict, or leave out what it revoked.
// Redirections of a Cluster are followed all the same. After those nothing has been run.
type once struct{ *redis.Cmd }

// NoRetry implements redis.Cmder.
func (once) NoRetry() bool { return true }

// because returns the error, with that of the context in it if that has ended.
func (s *Store) because(ctx context.Context, err error) error {
	var answered redis.Error
	if cluster, ok := s.client.(*redis.ClusterClient); ok && !errors.As(err, &answered) {
		// A node that can't be reached may have been replaced. go-redis looks for
		// that when it repeats a command, which here it does not.
		cluster.ReloadState(ctx)
	}
	deadline, ok := ctx.Deadline()
	if ok && errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(deadline) {
		<-ctx.Done() // a connection may see the deadline a moment earlier
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}
