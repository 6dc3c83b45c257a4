package redisstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

// settling is how long a call goes on waiting for its answer after its context
// has ended: usually the answer is on its way, and then the outcome is known.
const settling = 100 * time.Millisecond

// run runs the script on that key and returns when it has answered, or soon
// after the context has ended. go-redis stops waiting for a server by the timeouts
// of the client only, so the wait for that goes on in a goroutine until then.
func (s *Store) run(ctx context.Context, sc *script, key string, args ...any) reply {
	if err := ctx.Err(); err != nil {
		return reply{script: sc, err: err}
	}
	if ctx.Done() == nil {
		return s.ask(ctx, sc, key, args)
	}
	answer := make(chan reply, 1)
	go func() { answer <- s.ask(ctx, sc, key, args) }()
	select {
	case r := <-answer:
		return r
	case <-ctx.Done():
	}
	timer := time.NewTimer(settling)
	defer timer.Stop()
	select {
	case r := <-answer:
		return r
	case <-timer.C:
		return reply{script: sc, err: ctx.Err()}
	}
}

// ask runs the script by its hash, and by its source where the server does not
// know it yet.
func (s *Store) ask(ctx context.Context, sc *script, key string, args []any) reply {
	cmd, err := s.send(ctx, sc, key, command(ctx, "evalsha", sc.hash, key, args))
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd, err = s.send(ctx, sc, key, command(ctx, "eval", sc.source, key, args))
	}
	if err == nil || errors.Is(err, redis.Nil) {
		return reply{script: sc, cmd: cmd}
	}
	return reply{script: sc, err: because(ctx, err)}
}

// because returns the error with the context's in it, if that has ended.
func because(ctx context.Context, err error) error {
	if deadline, ok := ctx.Deadline(); ok && errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(deadline) {
		<-ctx.Done() // with ContextTimeoutEnabled the connection may notice a moment before
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

func command(ctx context.Context, name, script, key string, args []any) *redis.Cmd {
	cmd := redis.NewCmd(ctx, append([]any{name, script, 1, key}, args...)...)
	cmd.SetFirstKeyPos(3)
	return cmd
}

// send sends the command to the server of the key and waits for the answer.
func (s *Store) send(ctx context.Context, sc *script, key string, cmd *redis.Cmd) (*redis.Cmd, error) {
	switch {
	case sc.reads:
		_ = s.client.Process(ctx, cmd)
	case s.wait > 0:
		return cmd, s.sendAndWait(ctx, key, cmd)
	default:
		_ = s.client.Process(ctx, once{cmd})
	}
	return cmd, cmd.Err()
}

// once is a command that go-redis does not repeat by itself after an error. The
// server may have run it and only the answer been lost: an exchange that is
// repeated then meets its own effect and takes it for another's. Redirections of a
// Cluster are followed all the same; after them nothing has been run.
type once struct{ *redis.Cmd }

// NoRetry implements redis.Cmder.
func (once) NoRetry() bool { return true }
