package redisstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
)

// run runs the script on that key and returns what it answered, or the error of
// the context once its deadline has passed.
func (s *Store) run(ctx context.Context, sc *script, key string, args ...any) reply {
	if err := ctx.Err(); err != nil {
		return reply{script: sc, err: err}
	}
	if _, ok := ctx.Deadline(); !ok || s.minds {
		return s.ask(ctx, sc, key, args)
	}
	// The client won't mind the deadline once the command is on its way. The
	// goroutine ends with the client's own timeouts.
	answer := make(chan reply, 1)
	go func() { answer <- s.ask(ctx, sc, key, args) }()
	select {
	case r := <-answer:
		return r
	case <-ctx.Done():
		return reply{script: sc, err: ctx.Err()}
	}
}

// ask runs the script by its hash, and by its source where the server does not
// know it: a new one, or one whose scripts were flushed.
func (s *Store) ask(ctx context.Context, sc *script, key string, args []any) reply {
	cmd, err := s.send(ctx, sc, "evalsha", sc.hash, key, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd, err = s.send(ctx, sc, "eval", sc.source, key, args)
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		err = s.because(ctx, err)
	}
	return reply{script: sc, cmd: cmd, err: err}
}

// send sends a command to the server that has the key and waits for the answer.
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
// server may have run it and only the answer been lost: an exchange that is
// repeated then meets its own effect and takes it for another's. Redirections of a
// Cluster are followed all the same, because after those nothing has been run.
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
		<-ctx.Done() // a connection may notice the deadline a moment earlier
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}
